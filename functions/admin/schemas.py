"""What goes over the wire of the admin routes. A field that is not listed is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from billing.domain.account import AccountKey
from billing.domain.catalog import Project
from billing.domain.roles import Role
from billing.domain.status import FeatureValue
from billing.domain.text import is_clean
from billing.services.grant_access import GrantOrder
from billing.services.manage_endpoints import EndpointOrder
from billing.services.manage_keys import DEFAULT_OVERLAP
from functions.admin.paging import LARGEST_LIMIT

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
LONGEST_REASON = 500


def instant_of(text: object) -> datetime:
    """Read an instant.

    Raises:
        ValueError: it is not ISO 8601 with a time zone, or not of these millennia.
    """
    instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    if instant is None or instant.tzinfo is None or not EARLIEST <= instant < LATEST:
        raise ValueError("must be an instant such as 2026-03-01T12:00:00Z")
    return instant.astimezone(UTC)


def _instant(text: object) -> datetime:
    try:
        return instant_of(text)
    except ValueError as error:
        raise ValueError("must be an instant such as 2026-03-01T12:00:00Z") from error


def _role(text: object) -> Role:
    try:
        return Role(str(text))
    except ValueError as error:
        raise ValueError(f"must be one of {', '.join(Role)}") from error


def _scalar(value: object) -> FeatureValue:
    if not isinstance(value, bool | int | str):
        raise ValueError("must be true, false, a whole number or text")  # noqa: TRY004 - pydantic's protocol
    return value


def _reason(text: str) -> str:
    if not is_clean(text, 1, LONGEST_REASON):
        raise ValueError(f"must be 1 to {LONGEST_REASON} characters, none of them control ones")
    return text


Instant = Annotated[datetime, BeforeValidator(_instant)]
KeyRole = Annotated[Role, BeforeValidator(_role)]
Value = Annotated[Any, PlainValidator(_scalar)]
Reason = Annotated[str, AfterValidator(_reason)]


class Body(BaseModel):
    """The root of all request bodies: strict, closed and unchanging."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ProjectUpdate(Body):
    """What may change of a project."""

    name: str
    allowed_origins: list[str] = []

    def to_project(self, project_id: str) -> Project:
        """Say it as the domain does."""
        return Project(project_id, self.name, tuple(self.allowed_origins))


class NewProject(ProjectUpdate):
    """A project to create."""

    id: str


class NewKey(Body):
    """A key to create; without scopes it has all that its kind may have.

    Attributes:
        role: needed for an operator's key, and only for one.
    """

    name: str
    scopes: list[str] | None = None
    expires_at: Instant | None = None
    role: KeyRole | None = None


class Rotation(Body):
    """How long the old key goes on working."""

    overlap_seconds: Annotated[int, Field(ge=0, le=30 * 86_400)] = int(
        DEFAULT_OVERLAP.total_seconds()
    )

    @property
    def overlap(self) -> timedelta:
        """The same as a span."""
        return timedelta(seconds=self.overlap_seconds)


class EndpointUpdate(Body):
    """What may change of an endpoint; what is left out, or null, stays."""

    url: str | None = None
    event_types: list[str] | None = None
    description: str | None = None
    enabled: bool | None = None

    def to_order(self) -> EndpointOrder:
        """Say it as the service does."""
        return EndpointOrder(**self.model_dump())


class NewEndpoint(EndpointUpdate):
    """An endpoint to register; without types it is told of everything."""

    url: str


class RetryRequest(Body):
    """Which deliveries to try anew: those of notifications made in `[since, until)`."""

    since: Instant | None = None
    until: Instant | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_LIMIT)] = LARGEST_LIMIT
    cursor: str | None = None


class GrantRequest(Body):
    """A feature to give by hand."""

    user_id: str
    project_id: str
    feature_code: str
    reason: Reason
    value: Value | None = None
    valid_from: Instant | None = None
    valid_to: Instant | None = None

    def to_order(self) -> GrantOrder:
        """Say it as the service does.

        Raises:
            InvalidInput: the project id or user id is not of its form.
        """
        key = AccountKey(self.project_id, self.user_id)
        return GrantOrder(account=key, **self.model_dump(exclude={"user_id", "project_id"}))


class RevokeRequest(Body):
    """A grant to take back."""

    grant_id: str
    revoke_reason: Reason
