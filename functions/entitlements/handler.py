"""GET /api/v1/entitlements, its `check` and its `batch`: the hot path. Never imports stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import botocore.session
from aws_lambda_powertools.event_handler import Response
from botocore.config import Config

from billing.adapters.dynamo.reader import AccessReader
from billing.auth import bearer_key
from billing.composition import now, once
from billing.domain.errors import InvalidInput
from billing.domain.verdict import judge
from billing.http import answer, create_app, lambda_handler_for, query, read_json
from billing.services.read_access import AccessAnswer, read_access
from billing.settings import settings
from functions.entitlements import wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

app = create_app()


@app.get("/api/v1/entitlements")
def list_entitlements() -> Response[str]:
    """Answer what a user may use now."""
    event = app.current_event.raw_event
    asked = query(event, "user_id", "project_id", "include")
    if asked.get("include", "inactive") != "inactive":
        raise InvalidInput.field("include", "can only be 'inactive'")
    found = _read(asked, include_inactive="include" in asked)
    return _cacheable(found, wire.entitlements(found))


@app.get("/api/v1/entitlements/check")
def check() -> Response[str]:
    """Answer whether a user may use one feature, and why or why not."""
    asked = query(app.current_event.raw_event, "user_id", "project_id", "feature_code")
    feature_code = asked.get("feature_code")
    if not feature_code:
        raise InvalidInput.field("feature_code", "is needed")
    found = _read(asked, include_inactive=True)
    verdict = judge(found.accesses, found.catalog, feature_code, found.checked_at)
    return _cacheable(found, wire.check(found, feature_code, verdict))


@app.post("/api/v1/entitlements/batch")
def batch() -> Response[str]:
    """Answer what each of up to a hundred users may use now."""
    event = app.current_event.raw_event
    key = bearer_key(app.current_event.headers)
    user_ids, project_id = wire.batch_of(read_json(event))
    found = read_access(reader(), key, user_ids, project_id=project_id, now=now())
    return answer({"results": [wire.entitlements(one) for one in found]})


def _read(asked: dict[str, str], *, include_inactive: bool) -> AccessAnswer:
    key = bearer_key(app.current_event.headers)
    if "user_id" not in asked:
        raise InvalidInput.field("user_id", "is needed")
    return read_access(
        reader(),
        key,
        [asked["user_id"]],
        project_id=asked.get("project_id"),
        now=now(),
        include_inactive=include_inactive,
    )[0]


def _cacheable(found: AccessAnswer, body: dict[str, Any]) -> Response[str]:
    caching = {
        "etag": found.etag,
        "cache_control": f"private, max-age={found.max_age}",
        "vary": "Authorization",
    }
    known = app.current_event.headers.get("if-none-match") or ""
    if found.etag in (tag.strip() for tag in known.split(",")):
        return answer(None, 304, **caching)
    return answer(body, **caching)


@once
def reader() -> AccessReader:
    """Compose the reader: one client, whose connection stays open while the process is warm."""
    config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3})
    client = botocore.session.get_session().create_client("dynamodb", config=config)
    return AccessReader(
        cast("DynamoDBClient", client), settings().catalog_table, settings().accounts_table
    )


lambda_handler = lambda_handler_for(app)
