"""What asks for a change, what is decided, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any

from billing.domain.account import Account, AccountKey


class CauseType(StrEnum):
    """Who can ask for a change."""

    STRIPE_EVENT = "stripe_event"
    OPERATOR = "operator"
    CHECKOUT = "checkout"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a change is asked for. The id makes it happen once.

    Attributes:
        id: Stripe's event id, or an id made of the operator's idempotency key.
        name: the Stripe event's type, or the operator's verb.
        at: when it came about, by the asker's clock.
        actor: `stripe`, or the name of the key that asked.
        reason: an operator's words.
        fingerprint: of the parameters, so that a reused idempotency key is told from a repeat.
        payload: what a parked cause needs to be replayed.
        project_id: which project it claims to be about, for lists of what is parked.
        reopens: whether it is taken up again where it was dismissed, as a replay is.
    """

    id: str
    type: CauseType
    name: str
    at: datetime
    actor: str
    reason: str = ""
    fingerprint: str = ""
    payload: dict[str, Any] | None = None
    project_id: str | None = None
    reopens: bool = False


class OutcomeKind(StrEnum):
    """The closed list of what can become of a cause."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    STALE = "stale"
    NO_CHANGE = "no_change"
    PARKED = "parked"
    DISMISSED = "dismissed"


class ParkReason(StrEnum):
    """Why a cause waits for an operator: the trouble does not pass by itself."""

    UNMATCHED = "unmatched"
    UNKNOWN_PROJECT = "unknown_project"
    UNKNOWN_PRICE = "unknown_price"
    UNREADABLE = "unreadable"
    OTHER_ACCOUNT = "belongs_to_other_account"
    GONE_AT_STRIPE = "gone_at_stripe"


@dataclass(frozen=True, slots=True)
class Dismissal:
    """That an operator said of a parked cause that it is to be left alone."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What a pure function made of an account.

    Attributes:
        account: the account as it should be.
        kind: `applied`; `stale` or `no_change` for what adds to a timeline at most.
        pointers: ids of the account's whose pointers were lost, and are to be written again.
    """

    account: Account
    kind: OutcomeKind = OutcomeKind.APPLIED
    pointers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a cause, and the account after it (`None` where none was found).

    Attributes:
        fingerprint: for a duplicate, that of the cause that was first.
    """

    kind: OutcomeKind
    cause_id: str
    account: Account | None = None
    reason: ParkReason | None = None
    detail: str = ""
    fingerprint: str = ""


class Written(Enum):
    """What the transaction came to.

    `RACED`: the account was changed since it was loaded. `BEHIND`: it was not, and yet its history
    goes on after it, so it was lost or restored from a backup. `TAKEN`: an id is another account's.
    """

    DONE = "done"
    DUPLICATE = "duplicate"
    RACED = "raced"
    BEHIND = "behind"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Change:
    """One transaction: the cause, what became of it, and the account before and after.

    `before` and `after` are `None` for a cause that belongs to no account. `pointers` are written
    beside those of ids that are new.
    """

    cause: Cause
    outcome: OutcomeKind
    at: datetime
    before: Account | None = None
    after: Account | None = None
    reason: ParkReason | None = None
    detail: str = ""
    pointers: frozenset[str] = frozenset()
    dismissal: Dismissal | None = None

    @property
    def changes_account(self) -> bool:
        """Whether there is more to write than the ledger entry."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of an account's append-only history: what was, what is, and why.

    Attributes:
        version: counts the account's writes; the order of the history.
        at: when it was recorded.
        caused_at: when it came about, by the asker's clock.
        before, after: the changed facts as plain values by their sort key.
    """

    key: AccountKey
    version: int
    revision: int
    at: datetime
    outcome: OutcomeKind
    cause_id: str
    cause_type: CauseType
    cause_name: str
    actor: str
    reason: str = ""
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    caused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What the ledger remembers of a cause.

    Attributes:
        recorded_at: when it was settled; of a parked one, since when it waits.
        project_id: of the account; of a parked one, the project that it claims to be about.
        dismissal: by whom, why and when it was dismissed; what parked it stays beside it.
    """

    cause_id: str
    outcome: OutcomeKind
    cause_type: CauseType
    cause_name: str
    caused_at: datetime
    recorded_at: datetime
    actor: str
    account: AccountKey | None = None
    project_id: str | None = None
    fingerprint: str = ""
    reason: ParkReason | None = None
    detail: str = ""
    payload: dict[str, Any] | None = None
    dismissal: Dismissal | None = None

    @property
    def is_open(self) -> bool:
        """Whether it was not applied yet, and can be replayed."""
        return self.outcome in (OutcomeKind.PARKED, OutcomeKind.DISMISSED)
