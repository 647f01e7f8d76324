"""How many requests a key made in an hour, in the ledger table: `requests#KIND#KEY#HOUR`.

One item an hour, key and kind, which DynamoDB's time-to-live removes. It is added to without a
condition, so it is exact however many processes do so at once. Where an answer got lost and the
call is made again, the request is counted twice, on the safe side.
"""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import PynamoDBException

from billing.adapters.dynamo.connection import connection
from billing.adapters.dynamo.models import bind
from billing.domain.errors import TryAgain
from billing.domain.rate import HOUR, Hour, Uncountable
from billing.settings import Settings

KEPT = 24 * HOUR
"""Seconds for which a count stays after its hour, for whoever asks what happened."""

_REQUESTS = NumberAttribute(attr_name="requests")
_EXPIRES_AT = NumberAttribute(attr_name="expires_at")


class RequestCounts:
    """Counts in the ledger table, in one request each."""

    def __init__(self, settings: Settings) -> None:
        """Count in this deployment's table."""
        bind(settings)
        self._table = settings.ledger_table

    def add(self, name: str, hour: Hour) -> int:
        """Count one more; return how many there are in that hour, this one included.

        Raises:
            Uncountable: DynamoDB cannot be reached, fails, throttles or refuses.
        """
        actions = [_REQUESTS.add(1), _EXPIRES_AT.set(hour.end + KEPT)]
        try:
            told = connection().update_item(
                self._table,
                f"requests#{name}#{hour.number}",
                actions=actions,
                return_values="UPDATED_NEW",
            )
        except (PynamoDBException, TryAgain) as error:
            raise Uncountable(str(error)) from error
        return int(told["Attributes"]["requests"]["N"])
