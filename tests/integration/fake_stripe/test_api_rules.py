from __future__ import annotations

import threading
from typing import Any

import pytest
import requests
import stripe

from local.stripe.server import FakeStripeServer

from .conftest import Shop


def raw(server: FakeStripeServer, method: str, path: str, **given: Any) -> requests.Response:
    headers = {"Authorization": "Bearer sk_test_x"} | given.pop("headers", {})
    return requests.request(method, server.url + path, headers=headers, timeout=5, **given)


def test_a_key_is_needed(server: FakeStripeServer) -> None:
    answer = requests.get(f"{server.url}/v1/customers", timeout=5)
    assert answer.status_code == 401
    assert "You did not provide an API key" in answer.json()["error"]["message"]
    wrong = stripe.StripeClient("pk_test_public", base_addresses={"api": server.url})
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        wrong.v1.customers.list()
    assert requests.get(f"{server.url}/v1/customers", auth=("sk_test_x", ""), timeout=5).ok


@pytest.mark.parametrize(
    "path",
    ["customers/cus_0", "subscriptions/sub_0", "checkout/sessions/cs_0", "prices/price_0",
     "events/evt_0", "charges/ch_0", "refunds/re_0", "disputes/dp_0", "invoices/in_0",
     "payment_intents/pi_0"],
)  # fmt: skip
def test_an_unknown_id_is_missing(server: FakeStripeServer, path: str) -> None:
    answer = raw(server, "GET", f"/v1/{path}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (404, "resource_missing", "id")
    assert error["type"] == "invalid_request_error"
    assert answer.headers["Request-Id"].startswith("req_")


def test_an_unknown_url_is_unrecognized(server: FakeStripeServer) -> None:
    answer = raw(server, "GET", "/v1/nothing")
    assert answer.status_code == 404
    assert "Unrecognized request URL (GET: /v1/nothing)" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "form", "code", "param"),
    [
        ("/v1/products", {}, "parameter_missing", "name"),
        ("/v1/products", {"name": ""}, "parameter_invalid_empty", "name"),
        ("/v1/customers", {"nickname": "x"}, "parameter_unknown", "nickname"),
        ("/v1/customers", {"address[planet]": "x"}, "parameter_unknown", "address[planet]"),
        ("/v1/customers", {"balance": "much"}, "parameter_invalid_integer", "balance"),
        ("/v1/subscriptions", {"customer": "cus_0"}, "resource_missing", "customer"),
    ],
)
def test_wrong_parameters_are_named(
    server: FakeStripeServer, path: str, form: dict[str, str], code: str, param: str
) -> None:
    answer = raw(server, "POST", path, data=form)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param)


def test_an_idempotency_key_replays_the_first_answer(shop: Shop) -> None:
    create = shop.client.v1.customers.create
    first = create({"name": "Ann"}, {"idempotency_key": "k1"})
    again = create({"name": "Ann"}, {"idempotency_key": "k1"})
    assert again.id == first.id
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(shop.server.state.customers) == 1
    assert shop.server.events("customer.created")[0]["request"]["idempotency_key"] == "k1"
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        create({"name": "Bo"}, {"idempotency_key": "k1"})
    assert refused.value.http_status == 400


def test_a_refused_request_leaves_its_idempotency_key_free(shop: Shop) -> None:
    options: Any = {"idempotency_key": "k2"}
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.products.create({"name": ""}, options)
    assert shop.client.v1.products.create({"name": "Now"}, options).name == "Now"


def test_twenty_equal_requests_at_once_have_one_effect(shop: Shop) -> None:
    def create() -> None:
        raw(shop.server, "POST", "/v1/customers", headers={"Idempotency-Key": "once"})

    threads = [threading.Thread(target=create) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shop.server.state.customers) == 1


def test_a_lookup_key_moves_only_when_asked_to(shop: Shop) -> None:
    price: Any = {"product_data": {"name": "New"}, "currency": "eur", "unit_amount": 5}
    price["lookup_key"] = "pro_monthly"
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        shop.client.v1.prices.create(price)
    price["transfer_lookup_key"] = True
    new = shop.client.v1.prices.create(price)
    found = shop.client.v1.prices.list({"lookup_keys": ["pro_monthly"]}).data
    assert [p.id for p in found] == [new.id]
    assert shop.client.v1.prices.retrieve(shop.monthly).lookup_key is None


def test_metadata_is_merged_and_unset(shop: Shop) -> None:
    update = shop.client.v1.customers.update
    customer = shop.client.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    merged = update(customer.id, {"metadata": {"b": "", "c": "3"}}).metadata
    assert merged is not None
    assert merged.to_dict() == {"a": "1", "c": "3"}
    previous = shop.server.events("customer.updated")[-1]["data"]["previous_attributes"]
    assert previous == {"metadata": {"b": "2", "c": None}}
    update(customer.id, {"metadata": ""})
    assert shop.server.state.customers.rows[customer.id]["metadata"] == {}
    before = shop.mark()
    update(customer.id, {"metadata": {}})
    assert shop.mark() == before


def test_a_fault_strikes_before_the_effect(shop: Shop) -> None:
    shop.server.add_fault(method="POST", path="/v1/customers", status=429)
    with pytest.raises(stripe.RateLimitError):
        shop.client.v1.customers.create({})
    assert len(shop.server.state.customers) == 0
    assert shop.client.v1.customers.create({}).id


def test_a_dropped_answer_is_replayed_by_the_retry_of_the_sdk(shop: Shop) -> None:
    shop.server.add_fault(method="POST", path="/v1/customers", drop=True, when="after")
    patient = stripe.StripeClient(
        "sk_test_x", base_addresses={"api": shop.server.url}, max_network_retries=2
    )
    customer = patient.v1.customers.create({})
    assert [row["id"] for row in shop.server.state.customers.rows.values()] == [customer.id]


def test_faults_are_planned_over_http(shop: Shop) -> None:
    url = f"{shop.server.url}/_fake/faults"
    requests.post(url, json={"path": "/v1/*", "status": 503, "times": 2, "skip": 1}, timeout=5)
    shop.client.v1.customers.list()
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            shop.client.v1.customers.list()
    shop.client.v1.customers.list()
    assert requests.post(url, json={"colour": "red"}, timeout=5).status_code == 400
    assert requests.delete(url, timeout=5).json() == {"planned": 0}


def test_reset_forgets_everything(shop: Shop) -> None:
    shop.subscribe()
    requests.post(f"{shop.server.url}/_fake/reset", timeout=5)
    counts = requests.get(f"{shop.server.url}/_fake/state", timeout=5).json()
    assert set(counts.values()) == {0}
    assert shop.client.v1.customers.create({}).id


def test_a_connection_carries_many_requests(server: FakeStripeServer) -> None:
    with requests.Session() as kept:
        kept.headers["Authorization"] = "Bearer sk_test_x"
        for _ in range(3):
            answer = kept.get(f"{server.url}/v1/customers", timeout=5)
            assert answer.headers.get("Connection") != "close"
