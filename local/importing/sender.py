"""Sending the customers to the service, some at a time, as fast as it takes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from local import web
from local.console import LocalError, say
from local.importing.file import Line
from local.importing.parts import Begun, stuck

Json = dict[str, Any]

ROUTE = "/api/v1/admin/accounts/import"
AT_ONCE = 20
"""Customers a request: at Stripe's pace some seconds, and few requests of the hour's."""

PATIENCE = 8
"""How often in a row nothing may get on; the last time, others are asked about."""

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

        A customer at which nothing gets on, though the service answers about another one, is
        `stuck` and left behind.

        Raises:
            Stopped: the service has trouble that does not pass.
            LocalError: it refuses the import.
        """
        waiting, idle, begun = list(lines), 0, Begun(self.dry_run)
        through_last, answer = list[Line](), None
        while waiting:
            others = through_last or waiting[1:2]
            if idle == PATIENCE - 1 and others:
                self._insist_on_service(others, waiting[0])
                left = waiting.pop(0)
                idle = 0
                yield [stuck(left.user_id, left.customer_id, _said(answer))]
                continue
            answer = self._ask(waiting[: AT_ONCE if idle < PATIENCE // 2 else 1], begun)
            through, gets_on = begun.take(self._results(answer))
            if gets_on:
                through_last = waiting[: len(through)][-1:] or through_last
                del waiting[: len(through)]
                idle = 0
                yield through
                continue
            if answer is None or answer.status != TOO_FAST:
                idle += 1
            if idle == PATIENCE:
                raise Stopped(_stopped(answer, waiting[0]))
            self._wait(_seconds(answer, idle))

    def _insist_on_service(self, others: list[Line], line: Line) -> None:
        """Ask about others, to tell one customer's trouble from the service's.

        To ask again about one who is through changes nothing.

        Raises:
            Stopped: it does not answer about others either.
        """
        answer = self._ask(others, Begun(self.dry_run))
        if not self._results(answer):
            raise Stopped(_stopped(answer, line))

    def _wait(self, seconds: float) -> None:
        if seconds > LONGEST_WAIT:  # whoever watches would take it for dead
            self.tell(f"The service asks to wait {seconds / 60:.0f} minutes.")
        self.wait(seconds)

    def _results(self, answer: web.Answer | None) -> list[Json]:
        """Read what became of the customers; nothing where there was trouble that may pass."""
        if answer is None or answer.status in PASSING:
            return []
        if answer.status != 200:
            message = f"The service refuses the import ({answer.status}): {_detail(answer)}"
            raise LocalError(message)
        results: list[Json] = answer.json["customers"]
        return results

    def _ask(self, lines: list[Line], begun: Begun) -> web.Answer | None:
        customers = [
            {"user_id": each.user_id, "customer_id": each.customer_id}
            | begun.asked(each.customer_id)
            for each in lines
        ]
        body = {
            "project_id": self.project_id,
            "customers": customers,
            "reason": self.reason,
            "dry_run": self.dry_run,
            "may_have_several": self.may_have_several,
        }
        try:
            return web.request("POST", self.api + ROUTE, key=self.key, body=body)
        except OSError:
            return None


def _stopped(answer: web.Answer | None, line: Line) -> str:
    where = f"at {line.customer_id} (line {line.number})"
    return f"Stopped {where}: {_said(answer)}\nThe same command goes on from there."


def _said(answer: web.Answer | None) -> str:
    return "nobody answers" if answer is None else f"{answer.status}: {_detail(answer)}"


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
