"""What many count at once, and who is left when owners end each other, on a real engine."""

from __future__ import annotations

from collections import Counter
from functools import partial

from billing.adapters.dynamo.counts import RequestCounts
from billing.adapters.dynamo.store import AccountStore
from billing.domain.api_key import ADMIN
from billing.domain.errors import Conflict, TooManyRequests, TryAgain
from billing.domain.rate import Hour
from billing.domain.roles import Role
from billing.services.limit_requests import HourlyLimit
from billing.services.manage_keys import LastOwner, create_key, list_keys, revoke_key
from billing.settings import settings
from billing.stores import catalog_store
from tests.concurrency.conftest import NOW
from tests.support.racing import all_at_once

THREADS = 8
EACH = 25
ROUNDS = 10


def test_no_request_is_lost_or_taken_twice(store: AccountStore, user: str) -> None:
    counts, hour = RequestCounts(settings()), Hour.of(NOW)

    def count() -> list[int]:
        return [counts.add(user, hour) for _ in range(EACH)]

    told = sorted(number for one in all_at_once([count] * THREADS) for number in one)
    assert told == list(range(1, THREADS * EACH + 1))


def test_processes_together_take_exactly_what_an_hour_has(store: AccountStore, user: str) -> None:
    limit, warned = THREADS * EACH // 2, list[str]()

    def ask() -> Counter[bool]:
        mine = HourlyLimit("management", limit, RequestCounts(settings()), warned.append)
        return Counter(_is_taken(mine, user) for _ in range(EACH))

    told = sum(all_at_once([ask] * THREADS), Counter[bool]())
    assert told == {True: limit, False: THREADS * EACH - limit}
    assert not [line for line in warned if "not counted" in line]


def _is_taken(limit: HourlyLimit, key_id: str) -> bool:
    try:
        limit.take(key_id, NOW)
    except TooManyRequests:
        return False
    return True


def test_owners_who_revoke_each_other_leave_one(store: AccountStore, user: str) -> None:
    catalogs = catalog_store()
    for number in range(ROUNDS):
        pair = [
            create_key(catalogs, ADMIN, name=f"{user} {number}", by="", now=NOW, role=Role.OWNER)
            for _ in range(2)
        ]
        ours = {issued.record.key_id for issued in pair}
        for record in list_keys(catalogs, ADMIN):
            if record.key_id not in ours and record.is_valid(NOW):
                revoke_key(catalogs, ADMIN, record.key_id, now=NOW)
        ended = all_at_once([partial(_is_revoked, key_id) for key_id in ours])
        left = [key for key in list_keys(catalogs, ADMIN) if key.is_valid(NOW)]
        assert len(left) == 2 - sum(ended) >= 1


def _is_revoked(key_id: str) -> bool:
    try:
        revoke_key(catalog_store(), ADMIN, key_id, now=NOW)
    except (Conflict, LastOwner, TryAgain):
        return False
    return True
