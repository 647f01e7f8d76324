"""A project with endpoints, and everything between a change and their doors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from functions.admin.handler import lambda_handler as admin
from tests.support.clock import Clock
from tests.support.push import Pipeline, a_pipeline
from tests.support.receiver import Receiver, a_receiver
from tests.support.requests import Answer, call, request
from tests.support.world import World, a_world


@dataclass(frozen=True)
class Desk:
    """An operator of the project `demo`."""

    world: World

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        path, _, query = path.partition("?")
        event = request(
            method,
            f"/api/v1/admin/{path}",
            query=query,
            json_body=body,
            key=self.world.admin_key,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        return call(admin, event)

    def endpoint(self, url: str, **fields: Any) -> dict[str, Any]:
        answer = self.ask("POST", "projects/demo/endpoints", {"url": url, **fields})
        assert answer.status == 200, answer.body
        made: dict[str, Any] = answer.body
        return made

    def of(self, endpoint: dict[str, Any], path: str = "", method: str = "GET") -> Any:
        where = f"projects/demo/endpoints/{endpoint['endpoint_id']}{path}"
        return self.ask(method, where).body

    def grant(self, user_id: str, feature_code: str = "export", **fields: Any) -> str:
        body = {"user_id": user_id, "project_id": "demo", "feature_code": feature_code}
        answer = self.ask("POST", "grant", {**body, "reason": "for the test", **fields})
        assert answer.status == 200, answer.body
        return str(answer.body["grant_id"])

    def revoke(self, grant_id: str) -> None:
        body = {"grant_id": grant_id, "revoke_reason": "for the test"}
        assert self.ask("POST", "revoke", body).status == 200


@pytest.fixture
def desk(clock: Clock) -> Desk:
    return Desk(a_world())


@pytest.fixture
def pipeline(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    return a_pipeline(monkeypatch, clock)


@pytest.fixture
def receivers() -> Iterator[Callable[..., Receiver]]:
    """Make an app's endpoint that answers with these statuses first."""
    with ExitStack() as stack:
        yield lambda *statuses: stack.enter_context(a_receiver(*statuses))
