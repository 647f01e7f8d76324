"""A deployed service with a project that sells, and the fake Stripe behind it.

What an app does goes through the real handlers; what a person does happens at the fake Stripe;
what Stripe sends is really signed and goes through `receive`, the queue and `process`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import requests
from stripe import StripeClient

from billing import composition
from billing.adapters.dynamo.models import AccountItem, HistoryItem, LedgerItem, PointerItem
from billing.adapters.stripe.gateway import StripeGateway
from billing.domain.account import AccountKey
from billing.domain.catalog import Catalog, Price, Product, Project
from billing.services.apply_stripe_event import EVENT_HANDLERS
from billing.services.manage_catalog import put_catalog
from billing.services.manage_keys import bootstrap_admin_key, create_key
from billing.services.manage_projects import create_project
from billing.stores import account_store, catalog_store
from functions.checkout.handler import lambda_handler as checkout
from functions.entitlements.handler import lambda_handler as entitlements
from functions.webhooks.process import lambda_handler as process
from functions.webhooks.receive import lambda_handler as receive
from local.stripe import signing
from local.stripe.server import FakeStripeServer
from tests.support.builders import a_catalog
from tests.support.requests import Answer, LambdaContext, call, request
from tests.support.world import ORIGIN

Json = dict[str, Any]

CATALOG_EVENTS = tuple(t for t in EVENT_HANDLERS if t.startswith(("product.", "price.")))
"""What changes what is sold, not what somebody holds."""

STRIPE_KEY = "sk_test_integration"
WEBHOOK_SECRET = "whsec_integration"

REDIRECTS = {
    "success_url": "https://app.example.com/done?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://app.example.com/pricing",
}


def queue_record(payload: Json | str, group: str = "cus_1", number: int = 1) -> Json:
    """A message of the FIFO queue as Lambda receives it."""
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": payload if isinstance(payload, str) else json.dumps(payload),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1772452800000",
            "SequenceNumber": f"{number:020d}",
            "MessageGroupId": group,
            "MessageDeduplicationId": f"deduplication-{number}",
            "SenderId": "AIDAEXAMPLE",
            "ApproximateFirstReceiveTimestamp": "1772452800001",
        },
        "messageAttributes": {},
        "md5OfBody": "0" * 32,
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:events.fifo",
        "awsRegion": "eu-west-1",
    }


def process_records(*records: Json) -> list[str]:
    """Let `process` have a batch; return the ids of the messages that it sends back."""
    answer = process({"Records": list(records)}, LambdaContext())
    return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


@dataclass
class Shop:
    """One project that sells `a_catalog()`. Build it with `open_shop`."""

    stripe: FakeStripeServer
    project_id: str
    key: str
    admin_key: str
    catalog: Catalog

    # -- what an app does

    def checkout(
        self,
        user_id: str,
        price_id: str = "pro_monthly",
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> Answer:
        """Start a checkout."""
        one_time = price_id in ("once", "pass_30")
        body = {
            "user_id": user_id,
            "price_id": price_id,
            "mode": "payment" if one_time else "subscription",
            **REDIRECTS,
            **fields,
        }
        path = "/api/v1/checkout/create"
        return call(checkout, request("POST", path, json_body=body, key=self.key, headers=headers))

    def entitlements(self, user_id: str, **query: str) -> Json:
        """Ask what a user may use."""
        asked = {"user_id": user_id, **query}
        status, body, _ = call(
            entitlements, request("GET", "/api/v1/entitlements", query=asked, key=self.key)
        )
        assert status == 200, body
        found: Json = body
        return found

    def features(self, user_id: str) -> dict[str, Any]:
        """What a user may use now, and how much of it."""
        return {e["feature_code"]: e["value"] for e in self.entitlements(user_id)["entitlements"]}

    # -- what a person does

    def buy(
        self, user_id: str, price_id: str = "pro_monthly", *, delayed: bool = False, **fields: Any
    ) -> Json:
        """Check out and pay; return the session. Nothing is delivered yet."""
        status, body, _ = self.checkout(user_id, price_id, **fields)
        assert status == 200, body
        paid: Json = self.stripe.pay(body["session_id"], delayed=delayed)
        return paid

    def refund(self, payment_intent: str, amount: int | None = None) -> None:
        """Give money back in Stripe's dashboard, a second later; all of it unless told."""
        self.stripe.advance(seconds=1)
        given: Any = {"payment_intent": payment_intent, **({"amount": amount} if amount else {})}
        self.client.v1.refunds.create(given)

    @property
    def client(self) -> StripeClient:
        """Stripe's own SDK, for what is done in its dashboard."""
        return StripeClient(STRIPE_KEY, base_addresses={"api": self.stripe.url})

    # -- what Stripe does

    def events(self, *types: str) -> list[Json]:
        """The events of these types, or all that the service handles of accounts, oldest first."""
        wanted = types or tuple(t for t in EVENT_HANDLERS if t not in CATALOG_EVENTS)
        return [event for event in self.stripe.events() if event["type"] in wanted]

    def payload(self, event: Json, version: str = "2026-10-28.endive") -> Json:
        """An event as an endpoint of that API version gets it."""
        body, _ = self.stripe.signed(event, version=version)
        found: Json = json.loads(body)
        return found

    def deliver(self, events: Iterable[Json], version: str = "2026-10-28.endive") -> list[str]:
        """Let `process` have these events, one batch each; return the ids of the failed ones."""
        return [
            event["id"]
            for event in events
            if process_records(queue_record(self.payload(event, version)))
        ]

    def deliver_all(self, version: str = "2026-10-28.endive") -> None:
        """Let `process` have every event so far, in order."""
        assert self.deliver(self.events(), version) == []

    def receive(self, event: Json, **signing: Any) -> Answer:
        """Send a signed event to the webhook endpoint."""
        body, headers = self.stripe.signed(event, **{"timestamp": self.stripe.now, **signing})
        return call(
            receive, request("POST", "/api/v1/webhooks/stripe", body=body.decode(), headers=headers)
        )

    def reads_at_stripe(self, action: Callable[[], object]) -> int:
        """Count the reads at Stripe that an action makes, by a fault that never comes."""
        never = 1_000_000
        self.stripe.add_fault(method="GET", skip=never)
        action()
        (fault,) = self.stripe.api.faults.planned
        self.stripe.api.faults.planned.clear()
        return never - fault.skip

    def control(self, path: str, **fields: Any) -> None:
        """Tell the fake what a bank, a card or a person does; see `local.stripe.deeds`."""
        sent = requests.post(f"{self.stripe.url}/_fake/{path}", json=fields, timeout=10)
        assert sent.ok, sent.text

    def sign(self, body: bytes) -> dict[str, str]:
        """The headers of a delivery of any body."""
        return signing.headers(body, (WEBHOOK_SECRET,), self.stripe.now)

    # -- what operators do

    def add_product(self, product_id: str, features: dict[str, Any], stripe_price: str) -> None:
        """Sell a price that exists at Stripe."""
        store = catalog_store()
        price = Price(product_id, "usd", 100, interval="month", stripe_price_id=stripe_price)
        product = Product(product_id, product_id, features, (price,), stripe_product_id="prod_x")
        wanted = replace(self.catalog, products=(*self.catalog.products, product))
        put_catalog(store, self.gateway, wanted, by="Ada", now=composition.now())

    def gateway(self) -> StripeGateway:
        """Reach Stripe as the service does."""
        return StripeGateway(STRIPE_KEY, self.stripe.url)

    def another_project(self, project_id: str) -> Shop:
        """Deploy a second project beside this one, in the same Stripe account."""
        return open_shop(self.stripe, project_id)

    def forget(self, user_id: str) -> None:
        """Put the service back to before it heard of a user, for another order of events."""
        account = str(AccountKey(self.project_id, user_id))
        items = (*AccountItem.query(account), *HistoryItem.query(account))
        for item in (*items, *PointerItem.scan(), *LedgerItem.scan()):
            item.delete()

    def restart(self) -> None:
        """Let a new process serve: nothing is remembered."""
        composition.reset()
        composition.use_clock(lambda: clock_of(self.stripe))

    # -- what is true

    def account(self, user_id: str) -> Any:
        """The account as it is stored."""
        return account_store().load(AccountKey(self.project_id, user_id))

    def outcome(self, event: Json) -> str | None:
        """What the ledger says of an event."""
        entry = account_store().ledger_entry(event["id"])
        return None if entry is None else str(entry.reason or entry.outcome)


def open_shop(stripe: FakeStripeServer, project_id: str = "demo") -> Shop:
    """Deploy a project with its catalog, its prices at Stripe, and keys; time is the fake's."""
    composition.use_clock(lambda: clock_of(stripe))
    now = composition.now()
    store = catalog_store()
    create_project(store, Project(project_id, "Demo", (ORIGIN,)), allow_localhost=True)
    gateway = StripeGateway(STRIPE_KEY, stripe.url)
    wanted = _without_stripe_ids(replace(a_catalog(), project_id=project_id))
    put = put_catalog(store, lambda: gateway, wanted, by="Ada", now=now)
    return Shop(
        stripe=stripe,
        project_id=project_id,
        key=create_key(store, project_id, name="app", by="Ada", now=now).key,
        admin_key=bootstrap_admin_key(store, "Ada", now),
        catalog=put.catalog,
    )


def clock_of(stripe: FakeStripeServer) -> datetime:
    """The fake's instant: in these tests the service's clock goes with it."""
    return datetime.fromtimestamp(stripe.now, UTC)


def _without_stripe_ids(catalog: Catalog) -> Catalog:
    products = tuple(
        replace(
            product,
            stripe_product_id=None,
            prices=tuple(replace(price, stripe_price_id=None) for price in product.prices),
        )
        for product in catalog.products
    )
    return replace(catalog, version=0, products=products)
