"""What each route of operators needs: the one table of it.

A route that is not in it is open to nobody. Routes that apps call too ask for a scope, which
`billing.domain.roles.OF_SCOPE` says in permissions.
"""

from __future__ import annotations

from billing.domain.api_key import ADMIN
from billing.domain.errors import NoSuchRoute
from billing.domain.roles import Permission

_ADMIN = "/api/v1/admin"
_PROJECT = f"{_ADMIN}/projects/{{project_id}}"
_KEY = f"{_PROJECT}/keys/{{key_id}}"
_ENDPOINT = f"{_PROJECT}/endpoints/{{endpoint_id}}"
_ACCOUNT = f"{_ADMIN}/accounts/{{project_id}}/{{user_id}}"
_EVENT = f"{_ADMIN}/events/{{event_id}}"

NEEDED = {
    f"GET {_ADMIN}/me": Permission.READ_OWN_KEY,
    f"POST {_ADMIN}/projects": Permission.MANAGE_PROJECTS,
    f"GET {_ADMIN}/projects": Permission.READ_CATALOG,
    f"GET {_PROJECT}": Permission.READ_CATALOG,
    f"PUT {_PROJECT}": Permission.MANAGE_PROJECTS,
    f"POST {_PROJECT}/keys": Permission.MANAGE_KEYS,
    f"GET {_PROJECT}/keys": Permission.READ_KEYS,
    f"POST {_KEY}/rotate": Permission.MANAGE_KEYS,
    f"POST {_KEY}/revoke": Permission.MANAGE_KEYS,
    f"GET {_PROJECT}/catalog": Permission.READ_CATALOG,
    f"PUT {_PROJECT}/catalog": Permission.MANAGE_CATALOG,
    f"POST {_PROJECT}/endpoints": Permission.MANAGE_ENDPOINTS,
    f"GET {_PROJECT}/endpoints": Permission.READ_DELIVERIES,
    f"GET {_ENDPOINT}": Permission.READ_DELIVERIES,
    f"PATCH {_ENDPOINT}": Permission.MANAGE_ENDPOINTS,
    f"DELETE {_ENDPOINT}": Permission.MANAGE_ENDPOINTS,
    f"POST {_ENDPOINT}/rotate-secret": Permission.MANAGE_ENDPOINTS,
    f"POST {_ENDPOINT}/test": Permission.MANAGE_ENDPOINTS,
    f"POST {_ENDPOINT}/retry": Permission.MANAGE_ENDPOINTS,
    f"GET {_ENDPOINT}/deliveries": Permission.READ_DELIVERIES,
    f"GET {_ENDPOINT}/deliveries/{{delivery_id}}": Permission.READ_DELIVERIES,
    f"POST {_ENDPOINT}/deliveries/{{delivery_id}}/retry": Permission.MANAGE_ENDPOINTS,
    f"POST {_ADMIN}/grant": Permission.GRANT,
    f"POST {_ADMIN}/revoke": Permission.GRANT,
    f"GET {_ADMIN}/accounts": Permission.READ_ACCOUNTS,
    f"POST {_ADMIN}/accounts/import": Permission.IMPORT_CUSTOMERS,
    f"GET {_ACCOUNT}": Permission.READ_ACCOUNTS,
    f"GET {_ACCOUNT}/history": Permission.READ_ACCOUNTS,
    f"GET {_ADMIN}/history": Permission.READ_ACCOUNTS,
    f"GET {_ACCOUNT}/explain": Permission.READ_ACCOUNTS,
    f"GET {_ADMIN}/explain": Permission.READ_ACCOUNTS,
    f"GET {_ADMIN}/timeline": Permission.READ_ACCOUNTS,
    f"GET {_ADMIN}/lookup": Permission.READ_ACCOUNTS,
    f"GET {_ADMIN}/events": Permission.READ_EVENTS,
    f"GET {_EVENT}": Permission.READ_EVENTS,
    f"POST {_EVENT}/link": Permission.SETTLE_EVENTS,
    f"POST {_EVENT}/dismiss": Permission.SETTLE_EVENTS,
    f"POST {_EVENT}/replay": Permission.SETTLE_EVENTS,
    f"POST {_ADMIN}/events/replay": Permission.SETTLE_EVENTS,
    f"POST {_ADMIN}/reconcile": Permission.RECONCILE,
    f"GET {_ADMIN}/reconcile": Permission.READ_RECONCILIATION,
    f"GET {_ADMIN}/reconcile/{{run_id}}": Permission.READ_RECONCILIATION,
    "GET /metrics": Permission.READ_OPERATIONS,
}

_OF_KEYS = {Permission.READ_KEYS, Permission.MANAGE_KEYS}


def needed_for(route: str, project_id: str | None = None) -> Permission:
    """Return what a route needs.

    Args:
        route: method and path as the API reference writes them.
        project_id: of the path: operators' own keys, below `admin`, are for owners.

    Raises:
        NoSuchRoute: the table lacks it, so that nobody may call it.
    """
    permission = NEEDED.get(route)
    if permission is None:
        raise NoSuchRoute("No such route.")
    is_about_operators = project_id == ADMIN and permission in _OF_KEYS
    return Permission.MANAGE_ADMIN_KEYS if is_about_operators else permission
