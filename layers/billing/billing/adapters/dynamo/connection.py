"""PynamoDB's connection to DynamoDB, over our wire in place of a botocore client.

PynamoDB stays the mapper. Its client takes 55 ms to make, and its call four times the CPU of a call
by the wire. What comes back is DynamoDB's JSON as it stands, which is what a client returns too,
save binary values, of which there are none.

Why each call may be sent again when its answer got lost, which the SDK does by the same rules:
- reads change nothing;
- a transaction carries a token, by which DynamoDB knows for ten minutes that it was made;
- a put without a condition, and a delete, leave the same behind when they are made twice;
- a put with a condition may be refused the second time because of the first. Whoever puts so takes
  a refusal for somebody else's write, and goes on from what is there.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import cache
from threading import local
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError
from pynamodb.connection import Connection

from billing.adapters.aws.endpoint import DYNAMODB
from billing.adapters.aws.wire import AwsError, AwsWire
from billing.settings import environment, require_active

if TYPE_CHECKING:
    from pynamodb.connection._botocore_private import BotocoreBaseClientPrivate


ATTEMPTS = 10
"""Patience with a table that throttles for seconds, while it grows with a burst of events."""

READS = frozenset({"BatchGetItem", "DescribeTable", "GetItem", "Query", "Scan"})
"""All that a region makes which stands by. What writes, or is not known, is refused there."""


class WiredConnection(Connection):
    """A connection whose client is a `WireClient`; everything else is PynamoDB's."""

    def __init__(self, make_wire: Callable[[], AwsWire]) -> None:
        """Speak over wires that are made so, when they are needed."""
        super().__init__()
        self.wired = WireClient(make_wire)

    @property
    def client(self) -> BotocoreBaseClientPrivate:
        """What PynamoDB calls."""
        return cast("BotocoreBaseClientPrivate", self.wired)


class WireClient:
    """A botocore client, as far as PynamoDB 6.1 needs one. Each thread has a wire of its own."""

    def __init__(self, make_wire: Callable[[], AwsWire]) -> None:
        """Speak over wires that are made so."""
        self._make_wire = make_wire
        self._threads = local()

    @property
    def wire(self) -> AwsWire:
        """This thread's."""
        if not hasattr(self._threads, "wire"):
            self._threads.wire = self._make_wire()
        return cast("AwsWire", self._threads.wire)

    def _make_api_call(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Make a call.

        Raises:
            Standby: it would write, in a region that stands by.
            TryAgain: DynamoDB cannot be reached, fails or throttles; a write may have been made.
            ClientError: it refuses; PynamoDB makes its own errors of it.
        """
        if operation not in READS:
            require_active()
        if operation == "TransactWriteItems":
            arguments = {"ClientRequestToken": str(uuid.uuid4()), **arguments}
        try:
            return self.wire.call(operation, arguments)
        except AwsError as error:
            response: Any = {
                **error.told,
                "Error": {"Code": error.code, "Message": error.message},
                "ResponseMetadata": {"HTTPHeaders": {"x-amzn-requestid": error.request_id}},
            }
            raise ClientError(response, operation) from error


@cache
def connection() -> WiredConnection:
    """Return this process's one connection to DynamoDB: for transactions, and for every model."""
    return WiredConnection(lambda: AwsWire(DYNAMODB, environment(), attempts=ATTEMPTS))


def open_connection() -> None:
    """Connect, which over TLS takes some 30 ms, ahead of the first request."""
    connection().wired.wire.open()
