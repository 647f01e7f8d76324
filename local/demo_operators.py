"""What operators meet, told step by step: after it, the console has something to show."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from local import web
from local.console import LocalError, say
from local.demo import PATIENCE_SECONDS, Demo, refuse_real_stripe

CREATED = "customer.subscription.created"

NOBODY_LISTENS = "http://localhost:9/hooks"

RUN_SECONDS = 120.0
"""A run is made in the background, by a function that may start cold."""


class OperatorsDemo(Demo):
    """A user who keeps access, a parked event, a lost one and its repair, and a deaf endpoint."""

    def __init__(self, stack: Mapping[str, Any], tell: Callable[[str], None] = say) -> None:
        super().__init__(stack, tell)
        self.keeps = self.user_id
        self.missed = self.user_id.replace("demo-", "missed-")
        self.parked_id = ""
        self.run_id = ""
        self.delivery_id = ""

    def run(self) -> None:
        """Run every step.

        Raises:
            LocalError: a step failed; the message says which.
        """
        self._tell(f"\nWhat operators meet. The users are {self.keeps} and {self.missed}.")
        self._step("1. A user buys for life", self._buy_for_life)
        self.parked_id = self._step("2. Stripe tells of a customer whom nobody knows", self._park)
        self._step("3. What Stripe tells of a purchase gets lost", self._lose)
        self.run_id = self._step("4. A reconciliation finds and repairs it", self._reconcile)
        self.delivery_id = self._step("5. An app's endpoint does not answer", self._ping_nobody)
        self._tell(
            "\nThe console shows it all; the key for it is `admin_key` in stack.json:"
            f"\n  {self._stack['api_url']}/console"
        )

    def _buy_for_life(self) -> str:
        self._submit(self._start_checkout("lifetime", "payment"), "pay")
        return str(self._poll(bool)[0]["valid_to"])

    def _park(self) -> str:
        customer = self._stripe("customers", {"name": "Sold by phone"})["id"]
        price = self._stack["prices"]["pro_monthly"]
        order = {"customer": customer, "items[0][price]": price, "trial_period_days": "7"}
        subscription = self._stripe("subscriptions", order)["id"]
        self._tell(f"   POST /v1/subscriptions -> {subscription}, without metadata")
        return self._until(f"{CREATED} of {subscription} is parked", lambda: self._seen(customer))

    def _seen(self, customer: str) -> str | None:
        for event in self._admin("GET", "events?reason=unmatched&limit=100")["events"]:
            shown = self._admin("GET", f"events/{event['event_id']}")["payload"]
            if event["cause_name"] == CREATED and shown["data"]["object"]["customer"] == customer:
                self._tell(f"   GET /api/v1/admin/events -> {event['event_id']}, {event['reason']}")
                return str(event["event_id"])
        return None

    def _lose(self) -> str:
        self.user_id = self.missed
        with self._deaf():
            return self._submit(self._start_checkout(), "pay")

    @contextmanager
    def _deaf(self) -> Iterator[None]:
        """Let the fake Stripe send nothing for a while."""
        url = f"{self._stack['stripe_url']}/_fake/webhooks"
        self._succeed("POST", url, body={"mode": {"drop": True}})
        try:
            yield
        finally:
            self._succeed("POST", url, body={"mode": {"drop": False}})

    def _reconcile(self) -> str:
        started = self._admin("POST", "reconcile", {"project_id": self._stack["project_id"]})
        run_id = str(started["run_id"])
        self._tell(f"   POST /api/v1/admin/reconcile -> {run_id}")
        self._until(f"{run_id} is over", lambda: self._made(run_id), RUN_SECONDS)
        self._poll(bool)
        return run_id

    def _made(self, run_id: str) -> str | None:
        run = self._admin("GET", f"reconcile/{run_id}")
        if run["status"] == "running":
            return None
        self._tell(f"   {run['status']}, {run['compared']} compared, {run['repaired']} repaired")
        return str(run["status"])

    def _ping_nobody(self) -> str:
        """Register an endpoint and try it; a later demo finds both, and what was tried since."""
        path = f"projects/{self._stack['other_project_id']}/endpoints"
        known = [e for e in self._admin("GET", path)["endpoints"] if e["url"] == NOBODY_LISTENS]
        endpoint = known[0] if known else self._admin("POST", path, {"url": NOBODY_LISTENS})
        one = f"{path}/{endpoint['endpoint_id']}"
        sent = self._admin("GET", f"{one}/deliveries")["deliveries"]
        (*_, first) = sent or [self._admin("POST", f"{one}/test")]
        self._tell(f"   GET /api/v1/admin/{one}/deliveries -> {first['delivery_id']}")
        told = f"{one}/deliveries/{first['delivery_id']}"
        return self._until(f"{first['delivery_id']} was tried", lambda: self._tried(told))

    def _tried(self, path: str) -> str | None:
        found = self._admin("GET", path)
        if not found["attempts"]:
            return None
        self._tell(f"   {found['attempts'][0]['problem']}, {found['state']}")
        return str(found["delivery_id"])

    def _until(
        self, what: str, look: Callable[[], str | None], seconds: float = PATIENCE_SECONDS
    ) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.2)
        message = f"not within {seconds:.0f} s: {what}"
        raise LocalError(message)

    def _admin(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        url, key = f"{self._api}/admin/{path}", self._stack["admin_key"]
        answer = web.request(method, url, key=key, body=body)
        if answer.status not in {200, 202}:
            message = f"{method} {url} answered {answer.status}: {answer.text}"
            raise LocalError(message)
        found: dict[str, Any] = answer.json
        return found

    def _stripe(self, path: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Do what somebody does at Stripe's dashboard."""
        url = f"{self._stack['stripe_url']}/v1/{path}"
        headers = {
            "Authorization": "Bearer sk_test_demo",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = web.request("POST", url, form=form, headers=headers)
        if answer.status != 200:
            message = f"POST {url} answered {answer.status}: {answer.text}"
            raise LocalError(message)
        found: dict[str, Any] = answer.json
        return found


def run(stack: Mapping[str, Any]) -> None:
    """Run both demos against a running stack.

    Raises:
        LocalError: a step failed, or the stack talks to Stripe itself.
    """
    refuse_real_stripe(stack)
    Demo(stack).run()
    OperatorsDemo(stack).run()
