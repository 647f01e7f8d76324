from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Shop


def test_pages_go_both_ways(shop: Shop) -> None:
    made = [shop.client.v1.customers.create({"name": str(n)}).id for n in range(7)]
    newest_first = made[::-1]
    page = shop.client.v1.customers.list({"limit": 3})
    assert ([c.id for c in page.data], page.has_more) == (newest_first[:3], True)
    following = shop.client.v1.customers.list({"limit": 3, "starting_after": newest_first[2]})
    assert [c.id for c in following.data] == newest_first[3:6]
    back = shop.client.v1.customers.list({"limit": 2, "ending_before": newest_first[4]})
    assert ([c.id for c in back.data], back.has_more) == (newest_first[2:4], True)
    first = shop.client.v1.customers.list({"limit": 5, "ending_before": newest_first[2]})
    assert ([c.id for c in first.data], first.has_more) == (newest_first[:2], False)
    every = shop.client.v1.customers.list({"limit": 2}).auto_paging_iter()
    assert [c.id for c in every] == newest_first
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.v1.customers.list({"starting_after": "cus_gone"})
    assert refused.value.param == "starting_after"


def test_lists_are_cut_by_time_of_creation(shop: Shop) -> None:
    made = []
    for _ in range(4):
        made.append(shop.client.v1.customers.create({}))
        shop.server.advance(seconds=10)
    low, high = made[1].created, made[2].created

    def found(**created: int) -> list[str]:
        return [c.id for c in shop.client.v1.customers.list({"created": created}).data]  # type: ignore[arg-type]  # any bound

    ids = [customer.id for customer in made]
    assert found(gte=low, lte=high) == [ids[2], ids[1]]
    assert found(gt=low) == [ids[3], ids[2]]
    assert found(lt=high) == [ids[1], ids[0]]
    assert [c.id for c in shop.client.v1.customers.list({"created": low}).data] == [ids[1]]


def test_lists_filter(shop: Shop) -> None:
    api = shop.client.v1
    sub, other = shop.subscribe(), shop.subscribe(price=shop.yearly)
    api.subscriptions.cancel(other["id"])
    assert [s.id for s in api.subscriptions.list().data] == [sub["id"]]
    assert len(api.subscriptions.list({"status": "all"}).data) == 2
    assert [s.id for s in api.subscriptions.list({"status": "canceled"}).data] == [other["id"]]
    assert [s.id for s in api.subscriptions.list({"price": shop.monthly}).data] == [sub["id"]]
    of_customer: Any = {"customer": other["customer"], "status": "all"}
    assert [s.id for s in api.subscriptions.list(of_customer).data] == [other["id"]]
    assert [p.id for p in api.prices.list({"lookup_keys": ["pro_monthly"]}).data] == [shop.monthly]
    invoices = api.invoices.list({"subscription": sub["id"]}).data
    assert [i.id for i in invoices] == [sub["latest_invoice"]]
    sessions = api.checkout.sessions.list({"subscription": sub["id"]}).data
    assert len(sessions) == 1
    payment = api.invoice_payments.list({"invoice": invoices[0].id}).data[0]
    intent: Any = payment.payment.payment_intent
    by_intent: Any = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    assert api.invoice_payments.list(by_intent).data[0].invoice == invoices[0].id
    assert api.charges.list({"payment_intent": intent}).data[0].paid
    assert api.events.list({"type": "invoice.*", "limit": 100}).data[0].type.startswith("invoice.")
    assert {e.type for e in api.events.list({"types": ["price.created"]}).data} == {"price.created"}


def test_long_lists_inside_objects_are_cut_and_paged(shop: Shop) -> None:
    api, month = shop.client.v1, {"interval": "month"}
    made: list[Any] = [
        {"product_data": {"name": f"Part {n}"}, "currency": "usd", "unit_amount": 1}
        for n in range(12)
    ]
    lines: Any = [
        {"price": api.prices.create(price | {"recurring": month}).id, "quantity": 1}
        for price in made
    ]
    sub = shop.subscribe(line_items=lines)
    found = api.subscriptions.retrieve(sub["id"])
    assert (len(found["items"].data), found["items"].has_more) == (10, True)
    assert (
        len(list(api.subscription_items.list({"subscription": sub["id"]}).auto_paging_iter())) == 12
    )
    invoice = api.invoices.retrieve(sub["latest_invoice"])
    assert (len(invoice.lines.data), invoice.lines.has_more) == (10, True)
    every = api.invoices.line_items.list(sub["latest_invoice"], {"limit": 5}).auto_paging_iter()
    assert len({line.id for line in every}) == 12
    session = api.checkout.sessions.list({"subscription": sub["id"]}).data[0]
    sold = api.checkout.sessions.line_items.list(session.id, {"limit": 7})
    assert (len(sold.data), sold.has_more) == (7, True)
    assert len(list(sold.auto_paging_iter())) == 12


def test_expansion_reaches_four_levels_and_no_further(shop: Shop) -> None:
    sub = shop.subscribe()
    wanted = ["payments.data.payment.payment_intent"]
    found: Any = shop.client.v1.invoices.retrieve(sub["latest_invoice"], {"expand": wanted})
    assert found.payments.data[0].payment.payment_intent.status == "succeeded"
    for path in ("a.b.c.d.e", f"latest_invoice.{wanted[0]}", "data.items.data.price.product"):
        with pytest.raises(stripe.InvalidRequestError, match="4 levels"):
            shop.client.v1.subscriptions.retrieve(sub["id"], {"expand": [path]})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        shop.client.v1.subscriptions.retrieve(sub["id"], {"expand": ["nonsense"]})
