"""What a route is, and what its handler gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from local.stripe.lists import PAGING, page
from local.stripe.params import Rules
from local.stripe.state import World
from local.stripe.tables import Obj, Table


@dataclass(frozen=True)
class Call:
    """One request with its checked parameters."""

    world: World
    params: Obj
    path: str

    def page(
        self, table: Table, wanted: Obj | None = None, also: Callable[[Obj], bool] | None = None
    ) -> Obj:
        """One page of a table."""
        return page(self.world, table, self.params, self.path, wanted=wanted or {}, also=also)


@dataclass(frozen=True)
class Route:
    """A path of the API: ``handler(call, **ids)`` answers a stored object or a list."""

    method: str
    path: str
    handler: Callable[..., Obj]
    rules: Rules = field(default_factory=dict)
    required: tuple[str, ...] = ()


def listing(path: str, handler: Callable[..., Obj], rules: Rules) -> Route:
    """A list with its filters beside the paging parameters."""
    return Route("GET", path, handler, PAGING | rules)


def retrieval(path: str, kind: str, attribute: str) -> Route:
    """``GET path/<object_id>`` of the World's table ``attribute``."""

    def retrieve(call: Call, object_id: str) -> Obj:
        table: Table = getattr(call.world, attribute)
        return call.world.need(table, object_id)

    retrieve.__doc__ = f"Retrieve a {kind}."
    return Route("GET", f"{path}/<object_id>", retrieve)
