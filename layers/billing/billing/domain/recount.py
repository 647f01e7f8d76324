"""A recount: a project's figures added up anew beside those that are kept, while both go on.

It goes through the accounts by user id. What is counted of an account that it has passed is
counted in both, so that both can be compared at its end, whatever has arrived meanwhile
(docs/decisions/0016).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Recount:
    """How far a recount is.

    Attributes:
        run_id: the reconciliation that makes it.
        begun_at: the version of the figures with which it began, so that one that is begun again
            has sums of its own.
        passed: the last user id that it has passed; empty before the first.
        has_passed_all: whether there is none left.
        added_to: of the accounts after those, up to `until`, the places up to this one have been
            added up, too: a page of long histories takes several transactions. Empty where none.
        until: the last user id of that page; `None` for all that are left.
    """

    run_id: str
    begun_at: int
    passed: str = ""
    has_passed_all: bool = False
    added_to: str = ""
    until: str | None = None

    @property
    def sums_id(self) -> str:
        """Under which its sums are kept."""
        return f"{self.run_id}@{self.begun_at}"

    def has_passed(self, user_id: str) -> bool:
        """Whether an account has been added up, whole."""
        return self.has_passed_all or user_id <= self.passed

    def has_added(self, user_id: str, place: str) -> bool:
        """Whether what an account has in a place has been added up."""
        is_in_page = self.until is None or user_id <= self.until
        return self.has_passed(user_id) or (is_in_page and place <= self.added_to)

    def as_plain(self) -> dict[str, Any]:
        """Write it as JSON values; what is empty is left out."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}
