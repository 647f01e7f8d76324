"""What roles permit, beside the table itself."""

from __future__ import annotations

import pytest

from billing.auth import PROJECT_SCOPES, Caller
from billing.domain.errors import Forbidden, NoSuchRoute, RoleLacksPermission
from billing.domain.roles import OF_SCOPE, Permission, Role, roles_with
from billing.permissions import NEEDED, needed_for

READING = {permission for permission in Permission if permission.startswith("read_")}


def a_caller(role: Role | None) -> Caller:
    project_id = None if role else "acme"
    return Caller("key_1", "Ada", project_id, frozenset({"entitlements"}), role)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.METRICS])
def test_who_only_reads_changes_nothing(role: Role) -> None:
    assert role.permissions <= READING


def test_support_sees_no_revenue_and_finance_no_person() -> None:
    assert Permission.READ_METRICS not in Role.SUPPORT.permissions
    assert Permission.READ_ACCOUNTS not in Role.FINANCE.permissions
    assert Permission.READ_EVENTS not in Role.FINANCE.permissions


def test_only_an_owner_can_make_an_owner() -> None:
    assert roles_with(Permission.MANAGE_ADMIN_KEYS) == [Role.OWNER]


def test_everybody_may_know_what_they_may_do() -> None:
    assert roles_with(Permission.READ_OWN_KEY) == [*Role]


@pytest.mark.parametrize("permission", Permission)
def test_a_permission_is_somebodys_and_needed_somewhere(permission: Permission) -> None:
    assert Role.OWNER in roles_with(permission)
    everywhere = {*NEEDED.values(), *OF_SCOPE.values(), Permission.MANAGE_ADMIN_KEYS}
    assert permission in everywhere


def test_every_scope_stands_for_a_permission() -> None:
    assert OF_SCOPE.keys() == PROJECT_SCOPES


def test_a_change_is_never_permitted_by_reading() -> None:
    for route, permission in NEEDED.items():
        assert route.startswith("GET ") == (permission in READING)


def test_operators_own_keys_are_for_owners() -> None:
    keys = "GET /api/v1/admin/projects/{project_id}/keys"
    assert needed_for(keys, "admin") is Permission.MANAGE_ADMIN_KEYS
    assert needed_for(keys, "acme") is Permission.READ_KEYS
    project = "GET /api/v1/admin/projects/{project_id}"
    assert needed_for(project, "admin") is Permission.READ_CATALOG


def test_a_route_that_is_not_in_the_table_is_open_to_nobody() -> None:
    with pytest.raises(NoSuchRoute):
        needed_for("GET /api/v1/admin/everything")


def test_a_refusal_names_the_role_and_those_that_would_do() -> None:
    with pytest.raises(RoleLacksPermission) as caught:
        a_caller(Role.SUPPORT).require_permission(Permission.GRANT)
    told = "The key's role is 'support'; 'grant' needs the role 'owner' or 'operator'."
    assert caught.value.detail.startswith(told)


def test_an_app_has_scopes_and_no_permissions() -> None:
    a_caller(None).require("entitlements")
    with pytest.raises(Forbidden):
        a_caller(None).require("metrics")
    with pytest.raises(Forbidden):
        a_caller(None).require_permission(Permission.READ_ACCOUNTS)
