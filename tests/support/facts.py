"""Facts put into an account through the one door, without a Stripe to tell them."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from billing import composition
from billing.domain.account import Account, AccountKey, ManualGrant
from billing.domain.changes import Cause, CauseType, Decision, OutcomeKind
from billing.domain.purchase import Purchase
from billing.domain.subscription import Subscription
from billing.services.commit import commit
from billing.stores import account_store


def keep(
    user_id: str, *facts: Subscription | Purchase | ManualGrant, project_id: str = "demo"
) -> None:
    """Let a user of a project have these facts; ids get the user's appended, so none is shared."""

    def decide(account: Account) -> Decision:
        for fact in facts:
            match fact:
                case Subscription():
                    account = account.with_subscription(_owned(fact, project_id, user_id))
                case Purchase():
                    account = account.with_purchase(_owned_purchase(fact, project_id, user_id))
                case ManualGrant():
                    account = account.with_grant(fact)
        return Decision(account)

    now = composition.now()
    cause = Cause(f"test-{uuid4().hex}", CauseType.OPERATOR, "keep", now, "tests")
    outcome = commit(account_store(), AccountKey(project_id, user_id), cause, decide, now=now)
    assert outcome.kind is OutcomeKind.APPLIED, outcome


def _owned(fact: Subscription, project_id: str, user_id: str) -> Subscription:
    owner = f"{project_id}_{user_id}"
    return replace(fact, id=f"{fact.id}_{owner}", customer_id=f"cus_{owner}")


def _owned_purchase(fact: Purchase, project_id: str, user_id: str) -> Purchase:
    owner = f"{project_id}_{user_id}"
    return replace(
        fact,
        id=f"{fact.id}_{owner}",
        payment_intent_id=f"{fact.id}_{owner}",
        session_id=f"cs_{fact.id}_{owner}",
        customer_id=f"cus_{owner}",
    )
