"""The same, and `import stripe` with nothing imported before it."""

from __future__ import annotations

from typing import Any

import stripe

VERSION = stripe.VERSION


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Say what was asked."""
    return {"asked": event["pk"]}
