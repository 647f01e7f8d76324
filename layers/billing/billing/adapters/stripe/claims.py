"""Whose object it is: what an object says of the account that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from billing.adapters.stripe.invoices import subscription_metadata
from billing.adapters.stripe.shapes import Shape, child, mapping, metadata, reference, text

PROJECT = "project_id"
USER = "user_id"

_EXPANDABLE = ("subscription", "payment_intent", "charge", "customer", "invoice")
_RELATED = (
    "subscription",
    "payment_intent",
    "charge",
    "latest_charge",
    "invoice",
    "latest_invoice",
    "setup_intent",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an object says of its account. A claim is to be checked, not to be trusted.

    Attributes:
        project_id, user_id: both, or neither.
        ids: the object's own id and those it names, the surest first, for the pointers.
    """

    project_id: str | None
    user_id: str | None
    customer_id: str | None
    ids: tuple[str, ...] = ()


def read_claim(obj: object) -> Claim:
    """Read whose object it is from its metadata, else from what it embeds, else from our mark.

    The mark is `client_reference_id`, `PROJECT:USER`. On a session that came from a payment link
    anybody can set it in the address bar, so there it counts for nothing.

    Raises:
        UnreadableShape: a field has not its documented type.
    """
    shape = mapping(obj, "object")
    project_id, user_id = next(_accounts(shape), (None, None))
    related = [*_related(shape), *_related(child(shape, "parent", "subscription_details"))]
    own = text(shape, "id")
    customer = own if text(shape, "object") == "customer" else None
    return Claim(
        project_id=project_id,
        user_id=user_id,
        customer_id=customer or reference(shape, "customer", "customer_account"),
        ids=tuple(dict.fromkeys([*([own] if own else []), *related])),
    )


def client_reference(project_id: str, user_id: str) -> str | None:
    """Write the mark for a session of ours; `None` where it is longer than Stripe takes (200)."""
    mark = f"{project_id}:{user_id}"
    return mark if len(mark) <= 200 else None


def _accounts(shape: Shape) -> Iterator[tuple[str, str]]:
    yield from _noted(metadata(shape))
    yield from _noted(subscription_metadata(shape))
    for name in _EXPANDABLE:
        yield from _noted(metadata(child(shape, name)))
    mark = text(shape, "client_reference_id")
    if mark and shape.get("payment_link") is None:
        project_id, _, user_id = mark.partition(":")
        if project_id and user_id:
            yield project_id, user_id


def _noted(data: dict[str, str]) -> Iterator[tuple[str, str]]:
    if PROJECT in data and USER in data:
        yield data[PROJECT], data[USER]


def _related(shape: Shape) -> Iterator[str]:
    for name in _RELATED:
        found = reference(shape, name)
        if found:
            yield found
