"""The client for tasks: as `sync`, awaited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Literal, Self

import httpx

from billing_client import wire
from billing_client.clock import Clock
from billing_client.core import Core
from billing_client.errors import Unavailable
from billing_client.model import (
    Checkout,
    Decision,
    Entitlements,
    Portal,
    Value,
    limit_of,
    read_checkout,
    read_decision,
    read_portal,
    value_of,
)
from billing_client.policy import Policy
from billing_client.tasks import TaskEngine


class AsyncBilling:
    """The billing service, as a program with an event loop speaks to it.

    Build one for the process and share it among the tasks of one loop; it is safe for forks, and
    keeps what it learns of each user. Nothing is sent before the first question.

    Args:
        base_url: the address of the service's API.
        api_key: a key of the project.
        policy: how freshness, speed and safety are weighed.
        clock: where time comes from.
        transport: what carries HTTP instead of the network; for tests.

    Raises:
        ValueError: the address or the key is not of its form.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        policy: Policy | None = None,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._core = Core(base_url, api_key, policy, clock)
        self._engine = TaskEngine(self._core, transport)

    # -- what may a user do?

    async def can(self, user_id: str, feature_code: str) -> bool:
        """Whether a user may use a feature now. From what is known it takes microseconds.

        Raises:
            BillingError: the service refuses the question (a wrong key, an impossible user id).
        """
        fresh = self._core.fresh(user_id)
        if fresh is not None:
            return fresh.allows(feature_code, self._core.clock.now())
        return (await self.check(user_id, feature_code)).allowed

    async def check(self, user_id: str, feature_code: str) -> Decision:
        """Whether a user may use a feature now, how much of it, until when, and why.

        Raises:
            BillingError: as `can`.
        """
        known, stale = await self._engine.known(user_id)
        return self._core.decision(known, feature_code, stale=stale)

    async def limit(self, user_id: str, feature_code: str) -> float:
        """How much of a feature: 0 where it is denied, infinity where it is unlimited.

        Raises:
            TypeError: the feature is not a limit.
            BillingError: as `can`.
        """
        return limit_of(await self.check(user_id, feature_code), feature_code)

    async def value(
        self, user_id: str, feature_code: str, default: Value | None = None
    ) -> Value | None:
        """What a feature gives the user, or the default; errors as `can`."""
        return value_of(await self.check(user_id, feature_code), default)

    async def entitlements(self, user_id: str) -> Entitlements:
        """All that a user may use now.

        Raises:
            Unavailable: the service does not answer and nothing is known.
            BillingError: as `can`.
        """
        known, stale = await self._engine.known(user_id)
        return self._core.as_of_now(known, stale=stale)

    async def explain(self, user_id: str, feature_code: str) -> Decision:
        """Ask the service itself, past what is known, for its own reason.

        Raises:
            BillingError: there is no answer.
        """
        reply = await self._engine.run(self._core.reading(wire.get_check(user_id, feature_code)))
        return wire.read(reply, read_decision)

    async def prefetch(self, user_ids: Iterable[str]) -> None:
        """Learn of many users at once, a hundred a request; where that fails, nothing is learned.

        Raises:
            BillingError: as `can`.
        """
        for users in self._core.to_learn(user_ids):
            try:
                await self._engine.learn(users)
            except Unavailable:
                return

    async def token(self, user_id: str) -> str:
        """Fetch the signed snapshot of what a user may use, for `Verifier`.

        Raises:
            BillingError: there is none.
        """
        return wire.token(await self._engine.run(self._core.reading(wire.get_token(user_id))))

    def invalidate(self, user_id: str, revision: int | None = None) -> None:
        """Forget what is known of a user whose account changed, to that revision.

        An answer on its way that may be older is used by those who asked for it, and not kept.
        """
        self._engine.forget(user_id, revision)

    # -- what leads to money

    async def checkout(
        self,
        user_id: str,
        price_id: str,
        *,
        success_url: str,
        cancel_url: str,
        mode: Literal["subscription", "payment"] = "subscription",
        quantity: int | None = None,
        customer_email: str | None = None,
        trial_days: int | None = None,
        allow_promotion_codes: bool | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Checkout:
        """Start a checkout; send the user to its `url`.

        All attempts of a call share an Idempotency-Key, so that a lost answer starts no second
        one. Give your own to have the same over several calls.

        Raises:
            AlreadySubscribed: the user has it; open the portal.
            InvalidInput: `errors` names the fields.
            BillingError: the others.
        """
        fields = wire.order(
            user_id,
            price_id,
            mode=mode,
            success_url=success_url,
            cancel_url=cancel_url,
            quantity=quantity,
            customer_email=customer_email,
            trial_days=trial_days,
            allow_promotion_codes=allow_promotion_codes,
            metadata=metadata,
        )
        request = wire.post_checkout(fields, idempotency_key)
        key = request.headers["Idempotency-Key"]
        reply = await self._engine.run(self._core.writing(request))
        return wire.read(reply, lambda answer: read_checkout(answer, key))

    async def portal(self, user_id: str, return_url: str) -> Portal:
        """Open the customer portal; send the user to its `url` at once.

        Raises:
            UnknownCustomer: the user never started a checkout.
            BillingError: the others.
        """
        reply = await self._engine.run(self._core.writing(wire.post_portal(user_id, return_url)))
        return wire.read(reply, read_portal)

    # -- its life

    async def close(self) -> None:
        """Give up the refreshes that are under way, and close connections."""
        await self._engine.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.close()
