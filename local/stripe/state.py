"""Everything that the fake knows, behind one lock."""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.stripe.clock import Clock
from local.stripe.errors import missing_object
from local.stripe.tables import Obj, Table

CURRENT_VERSION = "2026-10-28.endive"


@dataclass
class Settings:
    """What a Stripe account lets its owner choose. Durations are in seconds or days."""

    retry_days: tuple[int, ...] = (3, 5, 7)
    dunning_outcome: str = "canceled"  # "unpaid", "past_due", "paused": what the last failure does
    finalize_delay: int = 3600  # a renewal's invoice stays a draft for an hour
    async_days: int = 3  # after which a delayed payment succeeds by itself
    portal_cancel: str = "cancel_at_period_end"  # or "cancel_at": what the portal sets
    keep_events: int = 200_000
    livemode: bool = False


@dataclass
class SessionPlan:
    """What a checkout session will make when it is paid; Stripe does not show it."""

    lines: list[tuple[str, int]]
    subscription_data: Obj = field(default_factory=dict)
    payment_intent_data: Obj = field(default_factory=dict)
    coupon: str | None = None
    method: str | None = None  # how it was paid
    message: str = ""  # what the page tells the person


@dataclass
class SubscriptionBook:
    """What billing remembers about a subscription beside the object that Stripe shows."""

    anchor: int
    pending: list[Obj] = field(default_factory=list)  # lines for the next invoice
    warned_of_trial_end: bool = False


@dataclass(frozen=True)
class Request:
    """Who caused an event: an API request, or nobody (the clock, a person on a page)."""

    id: str | None = None
    idempotency_key: str | None = None


class Timers:
    """What will happen by itself, soonest first; among equals by priority, then by age."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, str, str]] = []
        self._count = 0

    def add(self, at: int, kind: str, subject: str, priority: int = 5) -> None:
        """Let the handler of ``kind`` run for ``subject`` at ``at``."""
        self._count += 1
        heapq.heappush(self._heap, (at, priority, self._count, kind, subject))

    def pop_due(self, until: int) -> tuple[int, str, str] | None:
        """The next (instant, kind, subject) that is not later than ``until``."""
        if not self._heap or self._heap[0][0] > until:
            return None
        at, _, _, kind, subject = heapq.heappop(self._heap)
        return at, kind, subject

    def __len__(self) -> int:
        return len(self._heap)


class World:
    """One Stripe account in memory. Hold ``lock`` around whatever reads or changes it."""

    def __init__(self, now: int | datetime | None = None, settings: Settings | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = Clock(now)
        self.settings = settings or Settings()
        self.base_url = ""
        self.request = Request()
        self.api_version = CURRENT_VERSION
        self.has_endpoint = False
        self.outbox: list[str] = []
        self.timers = Timers()
        self.plans: dict[str, SessionPlan] = {}
        self.books: dict[str, SubscriptionBook] = {}
        self.declines: dict[str, int] = {}  # customer or subscription -> how many; -1 = all
        self.lookup_keys: dict[str, str] = {}
        self.shown_when_asked: dict[str, Obj] = {}  # fields of an object only in expansions
        self.deleted_coupons: set[str] = set()
        self.invoice_numbers: dict[str, int] = {}
        self.customers = Table("customer", "cus", "email")
        self.payment_methods = Table("payment_method", "pm", "customer")
        self.products = Table("product", "prod")
        self.prices = Table("price", "price", "product", "lookup_key")
        self.coupons = Table("coupon", "")
        self.promotion_codes = Table("promotion_code", "promo", "code")
        self.discounts = Table("discount", "di")
        self.sessions = Table(
            "checkout.session", "cs", "customer", "payment_intent", "subscription"
        )
        self.portal_sessions = Table("billing_portal.session", "bps", "customer")
        self.configurations = Table("billing_portal.configuration", "bpc")
        self.subscriptions = Table("subscription", "sub", "customer")
        self.items = Table("subscription_item", "si", "subscription", "price.id")
        self.invoices = Table(
            "invoice", "in", "customer", "parent.subscription_details.subscription"
        )
        self.invoice_payments = Table(
            "invoice_payment", "inpay", "invoice", "payment.payment_intent"
        )
        self.intents = Table("payment_intent", "pi", "customer")
        self.charges = Table("charge", "ch", "customer", "payment_intent")
        self.refunds = Table("refund", "re", "charge", "payment_intent")
        self.disputes = Table("dispute", "dp", "charge", "payment_intent")
        self.events = Table("event", "evt", "type")
        self.features: dict[str, list[Obj]] = {}
        self.tables = [t for t in vars(self).values() if isinstance(t, Table)]
        self._by_prefix = {table.prefix: table for table in self.tables if table.prefix}

    @property
    def now(self) -> int:
        """The fake instant, in whole seconds."""
        return self.clock.now()

    def find(self, object_id: str) -> Obj | None:
        """Any object by its id, or None."""
        table = self._by_prefix.get(object_id.partition("_")[0], self.coupons)
        return table.get(object_id)

    def need(self, table: Table, object_id: Any, param: str = "id") -> Obj:  # noqa: ANN401 - as sent
        """The object that a request names; raises Stripe's ``resource_missing``."""
        obj = table.get(str(object_id))
        if obj is None or (param != "id" and obj.get("deleted")):
            raise missing_object(table.kind, str(object_id), param)
        return obj

    def book(self, subscription: Obj) -> SubscriptionBook:
        """The private record of a subscription."""
        return self.books[subscription["id"]]
