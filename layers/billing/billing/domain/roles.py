"""What an operator may do: the role of a key, and what each role permits.

Pure tables. Which route needs which permission stands in `billing.permissions`.
"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """One kind of thing that an operator does."""

    READ_ACCOUNTS = "read_accounts"
    """One person's facts, access, timeline, explanations and history, and whose an id is."""

    READ_EVENTS = "read_events"
    """What became of events and commands, and what is parked."""

    READ_DELIVERIES = "read_deliveries"
    """Endpoints, and what was sent to them."""

    READ_CATALOG = "read_catalog"
    """Projects, and what they sell."""

    READ_METRICS = "read_metrics"
    """Counts and revenue of projects; nothing of one person."""

    READ_OPERATIONS = "read_operations"
    """How the service itself fares, as Prometheus asks; projects' figures are among it."""

    READ_RECONCILIATION = "read_reconciliation"
    """Runs and their reports."""

    READ_KEYS = "read_keys"
    """The list of projects' keys; no key can be seen."""

    READ_OWN_KEY = "read_own_key"
    """Whose key one has, and what it may do."""

    GRANT = "grant"
    """Give access by hand, and take it back."""

    SETTLE_EVENTS = "settle_events"
    """Link, dismiss and replay what is parked."""

    MANAGE_ENDPOINTS = "manage_endpoints"
    """Register, change, remove and ping endpoints, rotate their secrets, retry deliveries."""

    MANAGE_CATALOG = "manage_catalog"
    """Change what a project sells."""

    MANAGE_PROJECTS = "manage_projects"
    """Create and change projects."""

    MANAGE_KEYS = "manage_keys"
    """Create, rotate and revoke projects' keys."""

    MANAGE_ADMIN_KEYS = "manage_admin_keys"
    """List, create, rotate and revoke operators' keys."""

    IMPORT_CUSTOMERS = "import_customers"
    """Take customers over that an app had at Stripe before."""

    RECONCILE = "reconcile"
    """Start reconciliations, which repair."""

    OPEN_PAGES = "open_pages"
    """Open checkouts and portals in a project's name."""


class Role(StrEnum):
    """What an operator's key is for."""

    OWNER = "owner"
    OPERATOR = "operator"
    SUPPORT = "support"
    FINANCE = "finance"
    METRICS = "metrics"

    @property
    def permissions(self) -> frozenset[Permission]:
        """What it may do."""
        return _PERMITTED[self]


_EVERYTHING = frozenset(Permission)

_PERMITTED = {
    # Keys of operators are kept to owners: who can make one can make itself an owner.
    Role.OWNER: _EVERYTHING,
    Role.OPERATOR: _EVERYTHING - {Permission.MANAGE_ADMIN_KEYS},
    # Answers a user's question, changes nothing, and sees no revenue.
    Role.SUPPORT: frozenset(
        {
            Permission.READ_ACCOUNTS,
            Permission.READ_EVENTS,
            Permission.READ_DELIVERIES,
            Permission.READ_CATALOG,
            Permission.READ_OWN_KEY,
        }
    ),
    # Reads figures and what was reconciled, changes nothing, and looks into no one's account.
    Role.FINANCE: frozenset(
        {
            Permission.READ_METRICS,
            Permission.READ_RECONCILIATION,
            Permission.READ_CATALOG,
            Permission.READ_OWN_KEY,
        }
    ),
    # A machine's: it scrapes, and its key lies in a configuration.
    Role.METRICS: frozenset({Permission.READ_OPERATIONS, Permission.READ_OWN_KEY}),
}

OF_SCOPE = {
    "checkout": Permission.OPEN_PAGES,
    "portal": Permission.OPEN_PAGES,
    "entitlements": Permission.READ_ACCOUNTS,
    "metrics": Permission.READ_METRICS,
}
"""What an operator needs where an app needs a scope."""


def roles_with(permission: Permission) -> list[Role]:
    """Return the roles that permit it, the most powerful first."""
    return [role for role in Role if permission in role.permissions]
