"""The control API: what a test (or a person at the local stack) may tell the fake to do.

JSON in, JSON out; form fields are taken too. All of it lives under ``/_fake``.

Calls::

    GET  /_fake/clock                               {now, iso}
    POST /_fake/clock/advance
        {seconds}, {days} or {to}: everything due happens on the way
    GET  /_fake/state                               how many objects of each kind there are
    POST /_fake/reset                               forget everything but the webhook endpoint
    POST /_fake/settings
        {retry_days, dunning_outcome, finalize_delay, async_days, portal_cancel}
    GET, POST /_fake/webhooks
        {url, secret or secrets, api_version, enabled_events, mode}
    POST /_fake/webhooks/hold                       collect events instead of sending them
    POST /_fake/webhooks/release
        {shuffle, seed}: send what was collected; answers the order
    POST /_fake/webhooks/wait
        {timeout}: until nothing is outstanding; {delivered}
    POST /_fake/events/<id>/resend                  {times}: deliver once more
    POST /_fake/events/<id>/delivery                {status}: succeeded, failed or pending
    POST /_fake/faults
        {method, path, times, status, error, headers, drop, when, skip}
    DELETE /_fake/faults                            forget the planned faults

and those of ``local.stripe.deeds``.

``mode`` is ``{duplicate, reorder, delay, drop, backoff, seed}``, see ``delivery.Endpoint``.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, jsonify, redirect, request
from werkzeug import Response

from local.stripe import lifecycle
from local.stripe.deeds import Deeds
from local.stripe.delivery import Endpoint, mark
from local.stripe.errors import ApiError, invalid
from local.stripe.events import clone, opened
from local.stripe.faults import Fault
from local.stripe.paths import Paths
from local.stripe.tables import Obj

if TYPE_CHECKING:
    from local.stripe.server import FakeStripeServer


class Control:
    """The ``/_fake`` third of the fake."""

    def __init__(self, server: FakeStripeServer) -> None:
        self.server = server
        self.world = server.state
        self._paths: Paths[Callable[..., Any]] = Paths()
        for rule, (method, handler) in self._routes().items():
            self._paths.add(method, f"/_fake{rule.split('#')[0]}", handler)

    def register(self, app: Flask) -> None:
        """Add the control calls to an application."""
        methods = ["GET", "POST", "DELETE"]
        app.add_url_rule("/_fake/<path:rest>", "fake", self._view, methods=methods)

    def _routes(self) -> dict[str, tuple[str, Callable[..., Any]]]:
        return {
            "/clock": ("GET", self.clock),
            "/clock/advance": ("POST", self.advance),
            "/state": ("GET", self.counts),
            "/reset": ("POST", self.reset),
            "/settings": ("POST", self.settings),
            "/webhooks#get": ("GET", self.endpoint),
            "/webhooks#set": ("POST", self.configure),
            "/webhooks/hold": ("POST", self.hold),
            "/webhooks/release": ("POST", self.release),
            "/webhooks/wait": ("POST", self.wait),
            "/events/<event_id>/resend": ("POST", self.resend),
            "/events/<event_id>/delivery": ("POST", self.delivered),
            "/faults#set": ("POST", self.fault),
            "/faults#clear": ("DELETE", self.no_faults),
            **Deeds(self.server).routes(),
        }

    def _view(self, rest: str) -> Response:
        given: Obj = request.get_json(silent=True) or request.form.to_dict()
        found = self._paths.find(request.method, f"/_fake/{rest}")
        if found is None:
            return _refusal(ApiError("There is no such control call.", status=404))
        try:
            answer = found[0](given, **found[1])
        except ApiError as error:
            return _refusal(error)
        finally:
            self.server.flush()
        if request.form and "text/html" in request.headers.get("Accept", ""):
            return redirect("/", 303)
        with self.world.lock:
            return jsonify(clone(answer))

    def clock(self, _: Obj) -> Obj:
        """The fake instant."""
        now = self.world.now
        return {"now": now, "iso": datetime.fromtimestamp(now, UTC).isoformat()}

    def advance(self, given: Obj) -> Obj:
        """Move the clock."""
        step = float(given.get("seconds") or 0) + float(given.get("days") or 0) * 86_400
        with self.world.lock:
            target = int(given["to"]) if given.get("to") else self.world.now + int(step)
            if target < self.world.now:
                raise invalid("The clock only moves forwards.", "to")
            lifecycle.advance(self.world, target)
        return self.clock(given)

    def counts(self, _: Obj) -> Obj:
        """How many objects there are."""
        with self.world.lock:
            return {table.kind: len(table) for table in self.world.tables}

    def reset(self, _: Obj) -> Obj:
        """Forget everything."""
        self.server.reset()
        return {}

    def settings(self, given: Obj) -> Obj:
        """Change what a Stripe account lets its owner choose."""
        known = asdict(self.world.settings)
        for name, value in given.items():
            if name not in known:
                raise invalid(f"Unknown setting: {name}", name)
            kind = type(known[name])
            setattr(self.world.settings, name, kind(value))
        return asdict(self.world.settings)

    def endpoint(self, _: Obj) -> Obj:
        """The webhook endpoint."""
        hidden = {"chance", "secrets"}
        shown = vars(self.server.delivery.endpoint)
        return {key: value for key, value in shown.items() if key not in hidden}

    def configure(self, given: Obj) -> Obj:
        """Change the webhook endpoint; what is not given stays."""
        mode = given.get("mode") or {}
        wanted: Obj = {key: given[key] for key in ("url", "api_version") if key in given}
        if "secret" in given or "secrets" in given:
            wanted["secrets"] = tuple(given.get("secrets") or [given["secret"]])
        if "enabled_events" in given:
            wanted["enabled_events"] = tuple(given["enabled_events"])
        wanted |= {
            key: mode[key] for key in ("duplicate", "reorder", "delay", "drop") if key in mode
        }
        if "backoff" in mode:
            wanted["backoff"] = tuple(mode["backoff"])
        if "seed" in mode:
            wanted["chance"] = random.Random(mode["seed"])  # noqa: S311 - a test's shuffle
        if unknown := mode.keys() - vars(Endpoint()).keys() - {"seed"}:
            raise invalid(f"Unknown mode: {sorted(unknown)[0]}", "mode")
        self.server.use_endpoint(replace(self.server.delivery.endpoint, **wanted))
        return self.endpoint(given)

    def hold(self, _: Obj) -> Obj:
        """Collect events."""
        self.server.delivery.hold()
        return {"holding": True}

    def release(self, given: Obj) -> Obj:
        """Send what was collected."""
        shuffled = given.get("shuffle") or "seed" in given
        order = self.server.delivery.release(int(given.get("seed", 0)) if shuffled else None)
        return {"released": order}

    def wait(self, given: Obj) -> Obj:
        """Wait for the deliveries."""
        return {"delivered": self.server.wait_delivered(float(given.get("timeout", 10)))}

    def resend(self, given: Obj, event_id: str) -> Obj:
        """Deliver an event again."""
        with self.world.lock:
            event = self.world.need(self.world.events, event_id)
        self.server.delivery.resend([event_id] * int(given.get("times", 1)))
        return opened(event)

    def delivered(self, given: Obj, event_id: str) -> Obj:
        """Pretend that an event was or was not delivered."""
        with self.world.lock:
            event = self.world.need(self.world.events, event_id)
            event["_delivery"] = "pending"
            mark(self.world, event_id, given["status"])
            return opened(event)

    def fault(self, given: Obj) -> Obj:
        """Plan a fault."""
        known = vars(Fault()).keys()
        if unknown := given.keys() - known:
            raise invalid(f"Unknown field: {sorted(unknown)[0]}")
        self.server.add_fault(**given)
        return {"planned": len(self.server.api.faults.planned)}

    def no_faults(self, _: Obj) -> Obj:
        """Forget the planned faults."""
        self.server.api.faults.planned.clear()
        return {"planned": 0}


def _refusal(error: ApiError) -> Response:
    response = jsonify(error.body())
    response.status_code = error.status
    return response
