"""What a person sees: the checkout page, the customer portal, and an overview of the fake."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, redirect, render_template, request
from werkzeug import Response

from local.stripe import changes, checkout, lifecycle, pricing
from local.stripe.errors import ApiError
from local.stripe.expand import line_items
from local.stripe.periods import day_of, readable
from local.stripe.state import World
from local.stripe.tables import Obj

Answer = Response | str | tuple[str, int]


class Pages:
    """The HTML half of the fake.

    Args:
        world: the state.
        flush: called after each request, without the lock, to send what happened.
    """

    def __init__(self, world: World, flush: Callable[[], None]) -> None:
        self.world = world
        self._flush = flush

    def register(self, app: Flask) -> None:
        """Add the pages to an application."""
        app.jinja_env.filters.update(
            money=pricing.money, day=day_of, instant=readable, cadence=pricing.cadence
        )
        app.add_url_rule("/", "overview", self._page(self.overview))
        both = ["GET", "POST"]
        app.add_url_rule("/c/pay/<session_id>", "checkout", self._page(self.checkout), methods=both)
        app.add_url_rule("/p/session/<session_id>", "portal", self._page(self.portal), methods=both)

    def _page(self, show: Callable[..., Answer]) -> Callable[..., Answer]:
        def view(**ids: str) -> Answer:
            request.get_data()
            with self.world.lock:
                lifecycle.run_due(self.world)
                try:
                    answer = show(**ids)
                except ApiError as error:
                    shown = render_template("message.html", text=str(error))
                    answer = (shown, error.status)
            self._flush()
            return answer

        return view

    def checkout(self, session_id: str) -> Answer:
        """Pay, be declined, pay later, or give up."""
        session = self.world.need(self.world.sessions, session_id)
        if request.method == "GET" or session["status"] != "open":
            return self._checkout_page(session)
        action = request.form.get("action", "pay")
        email = request.form.get("email") or None
        if action in {"pay", "pay_later"}:
            self._redeem(session, request.form.get("promotion_code", "").strip())
            checkout.complete(self.world, session, email=email, delayed=action == "pay_later")
            return redirect(
                session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id), 303
            )
        if action == "cancel":
            return redirect(session["cancel_url"] or session["success_url"], 303)
        if action == "decline":
            checkout.decline(self.world, session)
            return self._checkout_page(session)
        return render_template("message.html", text=f"Unknown action: {action}"), 400

    def _redeem(self, session: Obj, code: str) -> None:
        """Apply a promotion code that was typed on the page; an unknown one is refused."""
        if not code or not session["allow_promotion_codes"]:
            return
        plan = self.world.plans[session["id"]]
        for known in self.world.promotion_codes.where(code=code, active=True):
            plan.coupon = known["promotion"]["coupon"]
            off = pricing.discount_on(self.world, plan.coupon, session["amount_subtotal"])
            session["amount_total"] = session["amount_subtotal"] - off
            session["total_details"]["amount_discount"] = off
            session["discounts"] = [{"coupon": None, "promotion_code": known["id"]}]
            return
        raise ApiError(f"The promotion code {code} does not exist.", code="promotion_code_invalid")

    def _checkout_page(self, session: Obj) -> Answer:
        plan = self.world.plans[session["id"]]
        message, plan.message = plan.message, ""
        customer = self.world.customers.get(session["customer"] or "")
        trial = checkout.trial_end(self.world, plan.subscription_data)
        return render_template(
            "checkout.html",
            session=session,
            lines=line_items(self.world, session)["data"],
            email=session["customer_email"] or (customer and customer.get("email")),
            trial_end=trial,
            message=message,
            seller=_host(session["success_url"]),
            now=self.world.now,
        )

    def portal(self, session_id: str) -> Answer:
        """Cancel, resume, or switch the plan of a subscription."""
        visit = self.world.need(self.world.portal_sessions, session_id)
        if request.method == "POST":
            self._portal_action(visit)
            return redirect(f"{self.world.base_url}/p/session/{session_id}", 303)
        subs = [
            sub
            for sub in self.world.subscriptions.where(customer=visit["customer"])
            if sub["status"] not in {"incomplete", "incomplete_expired"}
        ]
        return render_template(
            "portal.html",
            visit=visit,
            customer=self.world.customers.rows[visit["customer"]],
            entries=[self._entry(sub) for sub in reversed(subs)],
            invoices=list(self.world.invoices.where(customer=visit["customer"]))[::-1][:12],
            app=_host(visit["return_url"] or ""),
        )

    def _entry(self, sub: Obj) -> Obj:
        """What the page shows of a subscription."""
        item = sub["items"]["data"][0]
        return {
            "sub": sub,
            "item": item,
            "product": self.world.products.rows[item["price"]["product"]],
            "period_end": item["current_period_end"],
            "ending": sub["cancel_at"] if sub["status"] != "canceled" else None,
            "choices": self._choices(item["price"]),
        }

    def _choices(self, price: Obj) -> list[Obj]:
        """Other active prices to which the portal may switch, of the same product first."""
        prices = [
            other
            for other in self.world.prices.where(active=True, currency=price["currency"])
            if other["recurring"] and other["id"] != price["id"]
        ]
        prices.sort(key=lambda other: other["product"] != price["product"])
        named = self.world.products.rows
        return [{"price": p, "name": named[p["product"]].get("name", "")} for p in prices[:20]]

    def _portal_action(self, visit: Obj) -> None:
        sub = self._chosen(visit, request.form.get("subscription", ""))
        action = request.form.get("action", "")
        if action == "cancel":
            _, end = _period(sub)
            by_date = self.world.settings.portal_cancel == "cancel_at"
            wish: Obj = {"cancel_at": end} if by_date else {"cancel_at_period_end": True}
            changes.update(self.world, sub, wish)
        elif action == "resume":
            changes.update(self.world, sub, {"cancel_at": None})
        elif action == "switch":
            item = sub["items"]["data"][0]
            entry = {"id": item["id"], "price": request.form.get("price", "")}
            changes.update(self.world, sub, {"items": [entry]})
        else:
            raise ApiError(f"Unknown action: {action}", param="action")

    def _chosen(self, visit: Obj, sub_id: str) -> Obj:
        """The customer's subscription that the form names, else the first that is alive."""
        for sub in self.world.subscriptions.where(customer=visit["customer"]):
            alive = sub["status"] not in {"canceled", "incomplete", "incomplete_expired"}
            if sub["id"] == sub_id or (not sub_id and alive):
                return sub
        raise ApiError("There is no such subscription to manage.", status=404)

    def overview(self) -> Answer:
        """Everything there is, newest first, with the clock."""
        world = self.world

        def newest(rows: dict[str, Obj]) -> list[Obj]:
            return [rows[key] for key in list(rows)[-25:]][::-1]

        return render_template(
            "overview.html",
            now=world.now,
            customers=newest(world.customers.rows),
            sessions=newest(world.sessions.rows),
            subscriptions=newest(world.subscriptions.rows),
            events=[world.events.rows[key] for key in world.events.ids({})[-60:]][::-1],
            names=world.products.rows,
        )


def _period(sub: Obj) -> tuple[int, int]:
    item = sub["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the app"
