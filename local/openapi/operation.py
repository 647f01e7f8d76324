"""What is declared of a route; the generator adds what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from billing.domain.errors import (
    BillingError,
    Forbidden,
    InvalidInput,
    MalformedRequest,
    NoSuchRoute,
    PayloadTooLarge,
    RoleLacksPermission,
    Standby,
    TooManyRequests,
    TryAgain,
    Unauthenticated,
)

Json = dict[str, Any]

ADMIN = "admin"
"""The access of operators' routes."""

READ = "entitlements"
"""The access of what a region answers that stands by."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a query or a header.

    Attributes:
        schema: as JSON Schema; a reference, or the whole of it.
    """

    name: str
    schema: Json
    description: str
    required: bool = False
    place: str = "query"

    @property
    def needed(self) -> Parameter:
        """The same, where it has to be given."""
        return Parameter(self.name, self.schema, self.description, True, self.place)  # noqa: FBT003 - a field


@dataclass(frozen=True)
class Link:
    """What can be asked next with something of the answer.

    Attributes:
        to: the other operation's id.
        path: path and query parameters as runtime expressions, such as `$response.body#/id`.
        body: fields of the next request's body, likewise.
    """

    to: str
    path: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One route.

    Attributes:
        route: method and path as the API reference writes them.
        id: names the operation to programs.
        access: the scope that a key needs; `None` where no key is asked for.
        answer: the type of the JSON of success; several for one of them; none for no JSON.
        texts: media types in which success is answered as text.
        body: the wire schema of the request.
        body_is_optional: whether the body may be left out.
        parameters: of query and headers; those of the path follow from the path.
        errors: beyond those that every such route has.
        is_cacheable: whether the answer has a tag, and one that is known is answered with 304.
        reads_state: whether it needs the database, and can say 503 while that has trouble.
    """

    route: str
    id: str
    access: str | None
    answer: tuple[Any, ...]
    status: int = 200
    body: type[BaseModel] | None = None
    body_is_optional: bool = False
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[type[BillingError], ...] = ()
    texts: tuple[str, ...] = ()
    is_cacheable: bool = False
    reads_state: bool = True
    links: tuple[Link, ...] = ()

    @property
    def method(self) -> str:
        """In lower case, as OpenAPI has it."""
        return self.route.partition(" ")[0].lower()

    @property
    def path(self) -> str:
        """With its parameters in braces."""
        return self.route.partition(" ")[2]

    def all_errors(self) -> list[type[BillingError]]:
        """Every error that it can answer, by status and code."""
        found: set[type[BillingError]] = {BillingError, *self.errors}
        if self.access is not None:
            found |= {Unauthenticated, Forbidden, RoleLacksPermission, TooManyRequests}
        if self.access not in (None, READ):
            found.add(Standby)
        if self.reads_state:
            found.add(TryAgain)
        if self.body is not None:
            found |= {MalformedRequest, PayloadTooLarge, InvalidInput}
        if any(parameter.place == "query" for parameter in self.parameters):
            found |= {MalformedRequest, InvalidInput}
        if "{" in self.path:
            found.add(NoSuchRoute)
        return sorted(found, key=lambda error: (error.status, error.code))
