"""Builders of domain values: a test names only what matters to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from billing.domain.account import Account, AccountKey, ManualGrant
from billing.domain.catalog import Catalog, Feature, FeatureType, Merge, Price, PriceType, Product
from billing.domain.policy import Policy
from billing.domain.purchase import Purchase, PurchaseLine
from billing.domain.refund import ChargeRefund
from billing.domain.status import PaymentState, SubscriptionStatus
from billing.domain.subscription import Subscription, SubscriptionItem

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PERIOD_END = START + 30 * DAY
KEY = AccountKey("demo", "user-1")


def a_catalog(policy: Policy | None = None) -> Catalog:
    """Two plans, a pack for 30 days, a lifetime purchase; seats add up, quota takes the largest."""
    return Catalog(
        "demo",
        version=1,
        features=(
            Feature("export"),
            Feature("seats", type=FeatureType.LIMIT, merge=Merge.SUM),
            Feature("quota", type=FeatureType.LIMIT),
            Feature("theme", type=FeatureType.SETTING),
        ),
        products=(
            Product(
                "pro",
                "Pro",
                features={"export": True, "quota": 100},
                prices=(
                    Price(
                        "pro_monthly", "usd", 1200, interval="month", stripe_price_id="price_pro"
                    ),
                    Price(
                        "pro_yearly", "usd", 12000, interval="year", stripe_price_id="price_year"
                    ),
                ),
                stripe_product_id="prod_pro",
            ),
            Product(
                "team",
                "Team",
                features={"seats": 1, "quota": 50},
                prices=(Price("seat", "usd", 500, interval="month", stripe_price_id="price_seat"),),
            ),
            Product(
                "lifetime",
                "Lifetime",
                features={"export": True},
                prices=(
                    Price("once", "usd", 9900, PriceType.ONE_TIME, stripe_price_id="price_once"),
                ),
            ),
            Product(
                "pass",
                "30-day pass",
                features={"export": True},
                validity_days=30,
                prices=(
                    Price("pass_30", "usd", 900, PriceType.ONE_TIME, stripe_price_id="price_pass"),
                ),
            ),
        ),
        policy=policy or Policy(),
    )


def an_item(**fields: Any) -> SubscriptionItem:
    """One unit of Pro, monthly."""
    return SubscriptionItem(
        **{
            "id": "si_1",
            "price_id": "price_pro",
            "quantity": 1,
            "period_start": START,
            "period_end": PERIOD_END,
            "product_id": "pro",
            "unit_amount": 1200,
            "currency": "usd",
            "interval": "month",
            **fields,
        }
    )


def a_subscription(**fields: Any) -> Subscription:
    """An active subscription to Pro, begun at START and heard of at once."""
    status = SubscriptionStatus(fields.pop("status", "active"))
    return Subscription(
        **{
            "id": "sub_1",
            "customer_id": "cus_1",
            "status": status,
            "items": (an_item(),),
            "started_at": START,
            "as_of": START,
            "event_id": "evt_1",
            "first_seen": START,
            **fields,
        }
    )


def a_purchase(**fields: Any) -> Purchase:
    """A paid lifetime purchase."""
    return Purchase(
        **{
            "id": "pi_1",
            "as_of": START,
            "event_id": "evt_1",
            "first_seen": START,
            "state": PaymentState.PAID,
            "paid_at": START,
            "paid_seen": START,
            "session_id": "cs_1",
            "payment_intent_id": "pi_1",
            "customer_id": "cus_1",
            "lines": (PurchaseLine("price_once", 1, "lifetime"),),
            "amount": 9900,
            "currency": "usd",
            **fields,
        }
    )


def a_refund(amount_refunded: int, amount: int = 9900, **fields: Any) -> ChargeRefund:
    """A refund of a charge of 99 dollars, a day after START."""
    return ChargeRefund(
        **{
            "charge_id": "ch_1",
            "amount": amount,
            "amount_refunded": amount_refunded,
            "currency": "usd",
            "as_of": START + DAY,
            **fields,
        }
    )


def a_grant(**fields: Any) -> ManualGrant:
    """A grant of `export` for ever."""
    return ManualGrant(
        **{
            "id": "grant_1",
            "feature_code": "export",
            "value": True,
            "reason": "goodwill",
            "valid_from": START,
            "valid_to": None,
            "granted_at": START,
            "granted_by": "ada",
            **fields,
        }
    )


def an_account(*facts: Subscription | Purchase | ManualGrant) -> Account:
    """An account with these facts."""
    account = Account(KEY)
    for fact in facts:
        match fact:
            case Subscription():
                account = account.with_subscription(fact)
            case Purchase():
                account = account.with_purchase(fact)
            case ManualGrant():
                account = account.with_grant(fact)
    return account
