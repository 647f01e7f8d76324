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

NAMED_FOR_US = frozenset({"client_reference_id", "user_id"})
"""An app may use e-mail addresses as user ids; whose an event is has to be seen."""

_WORD = re.compile(r"[a-z0-9]+")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def redacted(value: Any, name: str = "", *, is_personal: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """Hide what personal fields hold, and e-mail addresses anywhere; that they are there shows."""
    is_personal = is_personal or _is_personal(name)
    if isinstance(value, Mapping):
        return {key: redacted(part, key, is_personal=is_personal) for key, part in value.items()}
    if isinstance(value, list):
        return [redacted(part, name, is_personal=is_personal) for part in value]
    if isinstance(value, str) and name not in NAMED_FOR_US and _EMAIL.search(value):
        return REDACTED
    if is_personal and value is not None and not isinstance(value, bool):
        return REDACTED
    return value


def _is_personal(name: str) -> bool:
    lower = name.lower()
    return lower in PERSONAL_FIELDS or not PERSONAL_WORDS.isdisjoint(_WORD.findall(lower))
