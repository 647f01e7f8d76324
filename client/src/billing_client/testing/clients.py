"""The clients, over a service in memory: all their code runs, but for the network."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from billing_client.aio import AsyncBilling
from billing_client.model import Checkout, Value
from billing_client.policy import Policy
from billing_client.sync import Billing
from billing_client.testing.clock import ManualClock
from billing_client.testing.service import KEY, FakeService

URL = "http://billing.test"


class _Controls:
    """What a test does to the service; each change is seen at once, as after a push."""

    clock: ManualClock
    service: FakeService

    def grant(
        self,
        user_id: str,
        feature_code: str,
        value: Value = True,  # noqa: FBT002 - the value of a boolean feature
        *,
        begins_in: float = 0.0,
        lasts: float | None = None,
    ) -> int:
        """Give a user a feature, `begins_in` seconds from now, for `lasts` seconds or for ever."""
        return self.service.grant(user_id, feature_code, value, begins_in=begins_in, lasts=lasts)

    def revoke(self, user_id: str, feature_code: str) -> int:
        """Take a feature back."""
        return self.service.revoke(user_id, feature_code)

    def pay(self, checkout: Checkout) -> int:
        """Pay a checkout as a person does."""
        return self.service.pay(checkout.session_id)

    def fail(self, status: int = 503, code: str = "try_again") -> None:
        """Have the service fail until `heal`; what is known already is still served."""
        self.service.fail(status, code)

    def cut(self) -> None:
        """Have nobody answer until `heal`."""
        self.service.cut()

    def heal(self) -> None:
        """Have the service answer again; the client tries once its cool-down is over."""
        self.service.heal()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)


class FakeBilling(_Controls, Billing):
    """A `Billing` to be tested with.

    Args:
        project_id: of the project.
        prices: what each price gives once it is paid: feature codes to values.
        policy: as of `Billing`.
    """

    def __init__(
        self,
        *,
        project_id: str = "test",
        prices: Mapping[str, Mapping[str, Value]] | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.service = FakeService(project_id, prices, self.clock)
        transport = httpx.MockTransport(self.service.handle)
        super().__init__(URL, KEY, policy=policy, clock=self.clock, transport=transport)
        self.service.on_change(self.invalidate)


class FakeAsyncBilling(_Controls, AsyncBilling):
    """An `AsyncBilling` to be tested with; arguments as of `FakeBilling`."""

    def __init__(
        self,
        *,
        project_id: str = "test",
        prices: Mapping[str, Mapping[str, Value]] | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.service = FakeService(project_id, prices, self.clock)
        transport = httpx.MockTransport(self.service.handle)
        super().__init__(URL, KEY, policy=policy, clock=self.clock, transport=transport)
        self.service.on_change(self.invalidate)
