"""GET /api/v1/entitlements, its `check` and its `batch`: the hot path; and the keys of tokens.

What it imports is what a cold start costs, so there is no SDK here, no resolver and no pydantic.
"""

from __future__ import annotations

from billing import cold_start
from billing.adapters.aws.endpoint import DYNAMODB
from billing.adapters.aws.wire import AwsWire
from billing.adapters.dynamo.reader import AccessReader
from billing.auth import bearer_key, hash_of
from billing.composition import now, once
from billing.domain.errors import InvalidInput
from billing.domain.verdict import judge
from billing.lean_http import Event, lambda_handler_for
from billing.reply import Reply, as_json, json_reply
from billing.request import query, read_json
from billing.services.limit_requests import PacedLimit
from billing.services.read_access import AccessAnswer, read_access
from billing.services.sign_access import token_etag
from billing.settings import environment, settings
from functions.entitlements import wire
from functions.entitlements.conditional import unless_known


def list_entitlements(event: Event) -> Reply:
    """Answer what a user may use now, in JSON or signed."""
    asked = query(event, "user_id", "project_id", "include", "token")
    if asked.get("include", "inactive") != "inactive":
        raise InvalidInput.field("include", "can only be 'inactive'")
    is_token = wire.is_token_wanted(event, asked)
    found = _read(event, asked, include_inactive="include" in asked)
    if is_token:
        return unless_known(event, found, lambda: _token(found), wire.SIGNED, token_etag(found))
    return unless_known(event, found, lambda: as_json(wire.entitlements(found)))


def check(event: Event) -> Reply:
    """Answer whether a user may use one feature, and why or why not."""
    asked = query(event, "user_id", "project_id", "feature_code")
    feature_code = asked.get("feature_code")
    if not feature_code:
        raise InvalidInput.field("feature_code", "is needed")
    found = _read(event, asked, include_inactive=True)
    verdict = judge(found.accesses, found.catalog, feature_code, found.checked_at)
    return unless_known(event, found, lambda: as_json(wire.check(found, feature_code, verdict)))


def batch(event: Event) -> Reply:
    """Answer what each of up to a hundred users may use now."""
    key = _key_of(event)
    user_ids, project_id = wire.batch_of(read_json(event))
    found = read_access(reader(), key, user_ids, project_id=project_id, now=now())
    return json_reply({"results": [wire.batched(one) for one in found]})


def _read(event: Event, asked: dict[str, str], *, include_inactive: bool) -> AccessAnswer:
    key = _key_of(event)
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


def _key_of(event: Event) -> str:
    """Return the key that a request bears, unless it asks too often: known without a request."""
    key = bearer_key(event.get("headers") or {})
    limit().take(hash_of(key), now())
    return key


def keys(_event: Event) -> Reply:
    """Answer with the keys that verify what is signed; whoever asks may have them."""
    from functions.entitlements import tokens  # noqa: PLC0415 - see _token

    return tokens.keys()


def _token(found: AccessAnswer) -> str:
    from functions.entitlements import tokens  # noqa: PLC0415 - a check needs no JWT

    return tokens.token(found)


@once
def limit() -> PacedLimit:
    """Return the limit of every key in this process."""
    return PacedLimit(settings().checks_per_second)


@once
def reader() -> AccessReader:
    """Compose the reader on its connection, which stays open while the process is warm."""
    dynamo = AwsWire(DYNAMODB, environment())
    dynamo.open()
    return AccessReader(dynamo, settings().catalog_table, settings().accounts_table)


ROUTES = {
    "GET /api/v1/entitlements": list_entitlements,
    "GET /api/v1/entitlements/check": check,
    "POST /api/v1/entitlements/batch": batch,
    "GET /.well-known/jwks.json": keys,
}

lambda_handler = lambda_handler_for(ROUTES)

if settings().accounts_table:
    reader()  # in init, which is faster than the first call, and not waited for by anybody

cold_start.is_over()
