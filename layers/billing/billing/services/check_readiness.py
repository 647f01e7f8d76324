"""Is everything there that requests need? Asked often, so an answer is good for a few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from billing.domain.errors import FieldError, TryAgain

MAX_AGE = 5.0
"""Seconds that an answer is kept, so that probes cost next to nothing."""

Check = Callable[[], None]
"""Looks at one thing; raises whatever it likes if that cannot be used."""


class NotReady(TryAgain):
    """A table or a secret cannot be used at the moment."""

    code = "not_ready"
    title = "The service is not ready"
    remedy = "Wait; if it stays, an operator must look at what 'errors' names."
    retry_after = 5


class Readiness:
    """Runs the checks, and remembers what they said for `MAX_AGE` seconds."""

    def __init__(
        self, checks: Mapping[str, Check], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the checks by name, and a clock that counts seconds."""
        self._checks = checks
        self._clock = clock
        self._checked_at = float("-inf")
        self._failures: dict[str, Exception] = {}

    def failures(self) -> Mapping[str, Exception]:
        """Return what is wrong, by the check's name: for the log, not for the caller."""
        if self._clock() - self._checked_at >= MAX_AGE:
            found = {name: _failure(check) for name, check in self._checks.items()}
            self._failures = {name: error for name, error in found.items() if error}
            self._checked_at = self._clock()
        return self._failures

    def require(self) -> list[str]:
        """Return the names of the checks, all of which hold.

        Raises:
            NotReady: one does not; its name is told and nothing of its inside.
        """
        failed = self.failures()
        if failed:
            errors = tuple(FieldError(name, "cannot be used") for name in failed)
            raise NotReady(f"Failing: {', '.join(failed)}.", errors=errors)
        return list(self._checks)


def _failure(check: Check) -> Exception | None:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the thing cannot be used
        return error
    return None
