"""Sending the customers to the service, some at a time, as fast as it takes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from local import web
from local.console import LocalError, say
from local.importing.file import Line

Json = dict[str, Any]

ROUTE = "/api/v1/admin/accounts/import"
AT_ONCE = 20
"""Customers a request: at Stripe's pace some seconds, and few requests of the hour's."""

PATIENCE = 8
"""How often in a row nothing may get on before the import ends."""

LONGEST_WAIT = 60.0
"""Seconds, unless the service asks for more."""

TOO_FAST = 429
PASSING = frozenset({429, 500, 502, 503, 504})


class Stopped(LocalError):
    """The service does not get on; the same command goes on later."""


@dataclass(frozen=True)
class Sender:
    """Speaks to the service as an operator.

    Attributes:
        api: the service's address.
        wait: waits for some seconds.
        tell: tells whoever watches something.
    """

    api: str
    key: str
    project_id: str
    reason: str
    dry_run: bool
    may_have_several: bool
    wait: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = say

    def send(self, lines: list[Line]) -> Iterator[list[Json]]:
        """Send all lines; yield what became of some as soon as it is known.

        Raises:
            Stopped: the service has trouble that does not pass.
            LocalError: it refuses the import.
        """
        waiting, idle = list(lines), 0
        while waiting:
            answer = self._ask(waiting[: AT_ONCE if idle < PATIENCE // 2 else 1])
            through = [] if answer is None else self._through(answer)
            if through:
                del waiting[: len(through)]
                idle = 0
                yield through
                continue
            if answer is None or answer.status != TOO_FAST:
                idle += 1
            if idle == PATIENCE:
                message = self._stopped(answer, waiting[0])
                raise Stopped(message)
            self._wait(_seconds(answer, idle))

    def _wait(self, seconds: float) -> None:
        if seconds > LONGEST_WAIT:  # whoever watches would take it for dead
            self.tell(f"The service asks to wait {seconds / 60:.0f} minutes.")
        self.wait(seconds)

    def _through(self, answer: web.Answer) -> list[Json]:
        """Return the results up to the first that has to be asked for again."""
        if answer.status in PASSING:
            return []
        if answer.status != 200:
            message = f"The service refuses the import ({answer.status}): {_detail(answer)}"
            raise LocalError(message)
        results: list[Json] = answer.json["customers"]
        later = (n for n, result in enumerate(results) if result["outcome"] == "later")
        return results[: next(later, len(results))]

    def _ask(self, lines: list[Line]) -> web.Answer | None:
        body = {
            "project_id": self.project_id,
            "customers": [{"user_id": e.user_id, "customer_id": e.customer_id} for e in lines],
            "reason": self.reason,
            "dry_run": self.dry_run,
            "may_have_several": self.may_have_several,
        }
        try:
            return web.request("POST", self.api + ROUTE, key=self.key, body=body)
        except OSError:
            return None

    def _stopped(self, answer: web.Answer | None, line: Line) -> str:
        said = "nobody answers" if answer is None else f"{answer.status}: {_detail(answer)}"
        where = f"at {line.customer_id} (line {line.number})"
        return f"Stopped {where}: {said}\nThe same command goes on from there."


def _seconds(answer: web.Answer | None, idle: int) -> float:
    """Wait as long as the service says, else longer each time."""
    asked = "" if answer is None else answer.headers.get("retry-after", "")
    told = float(asked) if asked.isascii() and asked.isdigit() else 0.0
    return max(told, min(LONGEST_WAIT, 0.5 * (1 << idle)))


def _detail(answer: web.Answer) -> str:
    try:
        body = answer.json
        errors = [f"{each['field']}: {each['message']}" for each in body.get("errors", ())]
        return "; ".join([str(body["detail"]), *errors])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]
