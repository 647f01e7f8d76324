"""A run in the background: how it gets there, how it is made, and what is counted of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import botocore.session
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from billing.adapters.dynamo.runs import RunStore
from billing.adapters.stripe.gateway import gateway
from billing.composition import now, once
from billing.domain.errors import TryAgain
from billing.domain.runs import Run
from billing.observability import NAMESPACE, count, logger
from billing.services.reconcile import Collaborators, resume
from billing.settings import settings
from billing.stores import account_store, catalog_store

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

RESERVE = 60_000
"""Milliseconds of the function's time that a page of comparisons fits into."""

Milliseconds = Callable[[], int]


@once
def run_store() -> RunStore:
    """Return the records of runs."""
    return RunStore(settings())


@once
def functions() -> LambdaClient:
    """Compose the client that invokes this function again."""
    config = Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 2})
    client = botocore.session.get_session().create_client("lambda", config=config)
    return cast("LambdaClient", client)


def hand_over(run_id: str) -> None:
    """Let another invocation make the run; where no function is named, make it right here.

    Raises:
        TryAgain: Lambda did not take it.
    """
    name = settings().reconciliation_function
    if not name:
        try:
            go_on(run_id)
        except Exception:  # noqa: BLE001 - as in the background, the run's record tells
            logger.exception("run failed", run_id=run_id)
        return
    payload = json.dumps({"run_id": run_id}).encode()
    try:
        functions().invoke(FunctionName=name, InvocationType="Event", Payload=payload)
    except (BotoCoreError, ClientError) as error:
        raise TryAgain("The run could not be handed over.") from error


def go_on(run_id: str, time_left: Milliseconds | None = None) -> Run | None:
    """Make a recorded run and count what became of it.

    What it raises makes Lambda deliver the event again, and the run is made anew.
    """
    try:
        run = resume(run_id, _collaborators(time_left))
    except Exception:
        count("ReconciliationRun", status="failed")
        raise
    if run is not None:
        _tell(run)
    return run


def _collaborators(time_left: Milliseconds | None) -> Collaborators:
    return Collaborators(
        runs=run_store(),
        accounts=account_store(),
        catalogs=catalog_store(),
        gateway=gateway,
        clock=now,
        has_time=lambda: time_left is None or time_left() > RESERVE,
    )


def _tell(run: Run) -> None:
    count("ReconciliationRun", status=run.status)
    _measure("ReconciliationCompared", run.compared)
    for drift, number in run.counts.items():
        _measure("ReconciliationDifferences", number, drift=drift)
    logger.info("run made", run_id=run.id, compared=run.compared, differences=run.counts)


def _measure(name: str, value: int, **dimensions: str) -> None:
    with single_metric(
        name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE
    ) as metric:
        for dimension, word in dimensions.items():
            metric.add_dimension(name=dimension, value=word)
