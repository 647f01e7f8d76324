"""A run in the background: how it gets there, how it goes on, and what is counted of it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from time import sleep
from typing import TYPE_CHECKING, cast

import botocore.session
from aws_lambda_powertools.metrics import MetricUnit
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from billing.adapters.dynamo.lookup import Lookup
from billing.adapters.dynamo.runs import RunStore
from billing.adapters.events_queue import send
from billing.adapters.stripe.gateway import StripeGateway, gateway
from billing.adapters.stripe.transport import PATIENT
from billing.composition import now, once
from billing.domain.errors import TryAgain
from billing.domain.runs import Run
from billing.observability import count, logger, measure
from billing.services.collaborators import Collaborators
from billing.services.reconcile import Advanced, resume
from billing.settings import settings
from billing.stores import account_store, catalog_store, figures_store
from functions.reconciliation.standing import tell_standing

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

RESERVE = 120_000
"""Milliseconds of the function's time that a page with one repair, or one wait, fits into."""

Milliseconds = Callable[[], int]


@once
def run_store() -> RunStore:
    """Return the records of runs."""
    return RunStore(settings())


@once
def lookup() -> Lookup:
    """Return what reads many accounts at once."""
    return Lookup(settings())


@once
def functions() -> LambdaClient:
    """Compose the client that invokes this function again."""
    config = Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 2})
    client = botocore.session.get_session().create_client("lambda", config=config)
    return cast("LambdaClient", client)


def hand_over(run_id: str, shard: str | None = None) -> None:
    """Let another invocation go on with the run; where no function is named, do it right here.

    Raises:
        TryAgain: Lambda did not take it.
    """
    name = settings().reconciliation_function
    if not name:
        try:
            go_on(run_id, shard)
        except Exception:  # noqa: BLE001 - as in the background, the run's record tells
            logger.exception("run failed", run_id=run_id)
        return
    payload = json.dumps({"run_id": run_id, **({"shard": shard} if shard else {})}).encode()
    try:
        functions().invoke(FunctionName=name, InvocationType="Event", Payload=payload)
    except (BotoCoreError, ClientError) as error:
        raise TryAgain("The run could not be handed over.") from error


def go_on(
    run_id: str, shard: str | None = None, time_left: Milliseconds | None = None
) -> Run | None:
    """Go on with a run: with one shard after another, and with several beside each other.

    What it raises makes Lambda deliver the event again, and the run goes on where it was.
    """
    using = _collaborators(time_left)
    todo: deque[str | None] = deque([shard])
    advanced: Advanced | None = None
    while todo:
        try:
            advanced = resume(run_id, todo.popleft(), using)
        except Exception:
            count("ReconciliationRun", status="failed")
            raise
        if advanced is None:
            return None
        if advanced.just_completed:
            _tell(advanced.run)
            tell_standing(advanced.run)
        todo.extend(_mine(advanced, using))
    return advanced.run if advanced else None


def _mine(advanced: Advanced, using: Collaborators) -> tuple[str, ...]:
    """Say which shards to go on with in this invocation; the others are handed over."""
    if not settings().reconciliation_function:
        return advanced.shards
    mine = advanced.shards[:1] if using.has_time() else ()
    for shard in advanced.shards[len(mine) :]:
        hand_over(advanced.run.id, shard)
    return mine


def _collaborators(time_left: Milliseconds | None) -> Collaborators:
    return Collaborators(
        runs=run_store(),
        accounts=account_store(),
        lookup=lookup(),
        figures=figures_store(),
        catalogs=catalog_store(),
        gateway=_patient_gateway,
        clock=now,
        send=send,
        livemode=settings().stripe_livemode,
        pause=sleep,
        has_time=lambda: time_left is None or time_left() > RESERVE,
    )


def _patient_gateway() -> StripeGateway:
    return gateway(PATIENT)


def _tell(run: Run) -> None:
    """Count what a whole run came to."""
    count("ReconciliationRun", status=run.status)
    measure("ReconciliationCompared", run.looked_at)
    measure("ReconciliationRepaired", run.repaired)
    measure("ReconciliationEventsSwept", run.swept)
    if not run.dry_run:
        measure("ReconciliationNeedsPerson", run.needs_person)
        measure("ReconciliationNewForPerson", run.newly_told)
    drift = 100 * run.drifted / max(1, run.looked_at)
    measure("ReconciliationDrift", drift, MetricUnit.Percent)
    for kind, number in run.counts.items():
        measure("ReconciliationDifferences", number, drift=kind)
    if run.finished_at:
        seconds = (run.finished_at - run.started_at).total_seconds()
        measure("ReconciliationDuration", seconds, MetricUnit.Seconds)
    if run.oldest:
        age = (run.started_at - run.oldest).total_seconds()
        measure("ReconciliationDriftAge", max(0.0, age), MetricUnit.Seconds)
    logger.info("run made", run_id=run.id, compared=run.compared, differences=run.counts)
