"""The outside world: DynamoDB and Stripe."""
