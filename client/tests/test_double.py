"""The double and its fixture, as an app's tests use them."""

from __future__ import annotations

import asyncio

import httpx

from billing_client import Policy, Verifier
from billing_client.testing import FakeAsyncBilling, FakeBilling

DONE, PLANS = "https://app.test/done", "https://app.test/plans"


def test_an_app_is_tested_in_four_lines(fake_billing: FakeBilling) -> None:
    fake_billing.grant("ann", "export", lasts=3600)
    assert fake_billing.can("ann", "export")
    fake_billing.advance(3600)
    assert not fake_billing.can("ann", "export")


def test_a_change_is_seen_at_once(fake_billing: FakeBilling) -> None:
    for _ in range(3):
        fake_billing.grant("ann", "export")
        assert fake_billing.can("ann", "export")
        fake_billing.revoke("ann", "export")
        assert not fake_billing.can("ann", "export")


def test_a_purchase_is_played_through() -> None:
    billing = FakeBilling(prices={"pro": {"export": True}, "life": {"sync": True}})
    billing.pay(billing.checkout("ann", "pro", success_url=DONE, cancel_url=PLANS))
    billing.pay(billing.checkout("ann", "life", mode="payment", success_url=DONE, cancel_url=PLANS))
    reasons = [billing.check("ann", code).reason for code in ("export", "sync")]
    assert reasons == ["active", "paid"]


def test_an_outage_is_played_through() -> None:
    billing = FakeBilling(policy=Policy(cool_down=5))
    billing.cut()
    assert billing.check("ann", "export").reason == "unavailable"
    billing.heal()
    billing.grant("ann", "export")
    billing.advance(5)
    assert billing.can("ann", "export")
    billing.fail()
    billing.advance(3600)
    assert billing.check("ann", "export").stale


def test_the_double_for_an_event_loop(fake_async_billing: FakeAsyncBilling) -> None:
    async def story() -> bool:
        fake_async_billing.grant("ann", "export", begins_in=10)
        early = await fake_async_billing.can("ann", "export")
        fake_async_billing.advance(10)
        return not early and await fake_async_billing.can("ann", "export")

    assert asyncio.run(story())


def test_its_snapshots_verify(fake_billing: FakeBilling) -> None:

    fake_billing.grant("ann", "export")
    signer = fake_billing.service.project.signer
    verifier = Verifier(
        "http://billing.test",
        issuer=signer.issuer,
        audience=signer.audience,
        clock=fake_billing.clock,
        transport=httpx.MockTransport(fake_billing.service.handle),
    )
    assert "export" in verifier.verify(fake_billing.token("ann"))
