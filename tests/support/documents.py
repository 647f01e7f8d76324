"""Catalogs as the documents that an operator writes."""

from __future__ import annotations

import copy
from typing import Any

_NOTES: dict[str, Any] = {
    "features": [
        {"code": "export", "name": "Export"},
        {"code": "devices", "name": "Devices", "type": "limit", "merge": "max"},
        {"code": "theme", "type": "setting"},
    ],
    "products": [
        {
            "id": "pro",
            "name": "Pro",
            "features": {"export": True, "devices": 5},
            "prices": [
                {"id": "pro_monthly", "currency": "usd", "unit_amount": 900, "interval": "month"},
                {"id": "pro_yearly", "currency": "usd", "unit_amount": 9000, "interval": "year"},
            ],
        },
        {
            "id": "lifetime",
            "name": "For life",
            "features": {"export": True, "devices": "unlimited"},
            "prices": [{"id": "once", "currency": "usd", "unit_amount": 29900, "type": "one_time"}],
        },
    ],
}


def notes() -> dict[str, Any]:
    """Two products and three prices, none of them at Stripe yet."""
    return copy.deepcopy(_NOTES)


def notes_at_stripe(suffix: str = "") -> dict[str, Any]:
    """The same, with Stripe ids: nothing has to be made."""
    document = notes()
    for product in document["products"]:
        product["stripe_product_id"] = f"prod_{product['id']}{suffix}"
        for price in product["prices"]:
            price["stripe_price_id"] = f"price_{price['id']}{suffix}"
    return document
