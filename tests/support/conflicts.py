"""DynamoDB that cancels reads because of a write under way. Import it before any client is made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.handlers import BUILTIN_HANDLERS
from moto.core.botocore_stubber import MockRawResponse


@dataclass
class Conflicts:
    """Answers the next transactions that read in DynamoDB's place.

    Attributes:
        code: why their first item is not read.
        left: how many are still to be cancelled.
    """

    code: str = ""
    left: int = 0

    def __call__(self, event_name: str, request: Any, **_: Any) -> AWSResponse | None:
        if not self.left or event_name != "before-send.dynamodb.TransactGetItems":
            return None
        self.left -= 1
        others = len(json.loads(request.body)["TransactItems"]) - 1
        error = {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons",
            "CancellationReasons": [{"Code": self.code}, *[{"Code": "None"}] * others],
        }
        headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"})
        return AWSResponse(request.url, 400, headers, MockRawResponse(json.dumps(error).encode()))

    @contextmanager
    def next(self, reads: int, code: str = "TransactionConflict") -> Iterator[Conflicts]:
        """Cancel so many of the reads made inside."""
        self.code, self.left = code, reads
        try:
            yield self
        finally:
            self.left = 0


conflicts = Conflicts()
BUILTIN_HANDLERS.insert(0, ("before-send", conflicts))
