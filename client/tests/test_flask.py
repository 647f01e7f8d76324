"""The decorator and the view in an app of Flask."""

from __future__ import annotations

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from billing_client import Receiver
from billing_client.flask import receiver_view, require
from billing_client.testing import FakeBilling
from client.tests.test_receiver import FOREIGN, SECRET, a_push


@pytest.fixture
def app(fake_billing: FakeBilling) -> FlaskClient:
    app = Flask(__name__)
    receiver = Receiver(fake_billing, [SECRET], clock=fake_billing.clock)
    app.add_url_rule("/events", view_func=receiver_view(receiver), methods=["POST"])

    @app.get("/export/<name>")
    @require(fake_billing, "export", user=lambda: request.headers.get("x-user"))
    def export(name: str) -> str:
        return f"{name}.pdf"

    return app.test_client()


def test_who_may_goes_on(app: FlaskClient, fake_billing: FakeBilling) -> None:
    fake_billing.grant("ann", "export")
    assert app.get("/export/note", headers={"x-user": "ann"}).text == "note.pdf"


def test_who_may_not_is_told(app: FlaskClient) -> None:
    got = app.get("/export/note", headers={"x-user": "ann"})
    assert (got.status_code, got.content_type) == (402, "application/problem+json")
    assert got.get_json(force=True)["reason"] == "not_entitled"
    assert app.get("/export/note").status_code == 401


def test_nobody_is_asked_to_pay_because_the_service_is_down(
    app: FlaskClient, fake_billing: FakeBilling
) -> None:
    fake_billing.cut()
    assert app.get("/export/note", headers={"x-user": "ann"}).status_code == 503


def test_a_push_is_received_or_refused(app: FlaskClient, fake_billing: FakeBilling) -> None:
    headers, body = a_push(fake_billing.clock)
    assert app.post("/events", headers=headers, data=body).status_code == 204
    foreign, body = a_push(fake_billing.clock, FOREIGN)
    got = app.post("/events", headers=foreign, data=body)
    assert (got.status_code, got.content_type) == (401, "application/problem+json")
