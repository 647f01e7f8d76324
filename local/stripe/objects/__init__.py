"""Builders of Stripe's objects in the newest shape; every key is one that Stripe's has."""
