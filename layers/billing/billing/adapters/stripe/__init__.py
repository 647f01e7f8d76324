"""Stripe: the only code that knows its API, its shapes and its signatures."""
