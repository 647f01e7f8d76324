"""How the client weighs freshness, speed and safety: everything that can be configured."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the client may do; all spans are seconds.

    Attributes:
        stale_while_revalidate: how long after its max-age an answer may still be served at once
            while one refresh runs behind. 0 keeps to the max-age: then the first to ask after it
            waits for the refresh. It adds to the time after which a revocation is seen everywhere,
            unless a receiver is told of it.
        stale_if_error: how long the last known answer is used while the service does not answer;
            never beyond an entitlement's own `valid_to`.
        fail_open: the features that are allowed while the service does not answer and nothing is
            known of the user; all others are denied then.
        cool_down: how long nobody tries after a failure; a longer `Retry-After` is kept instead.
        read_budget: for a read with all its attempts.
        write_budget: for a checkout or a portal, behind which Stripe is asked, with all attempts.
        attempt_timeout: for one attempt of a read to connect, and again to answer.
        most_users: how many users' answers are kept, the least recently asked-for leaving first.
    """

    stale_while_revalidate: float = 0.0
    stale_if_error: float = 86_400.0
    fail_open: Collection[str] = frozenset()
    cool_down: float = 5.0
    read_budget: float = 5.0
    write_budget: float = 15.0
    attempt_timeout: float = 2.0
    most_users: int = 10_000

    def __post_init__(self) -> None:
        if isinstance(self.fail_open, str):
            raise TypeError("fail_open is a set of feature codes, not one text")
        if self.most_users < 1:
            raise ValueError("most_users is at least 1")
        spans = (
            self.stale_while_revalidate,
            self.stale_if_error,
            self.cool_down,
            self.read_budget,
            self.write_budget,
            self.attempt_timeout,
        )
        if min(spans) < 0:
            raise ValueError("a span of time is not negative")
        object.__setattr__(self, "fail_open", frozenset(self.fail_open))
