"""The API's routes, a module per family of resources."""
