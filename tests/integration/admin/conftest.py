"""An operator at the admin API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from billing.domain.roles import Role
from billing.services.manage_keys import bootstrap_admin_key
from billing.stores import catalog_store
from functions.admin.handler import lambda_handler
from tests.integration.webhooks.conftest import queue_url, shop, standing_stripe
from tests.support.clock import Clock
from tests.support.documents import notes_at_stripe
from tests.support.requests import Answer, call, request
from tests.support.shop import Shop

__all__ = ["queue_url", "shop", "standing_stripe"]


@dataclass(frozen=True)
class Operator:
    """Speaks to the real handler with a key."""

    key: str | None

    def get(self, path: str, **query: str) -> Answer:
        return call(lambda_handler, request("GET", _url(path), query=query, key=self.key))

    def post(self, path: str, body: object = None, *, once: str | None = None) -> Answer:
        headers = {} if once is None else {"Idempotency-Key": once}
        event = request("POST", _url(path), json_body=body, key=self.key, headers=headers)
        return call(lambda_handler, event)

    def put(self, path: str, body: object, **query: str) -> Answer:
        event = request("PUT", _url(path), json_body=body, query=query, key=self.key)
        return call(lambda_handler, event)

    def project(self, project_id: str = "acme", **fields: Any) -> Answer:
        body = {"id": project_id, "name": "Acme", "allowed_origins": ["https://acme.example"]}
        return self.post("projects", {**body, **fields})

    def catalog(self, document: dict[str, Any], project_id: str = "acme", **query: str) -> Answer:
        return self.put(f"projects/{project_id}/catalog", document, **query)


class MakeOperator(Protocol):
    """Makes operators."""

    def __call__(self, name: str, role: Role = Role.OWNER) -> Operator: ...


def _url(path: str) -> str:
    return f"/api/v1/admin/{path}"


@pytest.fixture
def new_operator(clock: Clock) -> MakeOperator:
    """Make an operator of that name and role, with a key."""

    def make(name: str, role: Role = Role.OWNER) -> Operator:
        return Operator(bootstrap_admin_key(catalog_store(), name, clock.at, role))

    return make


@pytest.fixture
def ada(new_operator: MakeOperator) -> Operator:
    """An operator, who may do everything."""
    return new_operator("Ada")


@pytest.fixture
def acme(ada: Operator) -> None:
    """A project."""
    ada.project()


@pytest.fixture
def acme_sells(ada: Operator, acme: None) -> None:
    """The same, with a catalog."""
    ada.catalog(notes_at_stripe())


@pytest.fixture
def operator(shop: Shop) -> Operator:
    """An operator of the shop; she is called Ada."""
    return Operator(shop.admin_key)
