"""Register, change, try and forget the endpoints at which a project is told of changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing.domain.catalog import PROJECT_ID
from billing.domain.destination import NotADestination
from billing.domain.endpoint import DisabledReason, Endpoint, SigningSecret
from billing.domain.errors import Conflict, IdempotencyKeyReused, InvalidInput, NotFound
from billing.domain.notification import NotificationType
from billing.domain.signing import new_secret
from billing.domain.text import is_clean
from billing.services.manage_projects import known_project
from billing.services.mint_id import is_id, mint_id, repeatable_id

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore
    from billing.adapters.dynamo.endpoints import EndpointStore
    from billing.adapters.outbound import Outbound

MOST_ENDPOINTS = 16
LONGEST_DESCRIPTION = 200
ROTATION_OVERLAP = timedelta(days=1)


class TooManyEndpoints(Conflict):
    """The project has as many endpoints as it may."""

    code = "too_many_endpoints"
    title = "The project has as many endpoints as it may"
    remedy = "Delete one that is not needed, or change one."


@dataclass(frozen=True, slots=True)
class EndpointOrder:
    """What an endpoint shall be; `None` is left as it is, and all that is new has a default."""

    url: str | None = None
    event_types: Collection[str] | None = None
    description: str | None = None
    enabled: bool | None = None


def create_endpoint(
    projects: CatalogStore,
    endpoints: EndpointStore,
    outbound: Outbound,
    project_id: str,
    order: EndpointOrder,
    *,
    by: str,
    now: datetime,
    repetition: str | None = None,
) -> Endpoint:
    """Register an endpoint, with a signing secret of its own.

    Args:
        projects: where the project must be.
        endpoints: where endpoints are kept.
        outbound: says whether the URL may be sent to.
        project_id: whose.
        order: what it shall be.
        by: the operator who asks.
        now: the instant of its creation.
        repetition: the request's idempotency key: the same again is the same endpoint.

    Raises:
        NotFound: there is no such project.
        InvalidInput: the URL may not be sent to, or a type is unknown.
        IdempotencyKeyReused: the key made another endpoint.
        TooManyEndpoints: the project has 16.
    """
    known_project(projects, project_id)
    id_ = repeatable_id("ep", project_id, repetition) if repetition else mint_id("ep", now)
    blank = Endpoint(id_, project_id, "", now, by, (SigningSecret(new_secret()),))
    wanted = _changed(blank, order, now)
    if known := endpoints.get(project_id, id_):
        return _repeated(known, wanted)
    _check_url(outbound, wanted.url)
    if len(endpoints.of_project(project_id)) >= MOST_ENDPOINTS:
        raise TooManyEndpoints(f"It has {MOST_ENDPOINTS}.")
    if not endpoints.put_new(wanted):
        return _repeated(known_endpoint(endpoints, project_id, id_), wanted)
    return wanted


def _repeated(known: Endpoint, wanted: Endpoint) -> Endpoint:
    def asked(each: Endpoint) -> tuple[object, ...]:
        return each.url, each.event_types, each.description

    if asked(known) != asked(wanted):
        raise IdempotencyKeyReused
    return known


def known_endpoint(endpoints: EndpointStore, project_id: str, endpoint_id: str) -> Endpoint:
    """Return an endpoint of a project.

    Raises:
        NotFound: the project has none of that id.
    """
    could_be = PROJECT_ID.fullmatch(project_id) and is_id(endpoint_id)
    endpoint = endpoints.get(project_id, endpoint_id) if could_be else None
    if endpoint is None:
        raise NotFound(f"The project '{project_id}' has no endpoint '{endpoint_id}'.")
    return endpoint


def change_endpoint(
    endpoints: EndpointStore,
    outbound: Outbound,
    project_id: str,
    endpoint_id: str,
    order: EndpointOrder,
    *,
    now: datetime,
) -> Endpoint:
    """Change what the order names; enabling forgets the failures.

    Raises:
        NotFound: the project has no such endpoint.
        InvalidInput: the URL may not be sent to, or a type is unknown.
    """
    known_endpoint(endpoints, project_id, endpoint_id)
    if order.url is not None:
        _check_url(outbound, order.url)

    def change(endpoint: Endpoint) -> Endpoint:
        return _changed(endpoint, order, now)

    return endpoints.change(project_id, endpoint_id, change)[1]


def rotate_secret(
    endpoints: EndpointStore, project_id: str, endpoint_id: str, *, now: datetime
) -> Endpoint:
    """Give an endpoint a new secret; the old one signs beside it for a day.

    Raises:
        NotFound: the project has no such endpoint.
    """
    known_endpoint(endpoints, project_id, endpoint_id)
    secret = new_secret()

    def rotate(endpoint: Endpoint) -> Endpoint:
        return endpoint.rotated(secret, now, ROTATION_OVERLAP)

    return endpoints.change(project_id, endpoint_id, rotate)[1]


def delete_endpoint(endpoints: EndpointStore, project_id: str, endpoint_id: str) -> Endpoint:
    """Forget an endpoint; what is on its way to it is dropped.

    Raises:
        NotFound: the project has no such endpoint.
    """
    endpoint = known_endpoint(endpoints, project_id, endpoint_id)
    endpoints.delete(endpoint)
    return endpoint


def _changed(endpoint: Endpoint, order: EndpointOrder, now: datetime) -> Endpoint:
    after = endpoint
    if order.url is not None:
        after = replace(after, url=order.url)
    if order.event_types is not None:
        after = replace(after, event_types=_types(order.event_types))
    if order.description is not None:
        if not is_clean(order.description, 0, LONGEST_DESCRIPTION):
            problem = f"must be at most {LONGEST_DESCRIPTION} characters, none of them control ones"
            raise InvalidInput.field("description", problem)
        after = replace(after, description=order.description)
    if order.enabled is None:
        return after
    return after.enabled() if order.enabled else after.disabled(DisabledReason.BY_HAND, now)


def _types(asked: Collection[str]) -> frozenset[NotificationType]:
    unknown = set(asked) - set(NotificationType)
    if unknown:
        possible = ", ".join(NotificationType)
        raise InvalidInput.field("event_types", f"must be some of {possible}; none is all of them")
    return frozenset(NotificationType(each) for each in asked)


def _check_url(outbound: Outbound, url: str) -> None:
    try:
        outbound.check(url)
    except NotADestination as problem:
        raise InvalidInput.field("url", str(problem)) from problem
