"""What a forked child begins anew: locks that another thread held, connections, workers."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Renewable(Protocol):
    """Something that a fork breaks."""

    def renew(self) -> None:
        """Begin anew, in the child."""


_registered: weakref.WeakSet[Renewable] = weakref.WeakSet()


def renew_after_fork(thing: Renewable) -> None:
    """Have something begin anew in every forked child, as long as it lives."""
    _registered.add(thing)


def _renew_all() -> None:
    for thing in list(_registered):
        thing.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
