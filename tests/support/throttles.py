"""DynamoDB that throttles for a while. Import it before the first client is made."""

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

_ERROR = {
    "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "message": "The level of configured provisioned throughput for the table was exceeded.",
}


@dataclass
class Throttles:
    """Answers the next calls in DynamoDB's place."""

    left: int = 0

    def __call__(self, event_name: str, request: Any, **_: Any) -> AWSResponse | None:
        if not self.left or not event_name.startswith("before-send.dynamodb."):
            return None
        self.left -= 1
        body = MockRawResponse(json.dumps(_ERROR).encode())
        headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"})
        return AWSResponse(request.url, 400, headers, body)

    @contextmanager
    def next(self, calls: int) -> Iterator[None]:
        """Throttle so many of the calls made inside; a store makes a call ten times."""
        self.left = calls
        try:
            yield
        finally:
            self.left = 0


throttles = Throttles()
BUILTIN_HANDLERS.insert(0, ("before-send", throttles))
