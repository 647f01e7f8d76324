"""The running stack's demo project with an endpoint on this machine, and the clock of its users."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from local import deploy, web
from local.place import Place
from tests.support.e2e import a_user
from tests.support.receiver import Received, Receiver, a_receiver

PATIENCE_SECONDS = 30.0


class Project:
    """The demo project, whose endpoint is a receiver on this machine."""

    def __init__(self, stack: dict[str, Any], receiver: Receiver) -> None:
        self.stack, self.receiver = stack, receiver
        made = self.ask("POST", self.path(), {"url": receiver.url})
        self.secret, self.endpoint_id = made["secret"], made["endpoint_id"]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        url = f"{self.stack['api_url']}/api/v1/admin/{path}"
        answer = web.request(method, url, key=self.stack["admin_key"], body=body)
        assert answer.status in (200, 202), answer.text
        return answer.json

    def leave(self) -> None:
        """Delete the endpoint."""
        self.ask("DELETE", self.path(f"/{self.endpoint_id}"))

    def path(self, below: str = "") -> str:
        return f"projects/{self.stack['project_id']}/endpoints{below}"

    def grant(self, user_id: str, **fields: Any) -> str:
        body = {"project_id": self.stack["project_id"], "feature_code": "export", "reason": "test"}
        granted = self.ask("POST", "grant", {**body, "user_id": user_id, **fields})
        return str(granted["grant_id"])

    def revoke(self, grant_id: str) -> None:
        self.ask("POST", "revoke", {"grant_id": grant_id, "revoke_reason": "test"})

    def deliveries(self, state: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask(
            "GET", self.path(f"/{self.endpoint_id}/deliveries?state={state}")
        )["deliveries"]
        return found

    def told(self, user_id: str) -> list[tuple[Received, dict[str, Any]]]:
        """What was accepted about a user, verified by the specification's own library."""
        verified = [(each, each.verified(self.secret)) for each in self.receiver.accepted]
        return [(each, body) for each, body in verified if body["data"].get("user_id") == user_id]

    def wait_for(self, user_id: str, number: int) -> list[tuple[Received, dict[str, Any]]]:
        self.receiver.wait_for(lambda: len(self.told(user_id)) >= number, PATIENCE_SECONDS)
        return self.told(user_id)


def schedules_of(place: Place, user_id: str) -> list[dict[str, Any]]:
    """The one-shot schedules of a user; one may go while it is looked at."""
    scheduler = deploy.client("scheduler", place)
    found: list[dict[str, Any]] = []
    for listed in scheduler.list_schedules()["Schedules"]:
        with suppress(scheduler.exceptions.ResourceNotFoundException):
            found.append(scheduler.get_schedule(Name=listed["Name"]))
    told = json.dumps(user_id)
    return [each for each in found if told in each["Target"].get("Input", "")]


def warm_up(stack: dict[str, Any]) -> None:
    """Start the functions: what is measured is not how long a busy machine takes for it."""
    with a_receiver() as receiver:
        project, user = Project(stack, receiver), a_user()
        project.grant(user)
        project.wait_for(user, 1)
        project.leave()
