"""What may this user use? The read in front of every request of every micro-app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from billing.auth import caller_of, hash_of, project_of
from billing.domain.access import Access, access, next_change
from billing.domain.account_key import AccountKey
from billing.domain.api_key import ADMIN
from billing.domain.catalog import Catalog
from billing.domain.errors import NotFound

if TYPE_CHECKING:
    from billing.adapters.dynamo.reader import AccessReader, HotAccess

SCOPE = "entitlements"

MAX_AGE = 60
"""Seconds that an answer may be kept; less where access changes sooner."""


@dataclass(frozen=True, slots=True)
class AccessAnswer:
    """A user's access at `checked_at`.

    Attributes:
        next_change: when access changes if nothing more is heard; `None` for never.
        catalog: by which it was computed.
    """

    user_id: str
    revision: int
    catalog: Catalog
    checked_at: datetime
    accesses: list[Access]
    next_change: datetime | None

    @property
    def etag(self) -> str:
        """Name this answer: it changes with the account, the catalog, and each boundary.

        It is weak (RFC 9110, 8.8.1), since `checked_at` moves on while the access stays.
        """
        boundary = int(self.next_change.timestamp() * 1000) if self.next_change else 0
        return f'W/"{self.revision}-{self.catalog.version}-{boundary}"'

    @property
    def max_age(self) -> int:
        """Whole seconds for which the answer holds, `MAX_AGE` at most."""
        if self.next_change is None:
            return MAX_AGE
        return min(MAX_AGE, int((self.next_change - self.checked_at).total_seconds()))


def read_access(
    reader: AccessReader,
    key: str,
    user_ids: Sequence[str],
    *,
    project_id: str | None,
    now: datetime,
    include_inactive: bool = False,
) -> list[AccessAnswer]:
    """Answer for each of these users, in their order, with one request to DynamoDB.

    Args:
        reader: of keys, catalogs and access items.
        key: a well-formed API key, as `auth.bearer_key` returns it.
        user_ids: of one project.
        project_id: the project that the request names, if it names one.
        now: the instant of the check.
        include_inactive: whether ended and future access is told too.

    Raises:
        Unauthenticated, Forbidden: the key does not open this.
        InvalidInput: a user id or project id is not of its form.
        NotFound: an admin key names a project that does not exist.
        TryAgain: DynamoDB is throttling.
    """
    own = project_of(key)
    about = project_id if own == ADMIN and project_id else own
    accounts = [AccountKey(about, user_id) for user_id in dict.fromkeys(user_ids)]
    read = reader.read(hash_of(key), about, [account.user_id for account in accounts], now)
    caller = caller_of(key, read.record, now)
    caller.require(SCOPE)
    caller.for_project(project_id)
    if read.catalog is None and caller.is_admin:
        raise NotFound("The project has no catalog.")
    catalog = read.catalog or Catalog(about)
    return [
        _answer(user_id, read.accesses[user_id], catalog, now, include_inactive=include_inactive)
        for user_id in user_ids
    ]


def _answer(
    user_id: str, hot: HotAccess, catalog: Catalog, now: datetime, *, include_inactive: bool
) -> AccessAnswer:
    return AccessAnswer(
        user_id=user_id,
        revision=hot.revision,
        catalog=catalog,
        checked_at=now,
        accesses=access(hot.holdings, catalog, now, include_inactive=include_inactive),
        next_change=next_change(hot.holdings, catalog, now),
    )
