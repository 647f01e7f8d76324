"""What goes over the wire of the reconciliation routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from billing.adapters.dynamo.page import Page
from billing.domain.drift import Difference
from billing.domain.runs import Run
from billing.http import raw_body, read_body
from billing.run_summary import shown_run
from billing.services.start_reconciliation import Wanted


class ReconcileRequest(BaseModel):
    """What a run shall look at; an absent body is everything."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    project_id: str | None = None
    dry_run: bool = False
    since: Annotated[AwareDatetime | None, Field(strict=False)] = None
    shards: Annotated[int, Field(ge=1, le=16)] = 1


def wanted(event: Mapping[str, Any]) -> Wanted:
    """Read the body of a request to start a run.

    Raises:
        MalformedRequest, InvalidInput: it cannot be read, or does not fit.
    """
    asked = read_body(event, ReconcileRequest) if raw_body(event) else ReconcileRequest()
    return Wanted(asked.project_id, asked.since, asked.dry_run, asked.shards)


def report(run: Run, found: Page[Difference]) -> dict[str, Any]:
    """Write how far a run is, and what it found."""
    return {
        **shown_run(run),
        "differences": [_difference(each) for each in found.items],
        "next_cursor": found.next_cursor,
    }


def _difference(difference: Difference) -> dict[str, Any]:
    account = difference.account
    return {
        "kind": difference.drift,
        "object_id": difference.object_id,
        "project_id": account.project_id if account else None,
        "user_id": account.user_id if account else None,
        "ours": difference.ours,
        "stripe": difference.stripes,
        "changed_at": difference.since,
        "reported_at": difference.reported_at,
        "repair": difference.outcome or None,
    }
