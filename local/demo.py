"""One purchase from checkout to the end of access, told step by step."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from local import web
from local.console import LocalError, say

PATIENCE_SECONDS = 30.0
LONGER_THAN_A_MONTH = 32  # days


class Demo:
    """Walks through a purchase as an app, its user and Stripe's clock do."""

    def __init__(self, stack: Mapping[str, Any], tell: Callable[[str], None] = say) -> None:
        self._stack = stack
        self._tell = tell
        self._api = f"{stack['api_url']}/api/v1"
        self._app = f"{stack['allowed_origins'][0]}/billing"
        self.user_id = f"demo-{uuid.uuid4().hex[:8]}"

    def run(self) -> None:
        """Run every step.

        Raises:
            LocalError: a step failed; the message says which.
        """
        started = time.monotonic()
        self._tell(f"\nA purchase, step by step. The user is {self.user_id}.")
        checkout_url = self._step("1. The app starts a checkout", self._start_checkout)
        self._step("2. The user pays on Stripe's page", lambda: self._pay(checkout_url))
        self._step("3. The webhook comes in and opens access", self._see_access)
        portal_url = self._step("4. The app opens the customer portal", self._open_portal)
        self._step("5. The user cancels there", lambda: self._cancel(portal_url))
        self._step("6. Access stays until the period that is paid ends", self._see_the_end)
        self._step("7. Stripe's clock runs past that end", self._advance_clock)
        self._step("8. Access is gone", self._see_no_access)
        self._tell(f"\nAll of it took {time.monotonic() - started:.1f} s.")

    def _step(self, name: str, do: Callable[[], str]) -> str:
        self._tell(f"\n{name}")
        started = time.monotonic()
        try:
            found = do()
        except (LocalError, OSError, LookupError, ValueError) as error:
            message = f"The demo failed at step {name}: {str(error) or repr(error)}"
            raise LocalError(message) from error
        self._tell(f"   {time.monotonic() - started:.2f} s")
        return found

    def _start_checkout(self, price: str = "pro_monthly", mode: str = "subscription") -> str:
        order = {
            "user_id": self.user_id,
            "price_id": self._stack["prices"][price],
            "mode": mode,
            "success_url": f"{self._app}/thanks",
            "cancel_url": f"{self._app}/plans",
        }
        return str(self._call("POST", "/checkout/create", body=order)["checkout_url"])

    def _pay(self, checkout_url: str) -> str:
        return self._submit(checkout_url, "pay")

    def _see_access(self) -> str:
        first = self._poll(bool)[0]
        return self._describe(first)

    def _open_portal(self) -> str:
        order = {"user_id": self.user_id, "return_url": f"{self._app}/settings"}
        return str(self._call("POST", "/portal/create-session", body=order)["portal_url"])

    def _cancel(self, portal_url: str) -> str:
        return self._submit(portal_url, "cancel")

    def _see_the_end(self) -> str:
        def ends_with_the_period(entitlements: list[dict[str, Any]]) -> bool:
            return bool(entitlements) and all(
                source["valid_to"] == source["period_end"]
                for entitlement in entitlements
                for source in entitlement["sources"]
            )

        ends = self._describe(self._poll(ends_with_the_period)[0])
        where = f"project_id={self._stack['project_id']}&user_id={self.user_id}"
        url = f"{self._api}/admin/accounts?{where}"
        seen = self._succeed("GET", url, key=self._stack["admin_key"]).json["account"]
        (subscription,) = seen["subscriptions"]
        cancels = f"cancel_at_period_end {subscription['cancel_at_period_end']}"
        self._tell(f"   GET /api/v1/admin/accounts -> {subscription['status']}, {cancels}")
        return ends

    def _advance_clock(self) -> str:
        url = f"{self._stack['stripe_url']}/_fake/clock/advance"
        answer = self._succeed("POST", url, body={"days": LONGER_THAN_A_MONTH})
        it_is = answer.json["iso"]
        self._tell(f"   POST {url} days={LONGER_THAN_A_MONTH} -> there it is {it_is}")
        return str(it_is)

    def _see_no_access(self) -> str:
        self._poll(lambda entitlements: not entitlements)
        return "none"

    def _poll(self, is_reached: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Ask for the entitlements until they are as expected: a webhook takes a moment."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        url = f"{self._api}/entitlements?user_id={self.user_id}"
        while True:
            answer = self._succeed("GET", url, key=self._stack["project_key"])
            entitlements: list[dict[str, Any]] = answer.json["entitlements"]
            if is_reached(entitlements):
                codes = ", ".join(entitlement["feature_code"] for entitlement in entitlements)
                called = "GET /api/v1/entitlements"
                self._tell(f"   {called} -> {codes or 'nothing'} ({answer.milliseconds:.0f} ms)")
                return entitlements
            if time.monotonic() > deadline:
                message = f"not within {PATIENCE_SECONDS:.0f} s; the last answer: {answer.text}"
                raise LocalError(message)
            time.sleep(0.2)

    def _describe(self, entitlement: Mapping[str, Any]) -> str:
        source = entitlement["sources"][0]
        named = f"{entitlement['source']} {entitlement['source_id']} ({source['state']})"
        until = f"paid until {source['period_end']}, access until {entitlement['valid_to']}"
        self._tell(f"   {entitlement['feature_code']}: by {named}, {until}")
        return str(entitlement["valid_to"])

    def _call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        key = self._stack["project_key"]
        answer = self._succeed(method, self._api + path, key=key, body=body)
        took = f"{answer.milliseconds:.0f} ms"
        self._tell(f"   {method} /api/v1{path} -> {answer.status} {answer.text} ({took})")
        found: dict[str, Any] = answer.json
        return found

    def _succeed(
        self, method: str, url: str, *, key: str | None = None, body: object = None
    ) -> web.Answer:
        answer = web.request(method, url, key=key, body=body)
        if answer.status != 200:
            message = f"{method} {url} answered {answer.status}: {answer.text}"
            raise LocalError(message)
        return answer

    def _submit(self, page: str, action: str) -> str:
        """Press a button of a page as a person does: the form posts to the page's own address."""
        answer = web.request("POST", page, form={"action": action})
        to = answer.headers.get("location", "")
        self._tell(
            f"   POST {page} action={action} -> {answer.status} {to} ({answer.milliseconds:.0f} ms)"
        )
        if answer.status != 303:
            message = f"the page answered {answer.status}"
            raise LocalError(message)
        return to


def refuse_real_stripe(stack: Mapping[str, Any]) -> None:
    """See to it that the stack has a fake Stripe.

    Raises:
        LocalError: it talks to Stripe itself, where nobody pays for us.
    """
    if "127.0.0.1" not in stack["stripe_url"]:
        message = "This stack talks to Stripe's test mode, where a person has to pay: no demo."
        raise LocalError(message)
