"""There is always an owner left, who can make keys for operators."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.adapters.dynamo.catalog_store import CatalogStore
from billing.domain.api_key import KeyRecord
from billing.domain.errors import Conflict
from billing.domain.roles import Role
from billing.services.manage_keys import revoke_key
from billing.settings import settings
from billing.stores import catalog_store
from tests.integration.admin.conftest import MakeOperator, Operator
from tests.support.clock import Clock
from tests.support.requests import Answer


def key_id_of(operator: Operator) -> str:
    return str(operator.get("me").body["key_id"])


def revoke(by: Operator, key_id: str) -> Answer:
    return by.post(f"projects/admin/keys/{key_id}/revoke")


def test_the_last_owner_cannot_be_revoked(ada: Operator, new_operator: MakeOperator) -> None:
    new_operator("Bob", Role.OPERATOR)
    answer = revoke(ada, key_id_of(ada))
    assert (answer.status, answer.body["code"]) == (409, "last_owner")
    assert ada.get("me").status == 200


def test_an_owner_can_be_revoked_while_another_is_left(
    ada: Operator, new_operator: MakeOperator
) -> None:
    grace = new_operator("Grace")
    assert revoke(grace, key_id_of(ada)).status == 200
    assert ada.get("me").status == 401
    assert revoke(grace, key_id_of(grace)).body["code"] == "last_owner"


def test_others_can_always_be_revoked(ada: Operator, new_operator: MakeOperator) -> None:
    for role in (Role.OPERATOR, Role.SUPPORT, Role.FINANCE):
        other = new_operator("Bob", role)
        assert revoke(ada, key_id_of(other)).status == 200
        assert other.get("me").status == 401


def test_a_key_that_expired_leaves_nobody(ada: Operator, clock: Clock) -> None:
    body = {"name": "Grace", "role": "owner", "expires_at": "2026-03-03T12:00:00Z"}
    ada.post("projects/admin/keys", body)
    clock.advance(timedelta(days=1))
    assert revoke(ada, key_id_of(ada)).body["code"] == "last_owner"


@pytest.mark.parametrize(
    ("expires_at", "status"),
    [
        ("2026-03-02T12:00:01Z", 409),
        ("2026-03-03T11:59:59Z", 409),
        ("2026-03-03T12:00:00Z", 200),
        (None, 200),
    ],
)
def test_an_owner_who_remains_has_a_day_left_at_least(
    ada: Operator, expires_at: str | None, status: int
) -> None:
    ada.post("projects/admin/keys", {"name": "Grace", "role": "owner", "expires_at": expires_at})
    assert revoke(ada, key_id_of(ada)).status == status


def test_a_rotated_key_leaves_its_successor(ada: Operator) -> None:
    successor = ada.post(f"projects/admin/keys/{key_id_of(ada)}/rotate").body
    assert revoke(Operator(successor["key"]), key_id_of(ada)).status == 200
    assert Operator(successor["key"]).get("me").body["role"] == "owner"


def test_a_successor_cannot_be_revoked_for_a_key_that_is_about_to_end(ada: Operator) -> None:
    successor = ada.post(f"projects/admin/keys/{key_id_of(ada)}/rotate").body
    assert revoke(ada, successor["key_id"]).body["code"] == "last_owner"


def test_revoking_an_owner_a_second_time_changes_nothing(
    ada: Operator, new_operator: MakeOperator
) -> None:
    key_id = key_id_of(new_operator("Grace"))
    assert revoke(ada, key_id).body == revoke(ada, key_id).body


class Overtaken(CatalogStore):
    """A store in which an owner is revoked right after somebody looked who is left."""

    looks = 0

    def keys_of(self, project_id: str) -> list[KeyRecord]:
        found = super().keys_of(project_id)
        self.looks += 1
        if self.looks == 2:
            (ada,) = (key for key in found if key.name == "Ada")
            revoke_key(catalog_store(), project_id, ada.key_id, now=ada.created_at)
        return found


def test_of_two_owners_who_revoke_each_other_one_is_left(
    ada: Operator, new_operator: MakeOperator, clock: Clock
) -> None:
    grace = new_operator("Grace")
    with pytest.raises(Conflict, match="was changed by somebody else"):
        revoke_key(Overtaken(settings()), "admin", key_id_of(grace), now=clock.at)
    assert [each.get("me").status for each in (ada, grace)] == [401, 200]


def test_a_key_from_before_there_were_roles_is_an_owners(ada: Operator, clock: Clock) -> None:
    store = catalog_store()
    (record,) = store.keys_of("admin")
    store.change_key("admin", record.key_id, lambda key: replace(key, role=None))
    (listed,) = ada.get("projects/admin/keys").body["keys"]
    assert listed["role"] == ada.get("me").body["role"] == "owner"
    assert revoke(ada, record.key_id).body["code"] == "last_owner"
