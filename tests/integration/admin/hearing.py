"""Facts that come in through the one door, under a cause that a test can look for."""

from __future__ import annotations

from billing.domain.account import Account, AccountKey, Fact, ManualGrant
from billing.domain.changes import Cause, CauseType, Decision
from billing.domain.link import StripeLink
from billing.domain.purchase import Purchase
from billing.domain.stripe_features import StripeFeatures
from billing.domain.subscription import Subscription
from billing.services.commit import commit
from billing.stores import account_store
from tests.support.clock import Clock

KEY = AccountKey("demo", "user-1")


def heard(cause_id: str, fact: Fact, clock: Clock, key: AccountKey = KEY) -> None:
    """Let a fact come in through the one door."""

    def decide(account: Account) -> Decision:
        match fact:
            case Subscription():
                return Decision(account.with_subscription(fact))
            case Purchase():
                return Decision(account.with_purchase(fact))
            case ManualGrant():
                return Decision(account.with_grant(fact))
            case StripeLink():
                return Decision(account.with_link(fact))
            case StripeFeatures():
                return Decision(account.with_features(fact))

    cause = Cause(cause_id, CauseType.STRIPE_EVENT, "test", clock.at, "stripe")
    commit(account_store(), key, cause, decide, now=clock.at)
