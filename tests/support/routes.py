"""Every route of the service, with a request that it takes: the table behind the e2e tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.e2e import Answer, Json, Service, a_user

NAMES = ("project_id", "user_id", "key_id", "run_id", "event_id", "endpoint_id", "delivery_id")
"""What stands in paths."""

ADMIN = "admin"
"""The scope of operators' routes."""

PROJECTS = "/api/v1/admin/projects"
PROJECT = f"{PROJECTS}/{{project_id}}"
KEY = f"{PROJECT}/keys/{{key_id}}"
ENDPOINT = f"{PROJECT}/endpoints/{{endpoint_id}}"
ACCOUNT = "/api/v1/admin/accounts/{project_id}/{user_id}"


@dataclass(frozen=True)
class Tenant:
    """A project of its own with one of everything. Build it with `a_tenant`."""

    service: Service
    project: Json
    catalog: Json
    key: str
    names: dict[str, str]
    """What stands in a path, as in `NAMES`."""
    grant_id: str
    """A grant of the user that may be revoked: of `theme`; the one of `export` stays."""

    @property
    def project_id(self) -> str:
        return self.names["project_id"]

    @property
    def user_id(self) -> str:
        return self.names["user_id"]

    def operator(self, method: str, path: str, body: Any = None, **query: str) -> Answer:
        """Call an operators' route."""
        key = self.service.admin_key
        return self.service.call(method, path, body, query=query, key=key)

    def new_key(self, *, status: int = 200, **fields: Any) -> Json:
        """Make a key for the project."""
        body = {"name": "spare", **fields}
        made: Json = self.operator("POST", f"{PROJECTS}/{self.project_id}/keys", body).ok(status)
        return made


Part = Callable[[Tenant], Json]


@dataclass(frozen=True)
class Route:
    """One route.

    Attributes:
        scope: what a key needs; `None` where no key is asked for.
        body, query: of a request that is fine; `None` for no body.
        names: what to put in the path instead of the tenant's names.
        answers: fields that the answer has at least.
    """

    method: str
    path: str
    scope: str | None
    answers: str = ""
    body: Part | None = None
    query: Part = field(default=lambda _: {})
    names: Part = field(default=lambda _: {})
    status: int = 200

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_for_operators(self) -> bool:
        return self.scope == ADMIN

    def send(
        self, tenant: Tenant, *, key: str | None = None, own: bool = False, **changed: Any
    ) -> Answer:
        """Send the request about a tenant, `own` with the key that belongs there."""
        if own:
            key = self.key_of(tenant)
        path = self.path.format_map(tenant.names | self.names(tenant))
        sent: Json = {"query": self.query(tenant), "key": key}
        if self.body is not None and "raw" not in changed:
            sent["body"] = self.body(tenant)
        return tenant.service.call(self.method, path, **(sent | changed))

    def without_side_effects(self) -> Route:
        """The same about a key that does not exist: for requests that are to be refused."""
        return replace(self, names=lambda _: {"key_id": "key_none"})

    def key_of(self, tenant: Tenant) -> str:
        """The key that opens it for the tenant."""
        return tenant.service.admin_key if self.is_for_operators else tenant.key


def of_user(tenant: Tenant) -> Json:
    return {"user_id": tenant.user_id}


def of_account(tenant: Tenant) -> Json:
    return {"project_id": tenant.project_id, "user_id": tenant.user_id}


def of_export(tenant: Tenant) -> Json:
    return {"feature_code": "export"}


def of_account_export(tenant: Tenant) -> Json:
    return of_account(tenant) | of_export(tenant)


def of_project(tenant: Tenant) -> Json:
    return {"project_id": tenant.project_id}


def an_order(tenant: Tenant) -> Json:
    return tenant.service.order(a_user(), "monthly")


def a_visit(tenant: Tenant) -> Json:
    return {"user_id": tenant.user_id, "return_url": f"{tenant.service.app}/settings"}


def a_grant(tenant: Tenant) -> Json:
    granted = {"user_id": a_user(), "feature_code": "export", "reason": "Beta tester"}
    return {"project_id": tenant.project_id, **granted}


def a_revocation(tenant: Tenant) -> Json:
    return {"grant_id": tenant.grant_id, "revoke_reason": "The beta is over"}


def an_update(tenant: Tenant) -> Json:
    return {name: tenant.project[name] for name in ("name", "allowed_origins")}


def a_fresh_key(tenant: Tenant) -> Json:
    return {"key_id": tenant.new_key()["key_id"]}


def an_endpoint(tenant: Tenant) -> Json:
    """One where nobody listens, and which is told of what does not happen here."""
    return {"url": "http://localhost:9/hooks", "event_types": ["trial.ending"]}


def a_fresh_endpoint(tenant: Tenant) -> Json:
    path = f"{PROJECTS}/{tenant.project_id}/endpoints"
    return {"endpoint_id": tenant.operator("POST", path, an_endpoint(tenant)).ok()["endpoint_id"]}


ENTITLEMENTS = Route(
    "GET", "/api/v1/entitlements", "entitlements",
    "user_id project_id entitlements checked_at revision", query=of_user,
)  # fmt: skip
CHECK = Route(
    "GET", "/api/v1/entitlements/check", "entitlements",
    "user_id project_id feature_code allowed value reason source valid_to checked_at revision",
    query=lambda t: of_user(t) | {"feature_code": "export"},
)  # fmt: skip
BATCH = Route(
    "POST", "/api/v1/entitlements/batch", "entitlements", "results",
    body=lambda t: {"user_ids": [t.user_id, "nobody"]},
)  # fmt: skip
CHECKOUT = Route(
    "POST", "/api/v1/checkout/create", "checkout", "checkout_url session_id expires_at",
    body=an_order,
)  # fmt: skip
PORTAL = Route(
    "POST", "/api/v1/portal/create-session", "portal", "portal_url expires_at", body=a_visit
)
METRICS = Route(
    "GET", "/api/v1/metrics/project/{project_id}", "metrics",
    "project_id active_subscriptions trialing_subscriptions total_subscriptions "
    "estimated_mrr_cents estimated_mrr_dollars by_status currency purchases accounts generated_at",
)  # fmt: skip
GRANT = Route(
    "POST", "/api/v1/admin/grant", ADMIN,
    "grant_id user_id project_id feature_code value reason valid_from valid_to granted_at "
    "granted_by", body=a_grant,
)  # fmt: skip
REVOKE = Route(
    "POST", "/api/v1/admin/revoke", ADMIN, "grant_id revoked_at revoked_by revoke_reason",
    body=a_revocation,
)  # fmt: skip
RECONCILE = Route(
    "POST", "/api/v1/admin/reconcile", ADMIN, "run_id status", body=of_project, status=202
)
NEW_PROJECT = Route("POST", PROJECTS, ADMIN, "id name allowed_origins", body=lambda t: t.project)
UPDATE_PROJECT = Route("PUT", PROJECT, ADMIN, "id name allowed_origins", body=an_update)
NEW_KEY = Route(
    "POST", f"{PROJECT}/keys", ADMIN,
    "key key_id project_id name scopes created_at created_by expires_at revoked_at",
    body=lambda _: {"name": "web server"},
)  # fmt: skip
ROTATE = Route("POST", f"{KEY}/rotate", ADMIN, "key key_id", body=lambda _: {}, names=a_fresh_key)
SHOWN_ENDPOINT = (
    "endpoint_id project_id url description event_types enabled disabled_at disabled_reason "
    "failing_since slow_until old_secret_ends_at created_at created_by"
)
NEW_ENDPOINT = Route(
    "POST", f"{PROJECT}/endpoints", ADMIN, f"{SHOWN_ENDPOINT} secret", body=an_endpoint
)
CHANGE_ENDPOINT = Route(
    "PATCH", ENDPOINT, ADMIN, SHOWN_ENDPOINT, body=lambda _: {"description": "the app"}
)
RETRY_ALL = Route(
    "POST", f"{ENDPOINT}/retry", ADMIN, "retried next_cursor",
    body=lambda _: {"since": "2026-01-01T00:00:00Z", "limit": 10}, status=202,
)  # fmt: skip
IMPORT = Route(
    "POST", "/api/v1/admin/accounts/import", ADMIN, "project_id dry_run customers",
    body=lambda t: {
        "project_id": t.project_id,
        "customers": [{"user_id": a_user(), "customer_id": "cus_of_nobody"}],
        "reason": "the old shop's",
        "dry_run": True,
    },
)  # fmt: skip
PUT_CATALOG = Route(
    "PUT", f"{PROJECT}/catalog", ADMIN, "version dry_run changes catalog",
    body=lambda t: t.catalog, query=lambda _: {"dry_run": "true"},
)  # fmt: skip

WITH_A_BODY = (
    CHECKOUT, PORTAL, BATCH, GRANT, REVOKE, RECONCILE, NEW_PROJECT, UPDATE_PROJECT, NEW_KEY,
    ROTATE, PUT_CATALOG, NEW_ENDPOINT, CHANGE_ENDPOINT, RETRY_ALL, IMPORT,
)  # fmt: skip

ROUTES = (
    *WITH_A_BODY,
    ENTITLEMENTS,
    CHECK,
    METRICS,
    Route("GET", "/metrics", ADMIN),
    Route("GET", PROJECTS, ADMIN, "projects next_cursor"),
    Route("GET", PROJECT, ADMIN, "id name allowed_origins"),
    Route("GET", f"{PROJECT}/keys", ADMIN, "keys"),
    Route("POST", f"{KEY}/revoke", ADMIN, "key_id revoked_at", names=a_fresh_key),
    Route("GET", f"{PROJECT}/endpoints", ADMIN, "endpoints"),
    Route("GET", ENDPOINT, ADMIN, SHOWN_ENDPOINT),
    Route("DELETE", ENDPOINT, ADMIN, SHOWN_ENDPOINT, names=a_fresh_endpoint),
    Route("POST", f"{ENDPOINT}/rotate-secret", ADMIN, f"{SHOWN_ENDPOINT} secret"),
    Route("POST", f"{ENDPOINT}/test", ADMIN, "delivery_id state", status=202),
    Route("GET", f"{ENDPOINT}/deliveries", ADMIN, "deliveries next_cursor"),
    Route(
        "GET",
        f"{ENDPOINT}/deliveries/{{delivery_id}}",
        ADMIN,
        "delivery_id endpoint_id type state created_at next_attempt_at attempts event",
    ),
    Route("GET", f"{PROJECT}/catalog", ADMIN, "project_id version features products policy"),
    Route("GET", "/api/v1/admin/accounts", ADMIN, "accounts next_cursor", query=of_project),
    Route("GET", ACCOUNT, ADMIN, "account at catalog_version holdings entitlements history"),
    Route("GET", f"{ACCOUNT}/history", ADMIN, "history next_cursor"),
    Route("GET", "/api/v1/admin/history", ADMIN, "history next_cursor", query=of_account),
    Route("GET", f"{ACCOUNT}/explain", ADMIN, "allowed reason sentence", query=of_export),
    Route(
        "GET", "/api/v1/admin/explain", ADMIN, "allowed reason sentence", query=of_account_export
    ),
    Route("GET", "/api/v1/admin/events", ADMIN, "events next_cursor"),
    Route(
        "GET",
        "/api/v1/admin/events/{event_id}",
        ADMIN,
        "event_id outcome cause_type cause_name caused_at recorded_at actor account",
    ),
    Route(
        "GET",
        "/api/v1/admin/reconcile/{run_id}",
        ADMIN,
        "run_id status actor project_id since dry_run started_at finished_at compared repaired "
        "counts differences error",
    ),
    Route("GET", "/.well-known/jwks.json", None, "keys"),
    Route("GET", "/api/v1/admin/me", ADMIN, "name key_id stage"),
    Route("GET", "/api/v1/admin/timeline", ADMIN, "features at", query=of_account),
    Route(
        "GET",
        "/api/v1/admin/lookup",
        ADMIN,
        "id project_id user_id",
        query=lambda t: {"id": t.grant_id},
    ),
    Route("GET", "/api/v1/admin/reconcile", ADMIN, "runs next_cursor"),
    Route("GET", "/healthz", None, "status"),
    Route("GET", "/live", None, "status"),
    Route("GET", "/ready", None, "status checks"),
    Route("GET", "/openapi.json", None, "openapi info paths components"),
)

WEBHOOK = "POST /api/v1/webhooks/stripe"
"""The one route that is not in the table: it takes no key and a signature instead."""

CATALOG: Json = {
    "features": [
        {"code": "export", "name": "Export", "type": "boolean", "merge": "any"},
        {"code": "seats", "name": "Seats", "type": "limit", "merge": "max"},
        {"code": "theme", "name": "Theme", "type": "setting", "merge": "any"},
    ],
    "products": [
        {
            "id": "pro",
            "name": "Pro",
            "features": {"export": True, "seats": 3},
            "prices": [
                {
                    "id": "monthly",
                    "currency": "usd",
                    "unit_amount": 700,
                    "type": "recurring",
                    "interval": "month",
                    "interval_count": 1,
                },
            ],
        },
    ],
}


def a_tenant(service: Service, *origins: str) -> Tenant:
    """Make a project with one of everything: a user has a grant and a customer.

    Its origins are the demo app's and these.
    """
    names = {"project_id": a_user("e2e"), "user_id": a_user()}
    allowed = [*service.stack["allowed_origins"], *origins]
    project = {"id": names["project_id"], "name": "End to end", "allowed_origins": allowed}

    def operator(method: str, path: str, body: Json) -> Json:
        answer = service.call(method, path, body, key=service.admin_key)
        assert answer.status in (200, 202), answer
        made: Json = answer.json
        return made

    operator("POST", PROJECTS, project)
    catalog = operator("PUT", f"{PROJECTS}/{project['id']}/catalog", CATALOG)["catalog"]
    key = operator("POST", f"{PROJECTS}/{project['id']}/keys", {"name": "app"})
    grant = {**names, "feature_code": "export", "reason": "Beta tester"}
    operator("POST", "/api/v1/admin/grant", grant)
    other = {**grant, "feature_code": "theme", "value": "dark"}
    grant_id = operator("POST", "/api/v1/admin/grant", other)["grant_id"]
    started = operator("POST", "/api/v1/admin/reconcile", {"project_id": project["id"]})
    tenant = Tenant(service, project, catalog, key["key"], names, grant_id)
    service.checkout(names["user_id"], "monthly", key=tenant.key)
    command = service.account(names["user_id"], project_id=tenant.project_id)["history"][0]
    more = {"key_id": key["key_id"], "run_id": started["run_id"], "event_id": command["cause_id"]}
    names.update(more, **a_fresh_endpoint(tenant))
    ping = tenant.operator("POST", f"{ENDPOINT.format_map(names)}/test").ok(202)
    names["delivery_id"] = ping["delivery_id"]
    return tenant
