"""Manual grants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.integration.admin.conftest import Operator
from tests.integration.admin.granting import BODY, HOUR, USER, grant, held, revision, revoke
from tests.support.clock import Clock
from tests.support.documents import notes_at_stripe

pytestmark = pytest.mark.usefixtures("acme_sells")


def test_a_grant_gives_access_to_a_user_unknown_so_far(ada: Operator) -> None:
    answer = grant(ada)
    assert answer.status == 200
    assert answer.body == {
        "grant_id": answer.body["grant_id"],
        "user_id": USER,
        "project_id": "acme",
        "feature_code": "export",
        "value": True,
        "reason": BODY["reason"],
        "valid_from": "2026-03-02T12:00:00Z",
        "valid_to": None,
        "granted_at": "2026-03-02T12:00:00Z",
        "granted_by": "Ada",
    }
    assert answer.body["grant_id"].startswith("grant_")
    assert held() == {"export": True}
    assert revision() == 1


def test_a_revocation_takes_it_back_at_once(ada: Operator, clock: Clock) -> None:
    grant_id = grant(ada).body["grant_id"]
    clock.advance(HOUR)
    answer = revoke(ada, grant_id)
    assert answer.status == 200
    assert answer.body == {
        "grant_id": grant_id,
        "revoked_at": "2026-03-02T13:00:00Z",
        "revoked_by": "Ada",
        "revoke_reason": "over",
    }
    assert held() == {}
    assert revision() == 2


def test_a_second_revocation_answers_the_first(
    ada: Operator, new_operator: Callable[[str], Operator], clock: Clock
) -> None:
    grant_id = grant(ada).body["grant_id"]
    first = revoke(ada, grant_id)
    clock.advance(HOUR)
    second = revoke(new_operator("Bob"), grant_id, "me too")
    assert (second.status, second.body) == (200, first.body)
    assert revision() == 2


@pytest.mark.parametrize(
    "grant_id",
    ["grant_nope", "nope", "", "cus_1", "grant_" + "0" * 26, "x" * 5000, "grant_\ud83d\ude00"],
)
def test_an_unknown_grant_is_a_404(ada: Operator, grant_id: str) -> None:
    answer = revoke(ada, grant_id)
    assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_a_second_active_grant_is_a_conflict(ada: Operator) -> None:
    first = grant(ada).body["grant_id"]
    second = grant(ada)
    assert (second.status, second.body["code"]) == (409, "already_granted")
    assert first in second.body["detail"]
    assert revision() == 1


def test_another_feature_user_or_project_is_no_conflict(ada: Operator) -> None:
    ada.project("other")
    ada.catalog(notes_at_stripe("_other"), "other")
    assert grant(ada).status == 200
    assert grant(ada, feature_code="devices", value=3).status == 200
    assert grant(ada, user_id="user-2").status == 200
    assert grant(ada, project_id="other").status == 200
    assert held() == {"export": True, "devices": 3}


def test_after_a_revocation_or_an_end_it_can_be_granted_again(ada: Operator, clock: Clock) -> None:
    revoke(ada, grant(ada).body["grant_id"])
    assert grant(ada, valid_to="2026-03-02T13:00:00Z").status == 200
    assert grant(ada).status == 409
    clock.advance(HOUR)
    assert held() == {}
    assert grant(ada).status == 200


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "status"),
    [
        ("2026-03-10T00:00:00Z", None, 200),
        ("2026-03-09T23:59:59Z", None, 409),
        (None, "2026-03-05T00:00:00Z", 200),
        (None, "2026-03-05T00:00:01Z", 409),
        ("2026-03-06T00:00:00Z", "2026-03-07T00:00:00Z", 409),
        (None, None, 409),
    ],
)
def test_two_grants_may_touch_but_not_overlap(
    ada: Operator, valid_from: str | None, valid_to: str | None, status: int
) -> None:
    grant(ada, valid_from="2026-03-05T00:00:00Z", valid_to="2026-03-10T00:00:00Z")
    assert grant(ada, valid_from=valid_from, valid_to=valid_to).status == status


def test_a_grant_holds_from_its_first_second_to_before_its_last(
    ada: Operator, clock: Clock
) -> None:
    grant(ada, valid_from="2026-03-02T13:00:00Z", valid_to="2026-03-02T16:00:00+01:00")
    assert held() == {}
    clock.advance(HOUR)
    assert held() == {"export": True}
    clock.advance(2 * HOUR - timedelta(microseconds=1))
    assert held() == {"export": True}
    clock.advance(timedelta(microseconds=1))
    assert held() == {}


@pytest.mark.parametrize(
    "user_id", ["a#b", "acme#user", "u/x y", "名前", "🦊", " lead", "%20", "a" * 256, "grant_1"]
)
def test_any_user_id_is_used_exactly_as_given(ada: Operator, user_id: str) -> None:
    grant_id = grant(ada, user_id=user_id).body["grant_id"]
    assert held(user_id) == {"export": True}
    assert held(user_id + "x" if len(user_id) < 256 else "x") == {}
    assert revoke(ada, grant_id).status == 200
    assert held(user_id) == {}
