"""Two projects in one service: no key of one learns or changes anything of the other."""

from __future__ import annotations

import copy
import uuid

import pytest

from tests.support import routes
from tests.support.e2e import Json, Service, a_user, eventually
from tests.support.routes import PROJECTS, ROUTES, Route, Tenant, a_tenant

THEIR_ORIGIN = "https://their.example.org"


@pytest.fixture(scope="module")
def ours(service: Service) -> Tenant:
    return a_tenant(service)


@pytest.fixture(scope="module")
def theirs(service: Service) -> Tenant:
    """The other project: it has its own origin, a feature and a price that ours has not."""
    tenant = a_tenant(service, THEIR_ORIGIN)
    catalog = copy.deepcopy(tenant.catalog)
    catalog["features"].append({"code": "secret", "name": "S", "type": "boolean", "merge": "any"})
    price = {"currency": "usd", "unit_amount": 1, "type": "recurring", "interval": "month"}
    catalog["products"].append(
        {
            "id": "theirs",
            "name": "Theirs",
            "features": {"secret": True},
            "prices": [{**price, "id": "theirs_only", "interval_count": 1}],
        }
    )
    put = tenant.operator("PUT", f"{PROJECTS}/{tenant.project_id}/catalog", catalog).ok()
    tenant.catalog.update(put["catalog"])
    return tenant


def _bare(problem: Json) -> Json:
    return {name: value for name, value in problem.items() if name != "request_id"}


# -- naming the other project

NAMING_A_PROJECT = [
    (routes.CHECKOUT, "body"),
    (routes.PORTAL, "body"),
    (routes.BATCH, "body"),
    (routes.ENTITLEMENTS, "query"),
    (routes.CHECK, "query"),
]


@pytest.mark.parametrize(("route", "part"), NAMING_A_PROJECT, ids=str)
def test_no_key_opens_a_project_that_is_named_beside_it(
    ours: Tenant, theirs: Tenant, route: Route, part: str
) -> None:
    made = route.body if part == "body" else route.query
    assert made is not None

    def named(project_id: str) -> Json:
        sent: Json = {part: made(theirs) | {"project_id": project_id}}
        return _bare(route.send(ours, own=True, **sent).problem(403, "forbidden"))

    # Whether the other project exists is not to be learned either.
    assert named(theirs.project_id) == named("there-is-no-such")
    for other in ("admin", "", "../x", ours.project_id.upper()):
        sent: Json = {part: made(ours) | {"project_id": other}}
        route.send(ours, own=True, **sent).problem(403, "forbidden")


def test_no_key_opens_the_figures_of_another_project(ours: Tenant, theirs: Tenant) -> None:
    refused = routes.METRICS.send(theirs, key=ours.key).problem(403, "forbidden")
    path = "/api/v1/metrics/project/there-is-no-such"
    unknown = ours.service.call("GET", path, key=ours.key).problem(403, "forbidden")
    assert _bare(refused) == _bare(unknown)


@pytest.mark.parametrize("route", [r for r in ROUTES if r.is_for_operators], ids=str)
def test_no_projects_key_opens_an_operators_route_about_the_other(
    ours: Tenant, theirs: Tenant, route: Route
) -> None:
    asked = route.without_side_effects()
    about_theirs = _bare(asked.send(theirs, key=ours.key).problem(403, "forbidden"))
    assert about_theirs == _bare(asked.send(ours, key=ours.key).problem(403, "forbidden"))


# -- the other project's things, under our own name


def test_their_users_are_strangers_here(ours: Tenant, theirs: Tenant) -> None:
    user = {"user_id": theirs.user_id}
    assert theirs.service.features(theirs.user_id, key=theirs.key)["export"] is True
    found = routes.ENTITLEMENTS.send(ours, own=True, query=user | {"include": "inactive"}).ok()
    assert (found["entitlements"], found["revision"]) == ([], 0)
    for code in ("export", "secret"):
        query = user | {"feature_code": code}
        checked = routes.CHECK.send(ours, own=True, query=query).ok()
        assert (checked["allowed"], checked["source"], checked["revision"]) == (False, None, 0)
        assert checked["reason"] == {"export": "not_held", "secret": "unknown_feature"}[code]
    (batched,) = routes.BATCH.send(ours, own=True, body={"user_ids": [theirs.user_id]}).ok()[
        "results"
    ]
    assert batched["entitlements"] == []
    visit = routes.a_visit(ours)
    refused = [
        routes.PORTAL.send(ours, own=True, body=visit | {"user_id": who}).problem(404)
        for who in (theirs.user_id, "nobody")
    ]
    assert _bare(refused[0]) == _bare(refused[1])


def test_their_prices_are_not_sold_here(ours: Tenant, theirs: Tenant) -> None:
    (pro, only) = theirs.catalog["products"]
    foreign = [
        "theirs_only",
        pro["prices"][0]["stripe_price_id"],
        only["prices"][0]["stripe_price_id"],
        only["stripe_product_id"],
        f"{theirs.project_id}:theirs_only",
        f"{theirs.project_id}:monthly",
        theirs.service.prices["pro_monthly"],
    ]
    order = routes.an_order(ours)
    answers = [
        routes.CHECKOUT.send(ours, own=True, body=order | {"price_id": price})
        for price in [*foreign, "price_unknown"]
    ]
    refused = [_bare(answer.problem(422, "invalid_input", "price_id")) for answer in answers]
    assert all(each == refused[-1] for each in refused)


def test_their_origins_are_no_origins_here(ours: Tenant, theirs: Tenant) -> None:
    order, visit = routes.an_order(ours), routes.a_visit(ours)
    for name in ("success_url", "cancel_url"):
        body = order | {name: f"{THEIR_ORIGIN}/done"}
        routes.CHECKOUT.send(ours, own=True, body=body).problem(422, "invalid_input", name)
    body = visit | {"return_url": THEIR_ORIGIN}
    routes.PORTAL.send(ours, own=True, body=body).problem(422, "invalid_input", "return_url")


def test_their_keys_are_not_managed_under_our_name(ours: Tenant, theirs: Tenant) -> None:
    path = f"{PROJECTS}/{ours.project_id}/keys/{theirs.names['key_id']}"
    for verb in ("rotate", "revoke"):
        ours.operator("POST", f"{path}/{verb}").problem(404, "not_found")
    routes.ENTITLEMENTS.send(theirs, own=True).ok()
    listed = ours.operator("GET", f"{PROJECTS}/{ours.project_id}/keys").ok()["keys"]
    assert {key["project_id"] for key in listed} == {ours.project_id}


def test_their_features_and_stripe_ids_are_not_ours(ours: Tenant, theirs: Tenant) -> None:
    grant = routes.a_grant(ours) | {"feature_code": "secret"}
    answer = routes.GRANT.send(ours, own=True, body=grant)
    answer.problem(422, "invalid_input", "feature_code")
    path = f"{PROJECTS}/{ours.project_id}/catalog"
    before = ours.operator("GET", path).ok()
    catalog = copy.deepcopy(before)
    catalog["products"].append(theirs.catalog["products"][-1] | {"features": {"export": True}})
    for dry_run in ("true", "false"):
        query = {"dry_run": dry_run}
        ours.operator("PUT", path, catalog, **query).problem(409, "stripe_id_taken")
    assert ours.operator("GET", path).ok() == before


def test_a_list_of_ours_has_nothing_of_theirs(ours: Tenant, theirs: Tenant) -> None:
    listed = ours.operator("GET", "/api/v1/admin/accounts", project_id=ours.project_id).ok()
    users = {account["user_id"] for account in listed["accounts"]}
    assert ours.user_id in users
    assert theirs.user_id not in users
    assert {account["project_id"] for account in listed["accounts"]} == {ours.project_id}


# -- the same names on both sides


def test_a_user_of_the_same_name_is_another_user(
    service: Service, ours: Tenant, theirs: Tenant
) -> None:
    user = a_user("namesake")
    service.buy(user, "monthly", key=ours.key)
    eventually(lambda: service.features(user, key=ours.key))
    assert service.features(user, key=theirs.key) == {}
    service.checkout(user, "monthly", key=theirs.key)
    accounts = [
        service.account(user, project_id=tenant.project_id)["account"] for tenant in (ours, theirs)
    ]
    assert accounts[0]["customer_id"] != accounts[1]["customer_id"]
    figures = [routes.METRICS.send(tenant, own=True).ok() for tenant in (ours, theirs)]
    assert [each["active_subscriptions"] for each in figures] == [1, 0]
    assert [each["estimated_mrr_cents"] for each in figures] == [700, 0]


def test_an_idempotency_key_of_the_same_name_is_another_key(ours: Tenant, theirs: Tenant) -> None:
    headers = {"Idempotency-Key": a_user("order")}
    here = routes.CHECKOUT.send(ours, own=True, headers=headers).ok()
    there = routes.CHECKOUT.send(theirs, own=True, headers=headers).ok()
    assert here["session_id"] != there["session_id"]


def test_a_separator_in_a_user_id_reaches_no_other_account(ours: Tenant, theirs: Tenant) -> None:
    for user in (f"{theirs.project_id}#{theirs.user_id}", f"#{theirs.user_id}", "access", "grant#"):
        query = {"user_id": user, "include": "inactive"}
        assert routes.ENTITLEMENTS.send(ours, own=True, query=query).ok()["entitlements"] == []


# -- Stripe's events


def test_an_event_that_names_the_other_project_is_never_trusted(
    service: Service, ours: Tenant, theirs: Tenant
) -> None:
    user = a_user("victim")
    with service.disturbed(drop=True):
        service.buy(user, "monthly", key=ours.key)
    here = service.account(user, project_id=ours.project_id)["account"]
    (known,) = service.events_of(here["customer_id"], "customer.subscription.updated")
    forged = copy.deepcopy(known) | {"id": f"evt_{uuid.uuid4().hex}"}
    forged["data"]["object"]["metadata"] = {"project_id": theirs.project_id, "user_id": user}
    service.post_event(forged).ok()
    entry = eventually(lambda: service.event(forged["id"]))
    assert entry is not None
    assert (entry["outcome"], entry["reason"]) == ("parked", "unknown_price")
    for tenant in (ours, theirs):
        assert service.features(user, key=tenant.key) == {}
    there = service.account(user, project_id=theirs.project_id)["account"]
    assert (there["revision"], there["subscriptions"]) == (0, [])


# -- the two that the stack begins with


def test_the_demo_projects_are_apart_too(service: Service) -> None:
    user = a_user("demo")
    service.buy(user, "minutes_100", key=service.other_key)
    eventually(lambda: service.features(user, key=service.other_key))
    assert service.features(user) == {}
    for key, project_id in (
        (service.key, service.other_project_id),
        (service.other_key, service.project_id),
    ):
        query = {"user_id": user, "project_id": project_id}
        path = "/api/v1/entitlements"
        service.call("GET", path, query=query, key=key).problem(403, "forbidden")
        metrics = f"/api/v1/metrics/project/{project_id}"
        service.call("GET", metrics, key=key).problem(403, "forbidden")
    body = service.order(user, service.prices["pro_monthly"])
    refused = service.call("POST", "/api/v1/checkout/create", body, key=service.other_key)
    refused.problem(422, "invalid_input", "price_id")
