"""Asking Stripe for much without asking too fast."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from billing.adapters.stripe.trouble import StripeOutage
from billing.domain.errors import StripeUnavailable

if TYPE_CHECKING:
    from billing.adapters.stripe.gateway import StripeGateway

PATIENCE = 6
"""How often a call that Stripe puts off is made again."""

SLOWEST = 2.0
"""Seconds between two calls, at most."""

_T = TypeVar("_T")
Pause = Callable[[float], None]


class Pace:
    """How fast Stripe is asked: as fast as it answers, until it says that this is too fast.

    Each time it does, the pause between calls doubles, and each call that goes well shortens it.
    """

    def __init__(self, pause: Pause) -> None:
        """Begin at full speed; `pause` waits for some seconds."""
        self._pause = pause
        self._between = 0.0

    def call(self, function: Callable[[], _T]) -> _T:
        """Make a call, and make it again where Stripe puts it off.

        Raises:
            StripeUnavailable: Stripe fails, or puts it off for too long.
        """
        for _ in range(PATIENCE):
            if self._between:
                self._pause(self._between)
            try:
                result = function()
            except StripeOutage:
                raise
            except StripeUnavailable as error:
                self._between = min(SLOWEST, max(0.05, 2 * self._between))
                self._pause(float(error.retry_after or 1))
                continue
            self._between = 0.9 * self._between if self._between > 0.01 else 0.0
            return result
        return function()


class Paced:
    """Stripe's gateway, each of whose calls keeps to a pace."""

    def __init__(self, gateway: StripeGateway, pace: Pace) -> None:
        """Guard a gateway."""
        self._gateway = gateway
        self._pace = pace

    @property
    def gateway(self) -> StripeGateway:
        """The guarded gateway, with the methods of the real one."""
        return cast("StripeGateway", self)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._gateway, name)

        def paced(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passed on
            return self._pace.call(lambda: call(*args, **kwargs))

        return paced
