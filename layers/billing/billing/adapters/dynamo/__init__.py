"""DynamoDB: items, and their translation to and from the domain."""
