"""The items of the six tables, named for the thing; no logic. `store` translates them.

Facts, holdings and catalogs are kept as JSON text in one attribute: they are read and written
whole, and the hot read parses them with one call.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.config import Config
from pynamodb.attributes import (
    DiscriminatorAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import TableError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from billing.settings import Settings


class _Meta:
    """How every table is reached. Names are set by `bind`, at composition."""

    table_name = "unbound"
    connect_timeout_seconds = 2
    read_timeout_seconds = 4
    max_retry_attempts = 4


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


@cache
def connection() -> Connection:
    """Return this process's one connection to DynamoDB: for transactions, and for every model."""
    made = Connection(
        connect_timeout_seconds=_Meta.connect_timeout_seconds,
        read_timeout_seconds=_Meta.read_timeout_seconds,
        max_retry_attempts=_Meta.max_retry_attempts,
    )
    # Left to itself, botocore 1.44 puts its own together anew for each call: a seventh of its CPU.
    made.session.set_default_client_config(Config(user_agent="billing"))
    return made


def open_client() -> None:
    """Make the connection's client, which takes 50 ms, ahead of the first request."""
    _ = connection().client


def bind(settings: Settings) -> None:
    """Give every model the name of its table, and the shared connection: where one composes.

    Left to itself, pynamodb 6.1 makes each model a client of its own, at 60 ms of cold start each.
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
        HistoryItem: settings.history_table,
        CatalogItem: settings.catalog_table,
        NotificationItem: settings.notifications_table,
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
