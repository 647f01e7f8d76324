"""Idempotency keys: the first answer again, or an error when the request differs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from local.stripe.errors import ApiError

_KEPT_FOR = 30 * 24 * 3600


@dataclass(frozen=True)
class Answer:
    """An answer as it went out."""

    status: int
    body: bytes
    request_id: str


class IdempotencyKeys:
    """What was answered to which key, for thirty days of the fake clock."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, int, Answer]] = {}

    def replay(self, key: str, request: str, now: int) -> Answer | None:
        """The first answer to this key; raises Stripe's error for another request under it."""
        if len(key) > 255:
            raise ApiError("Idempotency keys can be up to 255 characters long.", param=None)
        kept = self._kept.get(key)
        if kept is None or now - kept[1] > _KEPT_FOR:
            return None
        if kept[0] != _digest(request):
            raise ApiError(
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request.",
                error_type="idempotency_error",
            )
        return kept[2]

    def keep(self, key: str, request: str, now: int, answer: Answer) -> None:
        """Remember an answer, unless the request was refused before it was executed."""
        if answer.status < 300 or answer.status in {402, 500}:
            self._kept[key] = (_digest(request), now, answer)


def _digest(request: str) -> str:
    return hashlib.sha256(request.encode()).hexdigest()
