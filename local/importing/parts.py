"""Customers with so much that several requests bring them along: what each said, put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

LATER = "later"
COUNTED = ("subscriptions", "purchases")


@dataclass
class Begun:
    """Whom the service has begun with, by customer, and from where to go on.

    Attributes:
        dry_run: nothing is kept then, so each answer counts what it found by itself.
    """

    dry_run: bool
    _parts: dict[str, Json] = field(default_factory=dict)

    def asked(self, customer_id: str) -> Json:
        """Say from where to go on with a customer; nothing where it was not begun with."""
        part = self._parts.get(customer_id)
        return {"cursor": part["cursor"]} if part else {}

    def take(self, results: Iterable[Json]) -> tuple[list[Json], bool]:
        """Take an answer.

        Returns:
            The results up to the first that has to be asked for again; and whether anything got on.
        """
        through: list[Json] = []
        for result in results:
            customer_id = str(result["customer_id"])
            cursor = self.asked(customer_id).get("cursor")
            if result["outcome"] != LATER:
                through.append(self._with_earlier(self._parts.pop(customer_id, None), result))
            elif result.get("cursor") in (None, cursor):
                break
            else:
                earlier = self._parts.get(customer_id)
                self._parts[customer_id] = self._with_earlier(earlier, result)
                return through, True
        return through, bool(through)

    def _with_earlier(self, earlier: Json | None, result: Json) -> Json:
        if earlier is None:
            return result
        left_out = [*earlier["left_out"], *result["left_out"]]
        joined = {**result, "left_out": left_out}
        if self.dry_run:
            joined |= {name: earlier[name] + result[name] for name in COUNTED}
        if left_out and result["outcome"] in ("imported", "already"):
            joined["outcome"] = "incomplete"
        return joined


def stuck(user_id: str, customer_id: str, detail: str) -> Json:
    """What is told of a customer at which nothing gets on."""
    named = {"user_id": user_id, "customer_id": customer_id, "outcome": "stuck"}
    return {**named, **dict.fromkeys(COUNTED, 0), "left_out": [], "detail": detail}
