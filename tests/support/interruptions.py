"""Kill the function at any of its calls to AWS, before or after the call takes effect.

It stands where moto stands: on botocore's wire, as a `before-send` handler. Import it before the
first client is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.handlers import BUILTIN_HANDLERS
from moto.core.models import botocore_stubber

When = Literal["before", "after"]


class Killed(BaseException):
    """The process is gone: nothing of the service can catch this."""


@dataclass
class Interruptions:
    """Counts the calls to AWS, and kills the process at one of them."""

    calls: list[str] = field(default_factory=list)
    fatal: int | None = None
    when: When = "before"
    counting: bool = False

    def __call__(self, event_name: str, request: Any, **kwargs: Any) -> Any:
        if not self.counting:
            return None
        self.calls.append(event_name.removeprefix("before-send."))
        if len(self.calls) != self.fatal:
            return None
        if self.when == "after":
            botocore_stubber(event_name, request, **kwargs)
        self.counting = False
        raise Killed(self.calls[-1])

    @contextmanager
    def counted(self, fatal: int | None = None, when: When = "before") -> Iterator[list[str]]:
        """Count the calls made inside; the `fatal`th, from 1, ends the process."""
        self.calls, self.fatal, self.when, self.counting = [], fatal, when, True
        try:
            yield self.calls
        finally:
            self.counting = False


interruptions = Interruptions()
BUILTIN_HANDLERS.insert(0, ("before-send", interruptions))
