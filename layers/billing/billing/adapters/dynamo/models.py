"""The items of the six tables, named for the thing; no logic. `store` translates them.

Facts, holdings and catalogs are kept as JSON text in one attribute: they are read and written
whole, and the hot read parses them with one call.
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import (
    DiscriminatorAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import TableError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from billing.adapters.dynamo.connection import connection
from billing.settings import Settings


class _Meta:
    """What every table has. Names and the connection are set by `bind`, at composition."""

    table_name = "unbound"


class ProjectIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # pynamodb 6.1
    """What a project has: the items that carry `project_id`."""

    class Meta:
        """Its name in the template."""

        index_name = "project"
        projection = AllProjection()

    project_id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(range_key=True)


class AccountItem(Model):
    """Any item of an account's collection."""

    class Meta(_Meta):
        """The accounts table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()
    schema_version = NumberAttribute(default=1)
    project_id = UnicodeAttribute(null=True)
    user_id = UnicodeAttribute(null=True)
    by_project = ProjectIndex()


class AccessItem(AccountItem, discriminator="access"):
    """The hot item: what one entitlement check reads."""

    revision = NumberAttribute()
    version = NumberAttribute()
    customer_id = UnicodeAttribute(null=True)
    holdings = JSONAttribute()
    updated_at = UnicodeAttribute()


class SubscriptionItem(AccountItem, discriminator="subscription"):
    """A subscription fact."""

    data = JSONAttribute()


class PurchaseItem(AccountItem, discriminator="purchase"):
    """A purchase fact."""

    data = JSONAttribute()


class GrantItem(AccountItem, discriminator="grant"):
    """A manual grant."""

    data = JSONAttribute()


class LinkItem(AccountItem, discriminator="link"):
    """What an operator said is this account's."""

    data = JSONAttribute()


class FeaturesItem(AccountItem, discriminator="features"):
    """Stripe's word on a customer's own features."""

    data = JSONAttribute()


class PointerItem(Model):
    """From an id of Stripe's, or a grant's, to the account that it belongs to."""

    class Meta(_Meta):
        """The pointers table."""

    pk = UnicodeAttribute(hash_key=True)
    account = UnicodeAttribute()


class ParkedIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # pynamodb 6.1
    """The parked causes, and the dismissed ones, oldest first: `parked` says which list."""

    class Meta:
        """Its name in the template."""

        index_name = "parked"
        projection = KeysOnlyProjection()

    parked = UnicodeAttribute(hash_key=True)
    recorded_at = UnicodeAttribute(range_key=True)


class LedgerItem(Model):
    """What became of one cause."""

    class Meta(_Meta):
        """The ledger table."""

    pk = UnicodeAttribute(hash_key=True)
    outcome = UnicodeAttribute()
    cause_type = UnicodeAttribute()
    cause_name = UnicodeAttribute()
    caused_at = UnicodeAttribute()
    recorded_at = UnicodeAttribute()
    actor = UnicodeAttribute()
    account = UnicodeAttribute(null=True)
    project_id = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    detail = UnicodeAttribute(null=True)
    payload = JSONAttribute(null=True)
    dismissal = JSONAttribute(null=True)
    parked = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    by_parked = ParkedIndex()


class RunItem(Model):
    """Part of a run. A run itself is listed by the index of parked causes, in a list of its own."""

    class Meta(_Meta):
        """The ledger table."""

    pk = UnicodeAttribute(hash_key=True)
    data = JSONAttribute()
    version = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    parked = UnicodeAttribute(null=True)
    recorded_at = UnicodeAttribute(null=True)
    by_start = ParkedIndex()


class HistoryItem(Model):
    """One line of an account's history."""

    class Meta(_Meta):
        """The history table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    data = JSONAttribute()


class CatalogItem(Model):
    """Any item of the catalog table: project, catalog, catalog version, key."""

    class Meta(_Meta):
        """The catalog table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = NumberAttribute(null=True)
    data = JSONAttribute()


class NotificationItem(Model):
    """An endpoint, or a delivery to one."""

    class Meta(_Meta):
        """The notifications table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = NumberAttribute(null=True)
    state = UnicodeAttribute(null=True)
    data = JSONAttribute()
    expires_at = NumberAttribute(null=True)


class FiguresItem(Model):
    """Figures of a place, of an account, or of a recount."""

    class Meta(_Meta):
        """The metrics table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    data = JSONAttribute()
    version = NumberAttribute(null=True)
    recount = JSONAttribute(null=True)
    expires_at = NumberAttribute(null=True)


def bind(settings: Settings) -> None:
    """Give every model the name of its table, and the shared connection: where one composes.

    Left to itself, pynamodb 6.1 gives each model a connection of its own, by a botocore client.
    """
    tables: dict[type[Model], str] = {
        AccountItem: settings.accounts_table,
        AccessItem: settings.accounts_table,
        SubscriptionItem: settings.accounts_table,
        PurchaseItem: settings.accounts_table,
        GrantItem: settings.accounts_table,
        FeaturesItem: settings.accounts_table,
        LinkItem: settings.accounts_table,
        PointerItem: settings.pointers_table,
        LedgerItem: settings.ledger_table,
        RunItem: settings.ledger_table,
        HistoryItem: settings.history_table,
        CatalogItem: settings.catalog_table,
        NotificationItem: settings.notifications_table,
        FiguresItem: settings.metrics_table,
    }
    for model, table_name in tables.items():
        if table_name:  # a function, or a command, knows the tables that it needs
            model.Meta.table_name = table_name
            _share_connection(model)


def _share_connection(model: type[Model]) -> None:
    own, shared = model._get_connection(), connection()  # noqa: SLF001 - there is no public way
    if own.connection is shared:
        return
    try:
        shared.get_meta_table(own.table_name)
    except TableError:
        shared.add_meta_table(own.get_meta_table())
    own.connection = shared
