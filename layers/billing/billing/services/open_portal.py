"""Open the customer portal: where a user changes a plan, cancels, and finds invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from billing.adapters.stripe.trouble import CustomerGone
from billing.domain.account import AccountKey
from billing.domain.catalog import Project
from billing.domain.errors import NotFound
from billing.domain.redirects import check_redirect

if TYPE_CHECKING:
    from billing.adapters.dynamo.store import AccountStore
    from billing.adapters.stripe.gateway import StripeGateway

LINK_LASTS = timedelta(minutes=5)
"""How long a portal link is good for if nobody follows it.

Stripe's session object has no expiry. Its reference says that links are short-lived and expire
unless they are visited (https://docs.stripe.com/api/customer_portal/sessions) and names no figure;
five minutes is what integrators observe. Apps make a link when the user clicks, and keep none.
"""


class UnknownCustomer(NotFound):
    """The user never started a checkout, or the Stripe customer was deleted."""

    code = "unknown_customer"
    title = "The user has no Stripe customer"
    remedy = "Start a checkout first (POST /api/v1/checkout/create)."


class Projects(Protocol):
    """Where projects are read."""

    def project(self, project_id: str) -> Project | None:
        """Find a project."""


@dataclass(frozen=True, slots=True)
class PortalLink:
    """A link to the portal, for one user, once."""

    url: str
    expires_at: datetime


def open_portal(
    key: AccountKey,
    return_url: str,
    *,
    projects: Projects,
    accounts: AccountStore,
    stripe: StripeGateway,
    local_is_allowed: bool = False,
) -> PortalLink:
    """Make a portal page at Stripe for a user.

    Args:
        key: whose portal.
        return_url: where the page's link back leads.
        projects: where projects are read.
        accounts: the account store.
        stripe: the gateway.
        local_is_allowed: whether redirects to this machine are fine: in development.

    Raises:
        InvalidInput: the URL is not on the project's origins.
        UnknownCustomer: Stripe has no customer for the user.
        NotFound: there is no such project.
    """
    project = projects.project(key.project_id)
    if project is None:
        raise NotFound(f"There is no project '{key.project_id}'.")
    check_redirect(
        "return_url", return_url, project.allowed_origins, local_is_allowed=local_is_allowed
    )
    customer_id = accounts.load(key).customer_id
    if customer_id is None:
        raise UnknownCustomer
    try:
        session = stripe.create_portal_session(customer_id, return_url)
    except CustomerGone as error:
        raise UnknownCustomer from error
    return PortalLink(session.url, session.created_at + LINK_LASTS)
