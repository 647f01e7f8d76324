"""Notes: an app that sells one feature, the export, and leaves everything about money to billing.

GET  /                  the price, and what the present plan includes
POST /buy               to the page where the user pays
GET  /export            the feature; 402 without it
POST /manage            to the page where the user changes or cancels the plan
POST /billing/events    where the service tells of changes
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Annotated, Any
from urllib.parse import quote, unquote

from fastapi import Cookie, Depends, FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from billing_client import (
    AlreadySubscribed,
    Billing,
    Policy,
    Receiver,
    Unavailable,
    UnknownCustomer,
)
from billing_client.fastapi import install, require

FEATURE = "export"
LIST_PRICE = "$9.00 a month"
NOTES = "Buy milk.\nWrite the report.\n"

PAGE = """<!doctype html><meta name="viewport" content="width=device-width"><title>Notes</title>
<style>body {{ font: 16px/1.5 system-ui; max-width: 32rem; margin: 3rem auto; padding: 0 1rem }}
form {{ display: inline }}</style>
<h1>Notes</h1>{body}"""


@dataclass(frozen=True)
class Settings:
    """All that the app needs to know of billing."""

    billing_url: str
    api_key: str
    secrets: tuple[str, ...]
    app_url: str
    price: str = "pro_monthly"
    patience: float = 5.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read BILLING_URL, BILLING_KEY, BILLING_SECRETS (by commas), APP_URL, BILLING_PATIENCE."""
        return cls(
            environment["BILLING_URL"],
            environment["BILLING_KEY"],
            tuple(environment["BILLING_SECRETS"].split(",")),
            environment["APP_URL"],
            patience=float(environment.get("BILLING_PATIENCE", cls.patience)),
        )


def current_user(user: Annotated[str | None, Cookie()] = None) -> str | None:
    """Tell who is signed in: here, whoever says so; in your app, your own session."""
    return unquote(user) if user else None


User = Annotated[str | None, Depends(current_user)]


def create_app(settings: Settings, billing: Billing | None = None) -> FastAPI:
    """Build the app; a test gives it a `FakeBilling`."""
    app = FastAPI(title="Notes")
    client = billing or Billing(
        settings.billing_url,
        settings.api_key,
        policy=Policy(
            # Pushes tell of changes, so a page need not wait for a refresh.
            stale_while_revalidate=30,
            read_budget=settings.patience,
            attempt_timeout=settings.patience,
        ),
    )
    install(app, Receiver(client, settings.secrets), path="/billing/events")
    _pages(app, client)
    _till(app, client, settings)
    return app


def from_environment() -> FastAPI:
    """Build the app from its environment, for a server that calls a factory."""
    return create_app(Settings.from_environment())


def _pages(app: FastAPI, billing: Billing) -> None:
    @app.get("/")
    def home(user: User) -> HTMLResponse:
        if user is None:
            return _page(_SIGN_IN)
        decision = billing.check(user, FEATURE)
        hello = f"<p>Hello, {escape(user)}. You have two notes.</p>"
        return _page(hello + (_INCLUDED if decision else _OFFER))

    @app.get("/sign-in")
    def sign_in(name: str) -> RedirectResponse:
        answer = RedirectResponse("/", 303)
        answer.set_cookie("user", quote(name[:100]), httponly=True, samesite="lax")
        return answer

    gate = require(billing, FEATURE, user=current_user)

    @app.get("/export", dependencies=[Depends(gate)])
    def export() -> PlainTextResponse:
        return PlainTextResponse(NOTES, headers={"Content-Disposition": "attachment"})

    @app.get("/plan")
    def plan(user: User) -> dict[str, Any]:
        """Tell what is known of the user's plan, for the curious."""
        found = billing.check(user or "nobody", FEATURE)
        return {"allowed": found.allowed, "reason": found.reason, "stale": found.stale}


def _till(app: FastAPI, billing: Billing, settings: Settings) -> None:
    @app.post("/buy")
    def buy(user: User) -> RedirectResponse:
        if user is None:
            return RedirectResponse("/", 303)
        home = settings.app_url
        try:
            checkout = billing.checkout(user, settings.price, success_url=home, cancel_url=home)
        except AlreadySubscribed:
            return RedirectResponse(billing.portal(user, home).url, 303)
        return RedirectResponse(checkout.url, 303)

    @app.post("/manage")
    def manage(user: User) -> RedirectResponse:
        try:
            where = billing.portal(user or "", settings.app_url).url
        except UnknownCustomer:
            where = "/"
        return RedirectResponse(where, 303)

    @app.exception_handler(Unavailable)
    def unavailable(_request: object, _error: Unavailable) -> HTMLResponse:
        return _page("<p>Our shop is closed for a moment. Please try again.</p>", 503)


def _page(body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(PAGE.format(body=body), status)


_SIGN_IN = """<form action="/sign-in">
<input name="name" placeholder="Your name"> <button>Sign in</button></form>"""
_OFFER = f"""<p>Export costs {LIST_PRICE}.</p>
<form method="post" action="/buy"><button>Buy</button></form>"""
_INCLUDED = """<p><a href="/export">Export</a> is yours.</p>
<form method="post" action="/manage"><button>Manage the plan</button></form>"""
