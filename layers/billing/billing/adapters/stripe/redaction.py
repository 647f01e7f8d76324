"""A Stripe event as operators may see it: without what says who somebody is, or opens a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

REDACTED = "[redacted]"

PERSONAL_WORDS = frozenset(
    {
        "address",
        "bank",
        "card",
        "cvc",
        "dob",
        "email",
        "fingerprint",
        "iban",
        "ip",
        "last4",
        "name",
        "names",
        "pdf",
        "phone",
        "secret",
        "shipping",
        "ssn",
        "url",
    }
)
"""Words of a field's name by which all that is below it is hidden. Amounts, ids, times stay."""

PERSONAL_FIELDS = frozenset({"custom_fields", "customer_tax_ids", "evidence", "tax_id", "tax_ids"})

_WORD = re.compile(r"[a-z0-9]+")


def redacted(value: Any, *, is_personal: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """Hide the texts and numbers of personal fields; what is there and what is not still shows."""
    if isinstance(value, Mapping):
        return {
            name: redacted(part, is_personal=is_personal or _is_personal(name))
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [redacted(part, is_personal=is_personal) for part in value]
    if is_personal and value is not None and not isinstance(value, bool):
        return REDACTED
    return value


def _is_personal(name: str) -> bool:
    lower = name.lower()
    return lower in PERSONAL_FIELDS or not PERSONAL_WORDS.isdisjoint(_WORD.findall(lower))
