"""Start a checkout: from what an app asks for to a page where its user pays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from billing.adapters.stripe.orders import CheckoutSession, Mode, SessionOrder
from billing.adapters.stripe.trouble import CustomerGone
from billing.domain.account import Account, AccountKey
from billing.domain.catalog import Catalog, Price, PriceType, Product, Project
from billing.domain.changes import Cause, CauseType, Decision
from billing.domain.errors import (
    AlreadySubscribed,
    BelongsToOtherAccount,
    InvalidInput,
    NotFound,
)
from billing.domain.policy import earliest
from billing.domain.redirects import check_redirect
from billing.domain.status import SubscriptionStatus
from billing.domain.subscription import Subscription, standing
from billing.services.commit import commit

if TYPE_CHECKING:
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.stripe.gateway import StripeGateway


class Catalogs(Protocol):
    """Where projects and catalogs are read."""

    def project(self, project_id: str) -> Project | None:
        """Find a project."""

    def catalog(self, project_id: str, *, fresh: bool = False) -> Catalog:
        """Return a project's catalog; `fresh` as it is this moment."""


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """What an app asks for.

    Attributes:
        price_id: a lookup key of the catalog, or Stripe's id.
        trial_days: `None` for no trial.
        idempotency_key: the caller's own, which makes a repetition harmless.
    """

    key: AccountKey
    price_id: str
    mode: Mode
    success_url: str
    cancel_url: str
    quantity: int = 1
    customer_email: str | None = None
    trial_days: int | None = None
    allow_promotion_codes: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None


_MODE_OF: dict[PriceType, Mode] = {
    PriceType.RECURRING: "subscription",
    PriceType.ONE_TIME: "payment",
}

_LIVE = frozenset(
    {
        SubscriptionStatus.TRIALING,
        SubscriptionStatus.ACTIVE,
        SubscriptionStatus.PAST_DUE,  # Stripe is still collecting: a second one would be billed too
    }
)


def start_checkout(
    order: CheckoutOrder,
    *,
    catalogs: Catalogs,
    accounts: AccountStore,
    stripe: StripeGateway,
    actor: str,
    now: datetime,
    local_is_allowed: bool = False,
) -> CheckoutSession:
    """Make a checkout page at Stripe for one price of the project's catalog.

    The account's Stripe customer is made before the first checkout and linked to the account, so
    that whatever Stripe says of that customer afterwards finds the account.

    Args:
        order: what is asked for.
        catalogs: projects and catalogs.
        accounts: the account store.
        stripe: the gateway.
        actor: the name of the key that asks.
        now: the instant.
        local_is_allowed: whether redirects to this machine are fine: in development.

    Raises:
        InvalidInput: the price, its mode, a URL or another field is not possible.
        AlreadySubscribed: the user holds a subscription to the product already.
        IdempotencyKeyReused: the idempotency key was used with other parameters.
        NotFound: there is no such project.
    """
    project = catalogs.project(order.key.project_id)
    if project is None:
        raise NotFound(f"There is no project '{order.key.project_id}'.")
    for name, url in (("success_url", order.success_url), ("cancel_url", order.cancel_url)):
        check_redirect(name, url, project.allowed_origins, local_is_allowed=local_is_allowed)
    catalog, product, price = _sold(order, catalogs)
    account = accounts.load(order.key)
    if order.mode == "subscription" and not product.allow_multiple:
        _refuse_a_second(account, product, catalog, now)

    def session_for(customer_id: str, idempotency_key: str | None) -> CheckoutSession:
        session = _session(order, customer_id, str(price.stripe_price_id))
        return stripe.create_checkout_session(session, idempotency_key)

    customers = _Customers(order, accounts, stripe, actor, now)
    customer_id = account.customer_id or customers.make(instead_of=None)
    try:
        return session_for(customer_id, _idempotency_key(order))
    except CustomerGone:
        made = customers.make(instead_of=customer_id)
        # Stripe may keep the refusal under the first key, so the second try has its own.
        return session_for(made, _idempotency_key(order, customer_id))


def _sold(order: CheckoutOrder, catalogs: Catalogs) -> tuple[Catalog, Product, Price]:
    catalog = catalogs.catalog(order.key.project_id)
    found = catalog.find_price(order.price_id)
    if found is None:  # it may be newer than the catalog of some seconds ago
        catalog = catalogs.catalog(order.key.project_id, fresh=True)
        found = catalog.find_price(order.price_id)
    if found is None:
        raise InvalidInput.field("price_id", "is not in the project's catalog")
    product, price = found
    if not (price.active and product.active):
        raise InvalidInput.field("price_id", "is not sold any more")
    if price.stripe_price_id is None:
        raise InvalidInput.field("price_id", "does not exist at Stripe yet; put the catalog again")
    mode = _MODE_OF[price.type]
    if order.mode != mode:
        raise InvalidInput.field("mode", f"must be '{mode}' for this price")
    if order.trial_days is not None and mode != "subscription":
        raise InvalidInput.field("trial_days", "is for subscriptions only")
    return catalog, product, price


def _refuse_a_second(account: Account, product: Product, catalog: Catalog, now: datetime) -> None:
    for held in account.subscriptions.values():
        if _is_live(held, now) and _is_of(held, product, catalog):
            raise AlreadySubscribed(f"The user holds '{product.id}' by {held.id}.")


def _is_live(held: Subscription, now: datetime) -> bool:
    at_period_end = held.period_end if held.cancel_at_period_end else None
    end = earliest(held.cancel_at, at_period_end)
    return standing(held).status in _LIVE and (end is None or now < end)


def _is_of(held: Subscription, product: Product, catalog: Catalog) -> bool:
    for item in held.items:
        found = catalog.product_of(item.price_id, item.stripe_product_id)
        if product.id in (item.product_id, found and found.id):
            return True
    return False


def _session(order: CheckoutOrder, customer_id: str, stripe_price_id: str) -> SessionOrder:
    return SessionOrder(
        key=order.key,
        customer_id=customer_id,
        stripe_price_id=stripe_price_id,
        mode=order.mode,
        success_url=order.success_url,
        cancel_url=order.cancel_url,
        quantity=order.quantity,
        trial_days=order.trial_days,
        allow_promotion_codes=order.allow_promotion_codes,
        metadata=order.metadata,
    )


@dataclass(frozen=True, slots=True)
class _Customers:
    """Makes the account's Stripe customer, and links it through the one door."""

    order: CheckoutOrder
    accounts: AccountStore
    stripe: StripeGateway
    actor: str
    now: datetime

    def make(self, *, instead_of: str | None) -> str:
        """Return the account's customer: a new one, or the one that another request linked."""
        made = self._made(instead_of)
        try:
            return self._linked(made, instead_of)
        except BelongsToOtherAccount:  # an operator linked it before this account had it
            return self._linked(self._made(made), instead_of)

    def _made(self, instead_of: str | None) -> str:
        made = self.stripe.create_customer(self.order.key, instead_of=instead_of)
        if self.order.customer_email:
            self.stripe.set_customer_email(made, self.order.customer_email)
        return made

    def _linked(self, made: str, instead_of: str | None) -> str:
        def link(account: Account) -> Decision:
            stays = account.customer_id not in (None, instead_of)
            return Decision(account if stays else replace(account, customer_id=made))

        cause = Cause(
            id=f"checkout:{made}",
            type=CauseType.CHECKOUT,
            name="link_customer",
            at=self.now,
            actor=self.actor,
        )
        outcome = commit(self.accounts, self.order.key, cause, link, now=self.now)
        linked = outcome.account.customer_id if outcome.account else None
        return linked or made


def _idempotency_key(order: CheckoutOrder, gone: str | None = None) -> str | None:
    """Derive Stripe's key from the caller's, so that no project can meet another's."""
    if order.idempotency_key is None:
        return None
    parts = ["checkout", order.key.project_id, order.idempotency_key, gone]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
