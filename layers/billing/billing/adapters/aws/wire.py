"""AWS's JSON protocol over one kept connection, without the SDK: for what has to start at once.

The SDK's import is two thirds of a cold start, and its call four times the cost of this one.
What it would do is done here: signatures, time-outs, and the rules of its standard retry mode. What
is sent may always be sent again: it reads, or it carries the id by which a FIFO queue knows it.
"""

from __future__ import annotations

import json
import random
import time
import weakref
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.client import HTTPException, HTTPResponse
from threading import Lock
from typing import Any

from billing.adapters.aws.endpoint import Endpoint, Service
from billing.adapters.aws.sigv4 import Credentials, signed
from billing.domain.errors import TryAgain

CONNECT_TIMEOUT = 1.0
READ_TIMEOUT = 2.0
"""Seconds: three attempts of both, and the pauses between, stay below the function's ten."""

ATTEMPTS = 3
"""As in the SDK's standard mode, the first one counted."""

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
"""Seconds; a pause is drawn from zero to a bound that doubles: exponential, with full jitter."""

PASSING = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""The codes that the SDK's standard mode sends again; a test compares them with botocore's."""

PASSING_STATUS = frozenset({429, 500, 502, 503, 504})


class AwsError(Exception):
    """AWS refuses, and will refuse again: a permission, a wrong name, a malformed request.

    Attributes:
        code: AWS's word, such as `AccessDeniedException`.
    """

    def __init__(self, code: str, status: int, message: str) -> None:
        """Say what AWS said."""
        self.code = code
        super().__init__(f"{code} ({status}): {message}")


class Passing(Exception):
    """An answer that another attempt may better; the text is AWS's code, or what is wrong."""


class AwsWire:
    """Calls one service; threads wait for one another."""

    def __init__(
        self,
        service: Service,
        environ: Mapping[str, str],
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Speak to the endpoint that the environment names.

        Args:
            service: who is called.
            environ: the live one: credentials are read at each call, since they may be renewed.
            connect_timeout: seconds to connect; each step of TLS has as long.
            read_timeout: seconds without a byte.
            sleep: waits so many seconds.
            chance: draws from zero to one.
        """
        self._service = service
        self._environ = environ
        self._endpoint = Endpoint.read(service, environ)
        self._lock = Lock()
        self._connection = self._endpoint.connection(connect_timeout)
        weakref.finalize(self, self._connection.close)
        self._read_timeout = read_timeout
        self._sleep = sleep
        self._chance = chance

    def open(self) -> None:
        """Open the connection ahead of the first call, where that can be done."""
        try:
            self._connect()
        except OSError:
            self.close()  # the first call tries again, and says so if it cannot

    def close(self) -> None:
        """End the connection; a later call opens another."""
        self._connection.close()

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Make one call that may be repeated, trying again where the SDK would.

        Raises:
            TryAgain: AWS cannot be reached, fails or throttles, in every attempt.
            AwsError: it refuses.
        """
        body = json.dumps(payload, separators=(",", ":")).encode()
        with self._lock:
            return self._attempts(operation, body)

    def _attempts(self, operation: str, body: bytes) -> dict[str, Any]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._attempt(operation, body)
            except (OSError, HTTPException, Passing) as error:
                if attempt == ATTEMPTS:
                    raise TryAgain("The database does not answer.") from error
            self.pause(attempt)
        raise AssertionError("the last attempt returns or raises")

    def pause(self, attempt: int) -> None:
        """Wait after an attempt, counted from 1, that was not the last."""
        self._sleep(self._chance() * min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE))

    def _attempt(self, operation: str, body: bytes) -> dict[str, Any]:
        was_kept = self._connection.sock is not None
        try:
            try:
                response = self._send(operation, body)
            except OSError as error:
                if not was_kept or isinstance(error, TimeoutError):
                    raise
                # While the process was frozen, the other side gave the connection up: no attempt.
                self.close()
                response = self._send(operation, body)
            with response:
                content = response.read()
            if response.will_close:
                self.close()
        except (OSError, HTTPException):
            self.close()  # whatever still arrives on it would be taken for the next answer
            raise
        return _understood(response, content)

    def _send(self, operation: str, body: bytes) -> HTTPResponse:
        if self._connection.sock is None:
            self._connect()
        # In one packet, which http.client's own request() would make two of.
        self._connection.send(self._head(operation, body) + body)
        response = HTTPResponse(self._connection.sock, method="POST")
        try:
            response.begin()
        except BaseException:
            response.close()
            raise
        return response

    def _head(self, operation: str, body: bytes) -> bytes:
        headers = {
            "Host": self._endpoint.authority,
            "Content-Type": self._service.media_type,
            "X-Amz-Target": f"{self._service.target}.{operation}",
        }
        sent = signed(
            "POST",
            headers,
            body,
            Credentials.read(self._environ),
            region=self._endpoint.region,
            service=self._service.name,
            at=datetime.now(UTC),
        )
        sent["Content-Length"] = str(len(body))
        if trace := self._environ.get("_X_AMZN_TRACE_ID"):
            sent["X-Amzn-Trace-Id"] = trace  # unsigned, as the SDK sends it
        sent["Accept-Encoding"] = "identity"  # the checksum is of the bytes as they are sent
        lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        return f"POST / HTTP/1.1\r\n{lines}\r\n".encode("ascii")

    def _connect(self) -> None:
        self._connection.connect()
        self._connection.sock.settimeout(self._read_timeout)


def _understood(response: HTTPResponse, content: bytes) -> dict[str, Any]:
    """Read an answer; its checksum is DynamoDB's own, and the emulators send none."""
    checksum = response.getheader("x-amz-crc32")
    if checksum is not None and int(checksum) != zlib.crc32(content):
        raise Passing("the answer was damaged on its way")
    answer = _object(content)
    if response.status == 200:
        if answer is None:
            raise Passing("an answer that is not JSON")
        return answer
    told = answer or {}
    code = _code(response.getheader("x-amzn-errortype") or str(told.get("__type", "")))
    if response.status in PASSING_STATUS or code in PASSING:
        raise Passing(code or str(response.status))
    message = told.get("message") or told.get("Message") or ""
    raise AwsError(code or "UnknownError", response.status, str(message))


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _code(word: str) -> str:
    """Take the code out of `namespace#Code:url`, of which namespace and url may be missing."""
    return word.rpartition("#")[2].partition(":")[0]
