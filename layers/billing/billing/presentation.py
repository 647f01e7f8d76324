"""How domain values look on the wire where several functions show them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from billing.domain.access import Access, Entitlement


def shown(value: Any) -> Any:  # noqa: ANN401 - any domain value in, any JSON value out
    """Write a domain value with every field, those that hold their default included."""
    if dataclasses.is_dataclass(value):
        return {f.name: shown(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Mapping):
        return {str(k): shown(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [shown(v) for v in value]
    if isinstance(value, frozenset):
        return sorted(shown(v) for v in value)
    return value


def shown_access(access: Access) -> dict[str, Any]:
    """Write the answer for one feature, as `GET /api/v1/entitlements` does."""
    return {
        "feature_code": access.feature_code,
        "is_active": access.is_active,
        "valid_from": access.valid_from,
        "valid_to": access.valid_to,
        "source": access.source,
        "source_id": access.source_id,
        "value": access.value,
        "sources": [shown_source(source) for source in access.sources],
    }


def shown_source(source: Entitlement) -> dict[str, Any]:
    """Write one source of a feature, as `GET /api/v1/entitlements` does."""
    return {
        "source": source.source,
        "source_id": source.source_id,
        "product_id": source.product_id,
        "state": source.state,
        "value": source.value,
        "period_end": source.period_end,
        "valid_from": source.valid_from,
        "valid_to": source.cover.valid_to if source.cover else source.period_end,
    }
