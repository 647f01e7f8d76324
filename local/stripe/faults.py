"""Trouble on request: the next calls fail, before or after they take effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


@dataclass
class Fault:
    """What goes wrong with the next ``times`` calls of ``method`` and ``path``.

    Attributes:
        path: a path, with ``*`` for any part of it.
        status: the HTTP status of the answer.
        error: fields of the ``error`` object, beside the defaults for the status.
        drop: close the connection instead of answering.
        when: ``before`` the call takes effect, or ``after``.
        skip: how many matching calls go well first.
    """

    method: str = "*"
    path: str = "*"
    times: int = 1
    status: int = 500
    error: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    when: str = "before"
    skip: int = 0

    def body(self) -> dict[str, Any]:
        """The answer's JSON document."""
        kind, code = _KINDS.get(self.status, ("api_error", None))
        error: dict[str, Any] = {"message": "The fake Stripe was told to fail.", "type": kind}
        if code:
            error["code"] = code
        return {"error": error | self.error}


_KINDS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", None),
    402: ("card_error", "card_declined"),
    403: ("invalid_request_error", None),
    404: ("invalid_request_error", "resource_missing"),
    409: ("idempotency_error", "idempotency_key_in_use"),
    429: ("invalid_request_error", "rate_limit"),
}


class Faults:
    """The planned faults, oldest first."""

    def __init__(self) -> None:
        self.planned: list[Fault] = []

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this call, used up once."""
        for fault in self.planned:
            if fault.method not in {"*", method} or not fnmatchcase(path, fault.path):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self.planned.remove(fault)
            return fault
        return None
