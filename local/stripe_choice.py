"""Which Stripe the stack talks to: the fake, or Stripe's test mode."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass

from local.console import LocalError
from local.place import Place

TEST_KEYS = ("sk_test_", "rk_test_")


@dataclass(frozen=True)
class StripeChoice:
    """Where Stripe is, and the two secrets of this start."""

    api_base: str
    api_key: str
    webhook_secret: str
    is_fake: bool
    pages: str
    """Where a person looks at what Stripe holds."""

    @classmethod
    def from_environment(cls, place: Place) -> StripeChoice:
        """Stripe's test mode where STRIPE_API_KEY is set, else the fake with random secrets.

        Raises:
            LocalError: the key is not one of the test mode, or its webhook secret is missing.
        """
        key = os.environ.get("STRIPE_API_KEY", "")
        if not key:
            return cls(
                api_base=place.fake_stripe_url,
                api_key=f"sk_test_{secrets.token_hex(16)}",
                webhook_secret=f"whsec_{secrets.token_hex(24)}",
                is_fake=True,
                pages=place.fake_stripe_url,
            )
        if not key.startswith(TEST_KEYS):
            message = "STRIPE_API_KEY is no test key (sk_test_…): the local stack takes no other."
            raise LocalError(message)
        webhook_secret = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
        if not webhook_secret:
            message = (
                "STRIPE_API_KEY is set: Stripe's test mode sends the webhooks and needs a way here."
                "\nRun `stripe listen --print-secret`, set STRIPE_WEBHOOK_SECRET to what it prints,"
                "\nand when the stack is up `stripe listen --forward-to` stack.json's webhook_url."
            )
            raise LocalError(message)
        return cls(
            api_base="https://api.stripe.com",
            api_key=key,
            webhook_secret=webhook_secret,
            is_fake=False,
            pages="https://dashboard.stripe.com/test",
        )
