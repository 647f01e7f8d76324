"""A stateful fake of Stripe for tests and for the local stack; see ``server`` and ``control``."""
