"""AWS on the loopback for what speaks to it past botocore, where moto stands.

Each request's signature is checked with botocore's own signer. Then the request goes, byte for
byte, to where botocore would have sent it, which is where moto and `interruptions` stand; the
answer goes back as it is. Where no moto stands, an emulator answers. The bridge serves in threads
of its own, so whom an interruption kills learns of it by a signal, while it waits for an answer.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import zlib
from http.client import HTTPConnection
from socket import SocketIO
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders

from billing.adapters.aws.endpoint import CLOUDWATCH, DYNAMODB, SECRETS_MANAGER, SQS
from billing.adapters.aws.sigv4 import Credentials
from billing.adapters.event_bus import EVENTS
from tests.support import dynamo_rules
from tests.support.aws_signature import is_signed
from tests.support.cloudwatch import Metrics
from tests.support.interruptions import Killed
from tests.support.peer import read_request

SERVICES = {
    service.target: service for service in (CLOUDWATCH, DYNAMODB, EVENTS, SECRETS_MANAGER, SQS)
}

REFUSED = b'{"__type": "com.amazon.coral.service#InvalidSignatureException"}'

Headers = dict[str, str]


class Bridge(ThreadingTCPServer):
    """Serves until it is closed; `url` is where, `connections` how many there were.

    What CloudWatch is asked for, `metrics` has; moto has nothing of it. `upstream` is the URL of
    who answers what moto does not.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, region: str, upstream: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.region = region
        self.connections = 0
        self.metrics = Metrics()
        self._upstream = upstream
        self._one_at_a_time = threading.Lock()
        self._wire = botocore.session.get_session().get_component("event_emitter")
        self._handled_before = signal.signal(signal.SIGUSR1, _die)
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, headers: Headers, body: bytes) -> tuple[int, bytes]:
        """Let moto answer a request; return the status and the body."""
        target, _, operation = headers["x-amz-target"].partition(".")
        name, credentials = SERVICES[target].name, Credentials.read(os.environ)
        if not is_signed("POST", headers, body, credentials, region=self.region, service=name):
            return 400, REFUSED
        if name == CLOUDWATCH.name:
            return 200, json.dumps(self.metrics.answer(operation, json.loads(body))).encode()
        refusal = dynamo_rules.refusal(operation, body) if name == DYNAMODB.name else None
        if refusal:
            return 400, refusal
        url = f"https://{name}.{self.region}.amazonaws.com/"
        request = AWSPreparedRequest("POST", url, HTTPHeaders.from_dict(headers), body, False)
        event = f"before-send.{name}.{operation}"
        # A transaction that moto takes back takes back what was written beside it, too.
        with self._one_at_a_time:
            _, response = self._wire.emit_until_response(event, request=request)
        if response is None:
            return self._pass_on(headers, body)
        return response.status_code, response.content

    def _pass_on(self, headers: Headers, body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(urlsplit(self._upstream).netloc)
        connection.request("POST", "/", body, headers)
        with connection.getresponse() as response:
            content = response.read()
        connection.close()
        return response.status, content

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count a connection, and serve it."""
        self.connections += 1
        super().process_request(request, client_address)

    def close(self) -> None:
        """End it."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        signal.signal(signal.SIGUSR1, self._handled_before)


def _die(_signal: int, frame: FrameType | None) -> None:
    """Kill who waits at a socket; elsewhere it would leave things half made, as no kill does."""
    if frame and frame.f_code is SocketIO.readinto.__code__:
        _dead.set()
        raise Killed


_dead = threading.Event()


class _Handler(StreamRequestHandler):
    """One kept connection."""

    server: Bridge
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while request := read_request(self.rfile):
            try:
                status, content = self.server.answer(*request)
            except Killed:
                _kill()
                return
            self.wfile.write(
                f"HTTP/1.1 {status} -\r\nContent-Length: {len(content)}\r\n"
                f"x-amz-crc32: {zlib.crc32(content)}\r\n\r\n".encode()
                + content
            )


def _kill() -> None:
    main = threading.main_thread().ident
    assert main is not None
    _dead.clear()
    while not _dead.is_set():
        signal.pthread_kill(main, signal.SIGUSR1)
        _dead.wait(0.001)
