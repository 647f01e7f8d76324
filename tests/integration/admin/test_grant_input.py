"""What of a grant is taken, and what refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.admin.conftest import Operator
from tests.integration.admin.granting import BODY, grant, held, revision, revoke

pytestmark = pytest.mark.usefixtures("acme_sells")


@pytest.mark.parametrize(
    ("feature_code", "value", "stored"),
    [
        ("export", None, True),
        ("export", True, True),
        ("devices", 0, 0),
        ("devices", 12, 12),
        ("devices", "unlimited", "unlimited"),
        ("theme", "dark", "dark"),
    ],
)
def test_a_value_of_the_features_type_is_taken(
    ada: Operator, feature_code: str, value: Any, stored: Any
) -> None:
    answer = grant(ada, feature_code=feature_code, value=value)
    assert answer.body["value"] == stored
    assert held() == {feature_code: stored}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"feature_code": "nope"}, "feature_code"),
        ({"feature_code": ""}, "feature_code"),
        ({"feature_code": None}, "feature_code"),
        ({"value": False}, "value"),
        ({"value": 1}, "value"),
        ({"value": "true"}, "value"),
        ({"feature_code": "devices"}, "value"),
        ({"feature_code": "devices", "value": True}, "value"),
        ({"feature_code": "devices", "value": -1}, "value"),
        ({"feature_code": "devices", "value": 1.0}, "value"),
        ({"feature_code": "devices", "value": 2**60}, "value"),
        ({"feature_code": "devices", "value": "many"}, "value"),
        ({"feature_code": "theme"}, "value"),
        ({"feature_code": "theme", "value": 3}, "value"),
        ({"feature_code": "theme", "value": ""}, "value"),
        ({"value": {"a": 1}}, "value"),
        ({"valid_to": "2026-03-02T12:00:00Z"}, "valid_to"),
        ({"valid_to": "2020-01-01T00:00:00Z"}, "valid_to"),
        (
            {"valid_from": "2027-01-01T00:00:00Z", "valid_to": "2027-01-01T00:00:00Z"},
            "valid_to",
        ),
        ({"valid_from": "2026-03-09"}, "valid_from"),
        ({"valid_from": 1_772_000_000}, "valid_from"),
        ({"valid_from": "0001-01-01T00:00:00+05:00"}, "valid_from"),
        ({"valid_to": "9999-12-31T23:59:59-05:00"}, "valid_to"),
        ({"reason": ""}, "reason"),
        ({"reason": "  "}, "reason"),
        ({"reason": "a\x00"}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": None}, "reason"),
        ({"user_id": ""}, "user_id"),
        ({"user_id": "a\n"}, "user_id"),
        ({"user_id": "a\ud800"}, "user_id"),
        ({"user_id": "x" * 257}, "user_id"),
        ({"user_id": 7}, "user_id"),
        ({"project_id": "NO"}, "project_id"),
        ({"quantity": 1}, "quantity"),
    ],
)
def test_a_grant_that_cannot_be_is_refused(
    ada: Operator, fields: dict[str, Any], field: str
) -> None:
    answer = grant(ada, **fields)
    assert (answer.status, [e["field"] for e in answer.body["errors"]]) == (422, [field])
    assert revision() == 0


@pytest.mark.parametrize("missing", ["user_id", "project_id", "feature_code", "reason"])
def test_a_missing_field_is_named(ada: Operator, missing: str) -> None:
    body = {name: value for name, value in BODY.items() if name != missing}
    answer = ada.post("grant", body)
    assert (answer.status, [e["field"] for e in answer.body["errors"]]) == (422, [missing])


@pytest.mark.parametrize("reason", ["", None, "x" * 501])
def test_a_revocation_has_a_reason(ada: Operator, reason: Any) -> None:
    grant_id = grant(ada).body["grant_id"]
    answer = revoke(ada, grant_id, reason)
    assert [e["field"] for e in answer.body["errors"]] == ["revoke_reason"]
    assert held() == {"export": True}


def test_an_unknown_project_is_a_404(ada: Operator) -> None:
    assert grant(ada, project_id="nope").status == 404
