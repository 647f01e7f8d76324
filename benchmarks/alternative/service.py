"""The same check, and the taking of a webhook, as a FastAPI service over PostgreSQL and Redis.

It is what a team would run in containers instead, written as well as this one and no better: a
pool, prepared statements, the key's record in Redis, one indexed query a check, one transaction
an event. It leaves out what the check does not need: boundaries, merges, several sources.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import asyncpg
from fastapi import FastAPI, Header, HTTPException, Request
from pydantic import BaseModel
from redis import asyncio as redis

LEEWAY = timedelta(hours=24)
FRESH_SECONDS = 30
TOLERANCE_SECONDS = 300

QUERY = """
SELECT f.feature_code, f.value, s.id, s.product_id, s.status, s.valid_from, s.period_end, s.revision
FROM subscriptions s
JOIN product_features f ON f.project_id = s.project_id AND f.product_id = s.product_id
WHERE s.project_id = $1 AND s.user_id = $2 AND s.status IN ('active', 'trialing')
  AND s.valid_from <= $3 AND s.period_end + interval '24 hours' > $3
ORDER BY f.feature_code
"""
TAKE = """
INSERT INTO stripe_events (id, type, payload) VALUES ($1, $2, $3)
ON CONFLICT (id) DO NOTHING RETURNING id
"""
APPLY = """
INSERT INTO subscriptions AS s
  (id, project_id, user_id, product_id, status, valid_from, period_end, as_of)
SELECT $1, p.project_id, $3, p.product_id, $4, $5, $6, $7 FROM prices p WHERE p.stripe_price_id = $2
ON CONFLICT (id) DO UPDATE SET status = excluded.status, period_end = excluded.period_end,
  product_id = excluded.product_id, as_of = excluded.as_of, revision = s.revision + 1
WHERE s.as_of <= excluded.as_of
"""


class Source(BaseModel):
    """One reason for having a feature."""

    source: str
    source_id: str
    product_id: str
    state: str
    value: Any
    period_end: datetime
    valid_from: datetime
    valid_to: datetime


class Entitlement(BaseModel):
    """One feature that is active now."""

    feature_code: str
    is_active: bool
    valid_from: datetime
    valid_to: datetime
    source: str
    source_id: str
    value: Any
    sources: list[Source]


class Answer(BaseModel):
    """What a user may use."""

    user_id: str
    project_id: str
    entitlements: list[Entitlement]
    checked_at: datetime
    revision: int


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the pool and the cache, and close them."""
    app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=10)
    app.state.cache = redis.from_url(os.environ["REDIS_URL"])
    yield
    await app.state.pool.close()
    await app.state.cache.aclose()


app = FastAPI(lifespan=lifespan)


async def project_of(authorization: str) -> str:
    """Return the project of a key; its record stays in Redis for half a minute."""
    hashed = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
    known = await app.state.cache.get(f"key:{hashed}")
    if known is None:
        row = await app.state.pool.fetchrow("SELECT * FROM api_keys WHERE hash = $1", hashed)
        if row is None or "entitlements" not in row["scopes"]:
            raise HTTPException(401, "The key is not known.")
        known = row["project_id"].encode()
        await app.state.cache.setex(f"key:{hashed}", FRESH_SECONDS, known)
    return str(known.decode())


@app.get("/api/v1/entitlements")
async def list_entitlements(user_id: str, authorization: Annotated[str, Header()] = "") -> Answer:
    """Answer what a user may use now."""
    project_id, now = await project_of(authorization), datetime.now(UTC)
    rows = await app.state.pool.fetch(QUERY, project_id, user_id, now)
    return Answer(
        user_id=user_id,
        project_id=project_id,
        entitlements=[_entitlement(row) for row in rows],
        checked_at=now,
        revision=max((row["revision"] for row in rows), default=0),
    )


def _entitlement(row: Any) -> Entitlement:  # noqa: ANN401 - asyncpg's record
    value, until = json.loads(row["value"]), row["period_end"] + LEEWAY
    source = Source(
        source="subscription",
        source_id=row["id"],
        product_id=row["product_id"],
        state=row["status"],
        value=value,
        period_end=row["period_end"],
        valid_from=row["valid_from"],
        valid_to=until,
    )
    return Entitlement(
        feature_code=row["feature_code"],
        is_active=True,
        valid_from=row["valid_from"],
        valid_to=until,
        source="subscription",
        source_id=row["id"],
        value=value,
        sources=[source],
    )


@app.post("/api/v1/webhooks/stripe")
async def receive(
    request: Request, stripe_signature: Annotated[str, Header()] = ""
) -> dict[str, Any]:
    """Take an event: store it and apply it, in one transaction."""
    body = await request.body()
    _verify(body, stripe_signature)
    event = json.loads(body)
    async with app.state.pool.acquire() as connection, connection.transaction():
        taken = await connection.fetchval(TAKE, event["id"], event["type"], body.decode())
        if taken and event["type"].startswith("customer.subscription."):
            await _apply(connection, event)
    return {"received": True, "duplicate": taken is None}


async def _apply(connection: Any, event: dict[str, Any]) -> None:  # noqa: ANN401 - asyncpg's connection
    subscription = event["data"]["object"]
    item = subscription["items"]["data"][0]
    await connection.execute(
        APPLY,
        subscription["id"],
        item["price"]["id"],
        subscription["metadata"]["user_id"],
        subscription["status"],
        datetime.fromtimestamp(subscription["start_date"], UTC),
        datetime.fromtimestamp(item["current_period_end"], UTC),
        datetime.fromtimestamp(event["created"], UTC),
    )


def _verify(body: bytes, header: str) -> None:
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    at = int(parts.get("t", "0"))
    secret = os.environ["STRIPE_WEBHOOK_SECRET"].encode()
    expected = hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    fresh = abs(time.time() - at) <= TOLERANCE_SECONDS
    if not fresh or not hmac.compare_digest(expected, parts.get("v1", "")):
        raise HTTPException(401, "The signature does not hold.")
