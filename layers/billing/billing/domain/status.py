"""The closed lists of words that facts and answers are made of."""

from __future__ import annotations

from enum import StrEnum

FeatureValue = bool | int | str
"""`True` for a boolean feature; a whole number or `"unlimited"` for a limit; text for a setting."""

UNLIMITED = "unlimited"


class Source(StrEnum):
    """Where access comes from."""

    SUBSCRIPTION = "subscription"
    PURCHASE = "purchase"
    MANUAL = "manual"


class SubscriptionStatus(StrEnum):
    """Stripe's statuses, and `unknown` for one that this version does not know."""

    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"
    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    CANCELED = "canceled"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, _value: object) -> SubscriptionStatus:
        return cls.UNKNOWN

    @property
    def is_terminal(self) -> bool:
        """Whether nothing can follow: Stripe never brings such a subscription back."""
        return self in (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED)


class PaymentState(StrEnum):
    """Where the payment of a one-time purchase stands."""

    UNKNOWN = "unknown"
    UNPAID = "unpaid"
    FAILED = "failed"
    PAID = "paid"
    NO_PAYMENT_REQUIRED = "no_payment_required"

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is owed."""
        return self in (PaymentState.PAID, PaymentState.NO_PAYMENT_REQUIRED)


class GrantState(StrEnum):
    """Where a manual grant stands."""

    GRANTED = "granted"
    REVOKED = "revoked"


class TakenBack(StrEnum):
    """What can have become of the money that paid for a holding."""

    REFUNDED = "refunded"
    PARTLY_REFUNDED = "partly_refunded"
    DISPUTED = "disputed"
    DISPUTE_LOST = "dispute_lost"


COLLECTION_PAUSED = "collection_paused"
"""The state that is told of a subscription whose paused collection ends access."""
