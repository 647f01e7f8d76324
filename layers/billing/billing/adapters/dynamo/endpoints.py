"""Endpoints in the notifications table: `project#ID`, `endpoint#ID`. Reads are consistent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pynamodb.exceptions import DoesNotExist, PutError

from billing.adapters.dynamo.models import NotificationItem, bind
from billing.adapters.plain import from_plain, to_plain
from billing.domain.endpoint import Endpoint
from billing.domain.errors import ContentionTooHigh, NotFound
from billing.settings import Settings

ATTEMPTS = 8
"""How often a change is made again on what somebody else changed meanwhile."""

_ABSENT: Any = NotificationItem.pk.does_not_exist()


class EndpointStore:
    """The endpoints of each project."""

    def __init__(self, settings: Settings) -> None:
        """Bind the models to this deployment's tables."""
        bind(settings)

    def of_project(self, project_id: str) -> list[Endpoint]:
        """List a project's endpoints, the oldest first."""
        items = NotificationItem.query(
            f"project#{project_id}",
            NotificationItem.sk.startswith("endpoint#"),
            consistent_read=True,
        )
        return [from_plain(Endpoint, item.data) for item in items]

    def get(self, project_id: str, endpoint_id: str) -> Endpoint | None:
        """Find an endpoint of a project."""
        item = _get(project_id, endpoint_id)
        return from_plain(Endpoint, item.data) if item else None

    def put_new(self, endpoint: Endpoint) -> bool:
        """Put a new endpoint; return whether its id was free."""
        return _put(endpoint, 1, _ABSENT)

    def change(
        self, project_id: str, endpoint_id: str, change: Callable[[Endpoint], Endpoint]
    ) -> tuple[Endpoint, Endpoint]:
        """Change an endpoint, and return it as it was and as it is now.

        Args:
            project_id: whose.
            endpoint_id: which.
            change: a pure function of the endpoint as it is; it may be called again.

        Raises:
            NotFound: the project has no such endpoint.
            ContentionTooHigh: others changed it in every attempt.
        """
        for _ in range(ATTEMPTS):
            item = _get(project_id, endpoint_id)
            if item is None:
                raise NotFound(f"The project '{project_id}' has no endpoint '{endpoint_id}'.")
            before = from_plain(Endpoint, item.data)
            after, version = change(before), int(item.version)
            if after == before or _put(after, version + 1, NotificationItem.version == version):
                return before, after
        raise ContentionTooHigh(f"The endpoint '{endpoint_id}' is being changed by others.")

    def delete(self, endpoint: Endpoint) -> None:
        """Forget an endpoint; its deliveries go by themselves."""
        NotificationItem(*_key(endpoint.project_id, endpoint.id)).delete()


def _get(project_id: str, endpoint_id: str) -> NotificationItem | None:
    try:
        return NotificationItem.get(*_key(project_id, endpoint_id), consistent_read=True)
    except DoesNotExist:
        return None


def _put(endpoint: Endpoint, version: int, condition: Any) -> bool:  # noqa: ANN401 - pynamodb does not type its conditions
    key = _key(endpoint.project_id, endpoint.id)
    try:
        NotificationItem(*key, version=version, data=to_plain(endpoint)).save(condition=condition)
    except PutError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _key(project_id: str, endpoint_id: str) -> tuple[str, str]:
    return f"project#{project_id}", f"endpoint#{endpoint_id}"
