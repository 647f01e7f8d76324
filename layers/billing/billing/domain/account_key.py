"""Who holds something: one user of one project. Apart from the facts, which a check never loads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from billing.domain.catalog import PROJECT_ID
from billing.domain.errors import InvalidInput

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and halves of surrogate pairs, which are no characters at all."""


def user_id_problem(user_id: str) -> str | None:
    """Say why a text cannot be a user id; `None` where it can."""
    if not 1 <= len(user_id) <= 256:
        return "must have 1 to 256 characters"
    if _CONTROL.search(user_id):
        return "must not contain control characters"
    return None


@dataclass(frozen=True, slots=True, order=True)
class AccountKey:
    """One user of one project. The user id is any text of 1 to 256 characters, used as given."""

    project_id: str
    user_id: str

    def __post_init__(self) -> None:
        """Refuse what is not a key.

        Raises:
            InvalidInput: the project id or the user id is not of the documented form.
        """
        if not PROJECT_ID.fullmatch(self.project_id):
            raise InvalidInput.field("project_id", "must match [a-z0-9][a-z0-9-]{1,47}")
        problem = user_id_problem(self.user_id)
        if problem:
            raise InvalidInput.field("user_id", problem)

    def __str__(self) -> str:
        return f"{self.project_id}#{self.user_id}"

    @classmethod
    def parse(cls, text: str) -> AccountKey:
        """Read what `str` wrote; a project id has no `#`, a user id may."""
        project_id, _, user_id = text.partition("#")
        return cls(project_id, user_id)
