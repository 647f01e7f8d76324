"""Figures that are wrong: a record that was lost, a sum that somebody changed."""

from __future__ import annotations

from dataclasses import replace

from billing import composition
from billing.adapters.dynamo.figure_items import FiguresChange
from billing.domain.account import AccountKey
from billing.domain.tally import NOW, Tally, difference, total
from billing.services.count_account import added
from billing.stores import figures_store

DEMO = "demo"


def uncount(key: AccountKey) -> None:
    """Let it be as if the account had never been counted: its record was lost."""
    store = figures_store()
    head, counted = store.head(key.project_id), store.counted(key)
    lost = difference({}, counted.tally)
    assert store.write(added(store, head, counted, lost, composition.now()))


def spoil(change: Tally) -> None:
    """Change what a project comes to behind everybody's back."""
    store = figures_store()
    head = store.head(DEMO)
    months = {place: each for place, each in change.items() if place != NOW}
    places = total((store.figures(DEMO, months), months))
    figures = total(({NOW: head.figures}, {NOW: change.get(NOW, {})})).get(NOW, {})
    spoilt = replace(head, version=head.version + 1, figures=figures)
    assert store.write(FiguresChange(spoilt, composition.now(), places=places))
