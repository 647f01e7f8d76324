"""What goes over the wire of `POST /api/v1/checkout/create`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from billing.adapters.stripe.orders import RESERVED_METADATA, CheckoutSession
from billing.domain.account import AccountKey
from billing.services.start_checkout import CheckoutOrder

METADATA_ENTRIES = 50 - len(RESERVED_METADATA)
"""Stripe takes fifty (https://docs.stripe.com/api/metadata), ours among them."""


def _without_reserved_names(metadata: Mapping[str, str]) -> Mapping[str, str]:
    reserved = sorted(RESERVED_METADATA.intersection(metadata))
    if reserved:
        raise ValueError(f"{', '.join(reserved)}: the service writes this itself")
    return metadata


_Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]
_Url = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
_Email = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s.]+$")
]
_MetadataName = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\[\]]+$")
]
_MetadataValue = Annotated[str, StringConstraints(max_length=500)]


class CheckoutRequest(BaseModel):
    """A checkout to be started. A field that is not listed is refused, so that typos surface."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    user_id: str
    price_id: _Text
    mode: Literal["subscription", "payment"]
    success_url: _Url
    cancel_url: _Url
    project_id: str | None = None
    quantity: Annotated[int, Field(ge=1, le=999_999)] = 1
    customer_email: _Email | None = None
    trial_days: Annotated[int, Field(ge=1, le=730)] | None = None
    allow_promotion_codes: bool = False
    metadata: Annotated[
        dict[_MetadataName, _MetadataValue],
        Field(max_length=METADATA_ENTRIES),
        AfterValidator(_without_reserved_names),
    ] = {}

    def to_order(self, project_id: str, idempotency_key: str | None) -> CheckoutOrder:
        """Return it as the service takes it.

        Raises:
            InvalidInput: the user id is not possible.
        """
        fields = self.model_dump(exclude={"user_id", "project_id"})
        key = AccountKey(project_id, self.user_id)
        return CheckoutOrder(key=key, idempotency_key=idempotency_key, **fields)


class CheckoutResponse(BaseModel):
    """A page to send the user to, good until `expires_at`."""

    checkout_url: str
    session_id: str
    expires_at: datetime

    @classmethod
    def of(cls, session: CheckoutSession) -> CheckoutResponse:
        """Say a session in the words of the wire."""
        return cls(checkout_url=session.url, session_id=session.id, expires_at=session.expires_at)
