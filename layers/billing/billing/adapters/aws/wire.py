"""AWS's JSON protocol over one kept connection, without the SDK: for what has to start at once.

The SDK's import is two thirds of a cold start, and its call four times the cost of this one.
What it would do is done here: signatures, time-outs, and the rules of its standard retry mode. As
there, whatever is sent is sent again when it may not have arrived, so it must bear to arrive twice:
it reads, or a FIFO queue or a transaction knows it by its id, or `dynamo.connection` says why.
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
from itertools import count
from threading import Lock
from typing import Any

from billing.adapters.aws.endpoint import Endpoint, Service
from billing.adapters.aws.sigv4 import Credentials, signed
from billing.domain.errors import TryAgain

CONNECT_TIMEOUT = 1.0  # each step of TLS has as long
READ_TIMEOUT = 2.0
PATIENCE = 6.5
"""Seconds. No attempt is begun after so many, so that the last one ends within a function's ten."""

ATTEMPTS = 3
"""As in the SDK's standard mode, the first one counted."""

USER_AGENT = "billing"
"""Who calls, as CloudTrail shows it; unsigned, as the SDK sends it."""

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
        status: of the HTTP answer.
        message: its sentence.
        told: the whole answer.
        request_id: under which AWS knows the request.
    """

    def __init__(self, code: str, status: int, told: Mapping[str, Any], request_id: str) -> None:
        """Say what AWS said."""
        self.code = code
        self.status = status
        self.message = str(told.get("message") or told.get("Message") or "")
        self.told = told
        self.request_id = request_id
        super().__init__(f"{code} ({status}): {self.message}")


class Passing(Exception):
    """An answer that another attempt may better; the text is AWS's code, or what is wrong."""


class AwsWire:
    """Calls one service; threads wait for one another."""

    def __init__(
        self,
        service: Service,
        environ: Mapping[str, str],
        *,
        attempts: int = ATTEMPTS,
        read_timeout: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Speak to the endpoint that the environment names.

        Args:
            service: who is called.
            environ: the live one: credentials are read at each call, since they may be renewed.
            attempts: how often a call is sent, if they all fit into `PATIENCE`.
            read_timeout: seconds without a byte; `READ_TIMEOUT` where it is not given.
            clock: tells seconds.
            sleep: waits so many seconds.
            chance: draws from zero to one.
        """
        self._service = service
        self._environ = environ
        self._endpoint = Endpoint.read(service, environ)
        self._lock = Lock()
        self._connection = self._endpoint.connection(CONNECT_TIMEOUT)
        weakref.finalize(self, self._connection.close)
        self._read_timeout = READ_TIMEOUT if read_timeout is None else read_timeout
        self._most = attempts
        self._clock = clock
        self._sleep = sleep
        self._chance = chance

    def open(self) -> None:
        """Open the connection ahead of the first call, where it can be and is not."""
        if self._connection.sock is not None:
            return
        try:
            self._connect()
        except OSError:
            self.close()  # the first call tries again, and says so if it cannot

    def close(self) -> None:
        """End the connection; a later call opens another."""
        self._connection.close()

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Make one call that bears to arrive twice, trying again where the SDK would.

        Raises:
            TryAgain: AWS cannot be reached, fails or throttles, in every attempt.
            AwsError: it refuses.
        """
        body = json.dumps(payload, separators=(",", ":")).encode()
        with self._lock:
            if "Sampled=1" in self._environ.get("_X_AMZN_TRACE_ID", ""):
                return self._traced(operation, payload, body)
            return self._attempts(operation, body)

    def _traced(self, operation: str, payload: Mapping[str, Any], body: bytes) -> dict[str, Any]:
        """Make the call with a line in the invocation's trace."""
        from billing.adapters import traces  # noqa: PLC0415 - one invocation in 20 is traced

        about = {"operation": operation, "region": self._endpoint.region, **traces.tables(payload)}
        with traces.line(self._environ, self._service.name, namespace="aws", aws=about):
            return self._attempts(operation, body)

    def _attempts(self, operation: str, body: bytes) -> dict[str, Any]:
        end = self._clock() + PATIENCE
        for attempt in count(1):
            try:
                return self._attempt(operation, body)
            except (OSError, HTTPException, Passing) as error:
                if attempt >= self._most or self._clock() >= end:
                    raise TryAgain("AWS does not answer.") from error
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
        sent["User-Agent"] = USER_AGENT
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
    word = response.getheader("x-amzn-errortype") or str(told.get("__type", ""))
    code = word.rpartition("#")[2].partition(":")[0]  # of `namespace#Code:url`, or less
    if response.status in PASSING_STATUS or code in PASSING:
        raise Passing(code or str(response.status))
    request_id = response.getheader("x-amzn-requestid") or ""
    raise AwsError(code or "UnknownError", response.status, told, request_id)


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
