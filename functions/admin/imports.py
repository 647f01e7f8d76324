"""Customers that an app had at Stripe before: POST /api/v1/admin/accounts/import."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from pydantic import AfterValidator, Field

from billing.adapters.stripe.gateway import gateway
from billing.composition import now
from billing.domain.account import user_id_problem
from billing.http import answer, read_body
from billing.observability import logger
from billing.presentation import shown
from billing.services.import_customers import Brought, Import
from billing.services.manage_catalog import read_catalog
from billing.services.take_over import LISTS, Place
from billing.settings import settings
from billing.stores import account_store, catalog_store
from functions.admin.admission import operator_of, operators_router
from functions.admin.events import ENOUGH_TIME
from functions.admin.schemas import Body, Reason

MOST = 25
"""Customers that one request takes: Stripe is asked four times or more about each."""

CURSOR = rf"^({'|'.join(LISTS)}):[A-Za-z0-9_]{{1,255}}$"

router = operators_router()


def _user_id(text: str) -> str:
    problem = user_id_problem(text)
    if problem:
        raise ValueError(problem)
    return text


class BroughtCustomer(Body):
    """A user, and the customer that this user is at Stripe.

    With a `cursor`, which an answer of `later` gave, it is gone on with from there.
    """

    user_id: Annotated[str, AfterValidator(_user_id)]
    customer_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,254}$")]
    cursor: Annotated[str, Field(pattern=CURSOR)] | None = None

    def to_brought(self) -> Brought:
        """Say it as the service does."""
        after = Place.read(self.cursor) if self.cursor else None
        return Brought(self.user_id, self.customer_id, after)


class ImportRequest(Body):
    """Whom to import into a project, and why."""

    project_id: str
    customers: Annotated[list[BroughtCustomer], Field(min_length=1, max_length=MOST)]
    reason: Reason
    dry_run: bool = False
    may_have_several: bool = False


@router.post("/api/v1/admin/accounts/import")
def import_customers() -> Response[str]:
    """Link Stripe customers to accounts, and take over what they bought."""
    body = read_body(router.current_event.raw_event, ImportRequest)
    context, operator = router.lambda_context, operator_of(router).name
    made = Import(
        read_catalog(catalog_store(), body.project_id),
        account_store(),
        catalog_store(),
        gateway(),
        operator,
        body.reason,
        now,
        settings().stripe_livemode,
        lambda: context.get_remaining_time_in_millis() > ENOUGH_TIME,
        body.dry_run,
        body.may_have_several,
    ).bring([each.to_brought() for each in body.customers])
    told: list[dict[str, Any]] = [shown(each) for each in made]
    for each in () if body.dry_run else told:
        ids = {"customer_id": each["customer_id"], "outcome": each["outcome"]}
        logger.info("customer imported", **ids, project_id=body.project_id, operator=operator)
    return answer({"project_id": body.project_id, "dry_run": body.dry_run, "customers": told})
