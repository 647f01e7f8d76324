"""What every function starts with: Python, Lambda's runtime client, and a first call."""

from __future__ import annotations

from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Say what was asked."""
    return {"asked": event["pk"]}
