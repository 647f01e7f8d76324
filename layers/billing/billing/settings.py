"""The only reader of the environment and of secrets; built once, on first use."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from billing.adapters.aws.endpoint import SECRETS_MANAGER
from billing.adapters.aws.wire import AwsError, AwsWire
from billing.composition import once
from billing.domain.errors import NotConfigured, Standby, TryAgain

SECRET_MAX_AGE = 300
"""Seconds that a secret stays in the warm process: a rotation needs no deploy."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between deployments. Every field is the environment variable of its name.

    Attributes:
        stage: dev, staging or prod.
        serving: active, or standby for a region that only answers checks.
        stripe_api_key_secret: id of the secret `{"api_key": "sk_..."}`.
        stripe_webhook_secret: id of the secret `{"current": "whsec_...", "previous": "whsec_..."}`.
        access_token_keys_secret: id of the secret that `billing.adapters.token_keys` reads.
        token_issuer: who signs access tokens; see `issuer`.
        stripe_api_base: where Stripe answers; the local stack points it at the fake.
        stripe_livemode: which of Stripe's modes this stage's events must have.
        ledger_ttl_days: how long an applied cause is remembered; Stripe lists events for 30 days.
        reconciliation_function: who goes on with a run in the background; unset, the caller waits.
        metrics_table: what each project's figures come to, and what was counted of each account.
        notifications_table: the endpoints that projects registered, and each delivery.
        deliveries_queue_url: what is to be sent to endpoints, in the order of each account.
        boundaries_queue_url, boundaries_queue_arn: wake-ups for when an account's access changes.
        boundaries_dead_letters_arn: where a schedule puts a wake-up that the queue did not take.
        boundary_schedules: how the names of the one-shot schedules that wake up begin.
        boundary_role_arn: the role with which they do.
        event_bus: the EventBridge bus that carries the same notifications.
        management_requests_per_hour: of one key, to operators' routes and metrics.
        page_requests_per_hour: of one key, to checkout and portal.
        checks_per_second: of one key, that one process answers.
        watched_queues: whose depths are told, as `name=URL` with spaces between.
        watched_functions: what Lambda measures of them is told too, as `name=FUNCTION`.
        powertools_metrics_namespace: of what the functions measure; each stack has its own.
    """

    stage: str = "dev"
    serving: str = "active"
    catalog_table: str = ""
    accounts_table: str = ""
    pointers_table: str = ""
    ledger_table: str = ""
    history_table: str = ""
    events_queue_url: str = ""
    stripe_api_key_secret: str = ""
    stripe_webhook_secret: str = ""
    access_token_keys_secret: str = ""
    token_issuer: str = ""
    stripe_api_base: str = "https://api.stripe.com"
    stripe_livemode: bool = False
    ledger_ttl_days: int = 90
    reconciliation_function: str = ""
    metrics_table: str = ""
    notifications_table: str = ""
    deliveries_queue_url: str = ""
    boundaries_queue_url: str = ""
    boundaries_queue_arn: str = ""
    boundaries_dead_letters_arn: str = ""
    boundary_schedules: str = ""
    boundary_role_arn: str = ""
    event_bus: str = ""
    management_requests_per_hour: int = 1000
    page_requests_per_hour: int = 10_000
    checks_per_second: int = 100
    watched_queues: str = ""
    watched_functions: str = ""
    powertools_metrics_namespace: str = "Billing"

    @property
    def issuer(self) -> str:
        """Who signs access tokens, as their `iss` says: `urn:billing:STAGE` where nobody is set."""
        return self.token_issuer or f"urn:billing:{self.stage}"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Build the settings from environment variables; what is absent keeps its default.

        Raises:
            ValueError: a variable is not of its field's type.
        """
        given = {name: environ.get(name.upper(), "") for name in cls.__slots__}
        values: dict[str, object] = {name: value for name, value in given.items() if value}
        if "stripe_livemode" in values:
            values["stripe_livemode"] = {"true": True, "false": False}[given["stripe_livemode"]]
        for name in _NUMBERS:
            if name in values:
                values[name] = int(given[name])
        return cls(**values)  # type: ignore[arg-type]  # the fields' types are restored just above


_NUMBERS = (
    "ledger_ttl_days",
    "management_requests_per_hour",
    "page_requests_per_hour",
    "checks_per_second",
)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return this process's settings."""
    return Settings.read(os.environ)


def require_active() -> None:
    """Let nothing through in a region that stands by: it changes, counts and tells nothing.

    Raises:
        Standby: another region is the active one.
    """
    if settings().serving != "active":
        raise Standby("This region stands by.")


def environment() -> Mapping[str, str]:
    """Return the live environment, for what Lambda itself sets and may change while it runs.

    That is the region, the role's credentials, the trace's id, and the endpoints of AWS.
    """
    return os.environ


def secret(secret_id: str, *, max_age: int = SECRET_MAX_AGE) -> dict[str, str]:
    """Return a secret's fields, at most `max_age` seconds old.

    Raises:
        NotConfigured: there is no such secret, or it is not a JSON object with text in it.
    """
    if not secret_id:
        raise NotConfigured("The name of the secret is not set.")
    read_at, fields = known_secrets().get(secret_id, (0.0, None))
    if fields is None or time.monotonic() - read_at >= max_age:
        fields = _fields(secret_id)
        known_secrets()[secret_id] = (time.monotonic(), fields)
    return dict(fields)


@once
def known_secrets() -> dict[str, tuple[float, dict[str, str]]]:
    """Keep each secret's fields, by its id, with the second of the steady clock they are of."""
    return {}


@once
def _secrets_manager() -> AwsWire:
    return AwsWire(SECRETS_MANAGER, environment())


def _fields(secret_id: str) -> dict[str, str]:
    try:
        answer = _secrets_manager().call("GetSecretValue", {"SecretId": secret_id})
        fields = json.loads(answer.get("SecretString") or "")
    except (AwsError, TryAgain, ValueError) as error:
        raise NotConfigured("The secret cannot be read.") from error
    if not isinstance(fields, dict):
        raise NotConfigured("The secret is not a JSON object.")
    return {str(k): v for k, v in fields.items() if isinstance(v, str) and v.strip()}
