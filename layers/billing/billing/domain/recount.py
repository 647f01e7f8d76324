"""A recount: a project's figures added up anew beside those that are kept, while both go on.

It goes through the accounts by user id. What is counted of an account that it has passed is
counted in both, so that both can be compared at its end, whatever has arrived meanwhile
(docs/decisions/0016).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from billing.domain.tally import Tally


@dataclass(frozen=True, slots=True)
class Recount:
    """How far a recount is.

    Attributes:
        run_id: the reconciliation that makes it.
        begun_at: the version of the figures with which it began, so that one that is begun again
            has sums of its own.
        passed: the last user id that it has passed; empty before the first.
        has_passed_all: whether there is none left.
    """

    run_id: str
    begun_at: int
    passed: str = ""
    has_passed_all: bool = False

    @property
    def sums_id(self) -> str:
        """Under which its sums are kept."""
        return f"{self.run_id}@{self.begun_at}"

    def has_passed(self, user_id: str) -> bool:
        """Whether an account has been added up."""
        return self.has_passed_all or user_id <= self.passed

    def as_plain(self) -> dict[str, Any]:
        """Write it as JSON values."""
        return asdict(self)


def part_of(place: str) -> str:
    """Name the part of a recount's sums that has a place: months are kept by the year."""
    return place[:4]


def parted(tally: Tally) -> dict[str, Tally]:
    """Divide a tally into the parts of a recount's sums."""
    parts: dict[str, Tally] = {}
    for place, figures in tally.items():
        parts.setdefault(part_of(place), {})[place] = figures
    return parts
