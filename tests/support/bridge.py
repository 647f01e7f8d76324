"""AWS on the loopback for what speaks to it past botocore, where moto stands.

Each request's signature is checked with botocore's own signer; then a botocore client makes the
same call, so that moto answers it and `interruptions` counts it. The bridge serves in a thread of
its own, so whom an interruption kills learns of it by a signal.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import FrameType
from typing import Any

import boto3
from botocore.exceptions import ClientError

from billing.adapters.aws.endpoint import DYNAMODB, SECRETS_MANAGER, SQS, Service
from billing.adapters.aws.sigv4 import Credentials
from tests.support.aws_signature import is_signed
from tests.support.interruptions import Killed

OPERATIONS = {
    f"{DYNAMODB.target}.GetItem": (DYNAMODB, "get_item"),
    f"{DYNAMODB.target}.BatchGetItem": (DYNAMODB, "batch_get_item"),
    f"{SQS.target}.SendMessage": (SQS, "send_message"),
    f"{SECRETS_MANAGER.target}.GetSecretValue": (SECRETS_MANAGER, "get_secret_value"),
}
"""What may be called: nothing else goes past the SDK."""


class Bridge(ThreadingHTTPServer):
    """Serves until it is closed; `url` is where, `connections` how many there were."""

    daemon_threads = True

    def __init__(self, region: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.region = region
        self.connections = 0
        self._clients: dict[Service, Any] = {}
        self._handled_before = signal.signal(signal.SIGUSR1, _die)
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def client(self, service: Service) -> Any:
        """What moto answers."""
        if service not in self._clients:
            name: Any = service.name  # a literal, to the stubs
            self._clients[service] = boto3.client(name, region_name=self.region)
        return self._clients[service]

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


def _die(_signal: int, _frame: FrameType | None) -> None:
    raise Killed


class _Handler(BaseHTTPRequestHandler):
    server: Bridge
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one packet
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self._answer(*self._result(body))
        except Killed:
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGUSR1)
            self.close_connection = True

    def _result(self, body: bytes) -> tuple[int, Any]:
        headers, credentials = dict(self.headers), Credentials.read(os.environ)
        region = self.server.region
        service, operation = OPERATIONS[self.headers["X-Amz-Target"]]
        if not is_signed("POST", headers, body, credentials, region=region, service=service.name):
            return 400, {"__type": "com.amazon.coral.service#InvalidSignatureException"}
        try:
            answer = getattr(self.server.client(service), operation)(**json.loads(body))
        except ClientError as error:
            told = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            type_ = f"com.amazonaws.{service.name}#{told['Code']}"
            return status, {"__type": type_, "message": told["Message"]}
        answer.pop("ResponseMetadata")
        return 200, answer

    def _answer(self, status: int, answer: Any) -> None:
        content = json.dumps(answer, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("x-amz-crc32", str(zlib.crc32(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
