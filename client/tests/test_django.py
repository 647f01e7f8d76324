"""The decorator and the view with Django."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import django
import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from billing_client import Receiver
from billing_client.django import receiver_view, require
from billing_client.testing import FakeAsyncBilling, FakeBilling
from client.tests.test_receiver import FOREIGN, SECRET, a_push

if not settings.configured:
    settings.configure(ALLOWED_HOSTS=["*"], USE_TZ=True)
    django.setup()

requests = RequestFactory()


def user_of(request: HttpRequest) -> str | None:
    return request.headers.get("x-user")


def export(_request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(f"{name}.pdf")


async def export_async(_request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(f"{name}.pdf")


def get(billing: FakeBilling | FakeAsyncBilling, user: str | None = "ann") -> Any:
    headers = {"x-user": user} if user else {}
    asked = requests.get("/export", headers=headers)
    if isinstance(billing, FakeAsyncBilling):
        view: Any = require(billing, "export", user=user_of)(export_async)
        return asyncio.run(view(asked, "note"))
    return require(billing, "export", user=user_of)(export)(asked, "note")


@pytest.fixture(params=[FakeBilling, FakeAsyncBilling])
def billing(request: pytest.FixtureRequest) -> Any:
    return request.param()


def test_who_may_goes_on(billing: Any) -> None:
    billing.grant("ann", "export")
    assert get(billing).content == b"note.pdf"


def test_who_may_not_is_told(billing: Any) -> None:
    got = get(billing)
    assert (got.status_code, got["content-type"]) == (402, "application/problem+json")
    assert json.loads(got.content)["code"] == "payment_required"
    assert get(billing, None).status_code == 401
    billing.advance(60)
    billing.cut()
    assert get(billing, "bob").status_code == 503


def test_client_and_view_are_of_one_kind() -> None:
    with pytest.raises(TypeError, match="coroutine"):
        require(FakeBilling(), "export", user=user_of)(export_async)
    with pytest.raises(TypeError, match="coroutine"):
        require(FakeAsyncBilling(), "export", user=user_of)(export)


def test_a_push_is_received_or_refused(fake_billing: FakeBilling) -> None:
    view = receiver_view(Receiver(fake_billing, [SECRET], clock=fake_billing.clock))
    assert getattr(view, "csrf_exempt", False)

    def post(*secrets: str) -> Any:
        headers, body = a_push(fake_billing.clock, *secrets)
        return view(
            requests.post("/events", body, content_type="application/json", headers=headers)
        )

    assert post().status_code == 204
    refused = post(FOREIGN)
    assert (refused.status_code, refused["content-type"]) == (401, "application/problem+json")
    assert view(requests.get("/events")).status_code == 405
