"""AWS on the loopback with canned answers: deterministic, counted, and in a process of its own.

It answers DynamoDB, SQS and Secrets Manager from a `World` and keeps nothing that is written, so
that every repetition finds the same state. `GET /counts` tells and forgets what was asked,
`GET /transaction` tells the last transaction. Any other path is Stripe's.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import ssl
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.world import Item, World

Json = dict[str, Any]

STRIPE: dict[str, Json] = {
    "/v1/checkout/sessions": {
        "id": "cs_test_1",
        "object": "checkout.session",
        "url": "https://checkout.stripe.com/c/pay/cs_test_1",
        "expires_at": 4_000_000_000,
    },
    "/v1/billing_portal/sessions": {
        "id": "bps_1",
        "object": "billing_portal.session",
        "url": "https://billing.stripe.com/p/session/bps_1",
        "created": 1_795_219_200,
    },
    "/v1/customers": {"id": "cus_demo1", "object": "customer"},
}
"""What Stripe answers to a checkout and to a portal."""


class Responder:
    """What is asked of AWS, answered."""

    def __init__(self, world: World) -> None:
        """Answer from this world."""
        self.counts: Counter[str] = Counter()
        self.transaction: Json = {}
        self._secrets = world.secrets
        self._items = {
            (table, item["pk"]["S"], item.get("sk", {}).get("S")): item
            for table, items in world.tables.items()
            for item in items
        }
        self._collections: dict[tuple[str, str], list[Item]] = {}
        for (table, pk, _), item in self._items.items():
            self._collections.setdefault((table, pk), []).append(item)
        self._answers: dict[str, Callable[[Json], Json]] = {
            "GetItem": self._get,
            "BatchGetItem": self._batch,
            "Query": self._query,
            "GetSecretValue": self._secret,
            "SendMessage": self._send,
            "TransactGetItems": self._get_all,
            "TransactWriteItems": self._transact,
            "PutEvents": lambda _asked: {"FailedEntryCount": 0, "Entries": []},
            "UpdateItem": self._count,
        }

    def answer(self, target: str, body: bytes) -> bytes:
        """Answer one call, such as `DynamoDB_20120810.GetItem`; a write answers `{}`."""
        operation = target.rpartition(".")[2]
        self.counts[operation] += 1
        asked = json.loads(body)
        answer = self._answers.get(operation)
        reply = answer(asked) if answer else {}
        return json.dumps(reply, separators=(",", ":")).encode()

    def tell(self, path: str) -> bytes:
        """Answer the one who measures."""
        told: object = {}
        if path == "/counts":
            told, self.counts = dict(self.counts), Counter()
        elif path == "/transaction":
            told = self.transaction
        else:
            self.counts["Stripe"] += 1
            told = STRIPE.get(path.partition("?")[0], {})
        return json.dumps(told).encode()

    def _get(self, asked: Json) -> Json:
        item = self._found(asked["TableName"], asked["Key"])
        return {"Item": item} if item else {}

    def _batch(self, asked: Json) -> Json:
        found = {
            table: [item for key in wanted["Keys"] if (item := self._found(table, key))]
            for table, wanted in asked["RequestItems"].items()
        }
        return {"Responses": found, "UnprocessedKeys": {}}

    def _get_all(self, asked: Json) -> Json:
        return {"Responses": [self._get(each["Get"]) for each in asked["TransactItems"]]}

    def _query(self, asked: Json) -> Json:
        values = asked["ExpressionAttributeValues"].values()
        partitions = [self._collections.get((asked["TableName"], v.get("S", ""))) for v in values]
        items = next(filter(None, partitions), [])
        return {"Items": items, "Count": len(items), "ScannedCount": len(items)}

    def _found(self, table: str, key: Json) -> Item | None:
        return self._items.get((table, key["pk"]["S"], key.get("sk", {}).get("S")))

    def _secret(self, asked: Json) -> Json:
        text = json.dumps(self._secrets.get(asked["SecretId"], {}))
        return {"Name": asked["SecretId"], "SecretString": text, "VersionId": "1" * 32}

    def _transact(self, asked: Json) -> Json:
        self.transaction = asked
        return {}

    @staticmethod
    def _count(_asked: Json) -> Json:
        return {"Attributes": {"requests": {"N": "1"}}}

    @staticmethod
    def _send(asked: Json) -> Json:
        # botocore compares the digest, as SQS has it: no secret is kept by it.
        digest = hashlib.md5(asked["MessageBody"].encode(), usedforsecurity=False).hexdigest()
        return {"MessageId": "m-1", "MD5OfMessageBody": digest}


class Connection(asyncio.Protocol):
    """One kept connection, HTTP/1.1 as DynamoDB speaks it."""

    def __init__(self, responder: Responder) -> None:
        """Answer by this responder."""
        self._responder = responder
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note where answers go."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])
            }
            whole = end + 4 + int(headers.get("content-length", "0"))
            if len(self._buffer) < whole:
                return
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self._answer(head.split(" ", 2)[1], headers.get("x-amz-target", ""), body)

    def _answer(self, path: str, target: str, body: bytes) -> None:
        text = self._responder.answer(target, body) if target else self._responder.tell(path)
        head = (
            "HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Sat, 21 Nov 2026 00:00:00 GMT\r\n"
            f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(text)}\r\n"
            "Connection: keep-alive\r\n"
            "x-amzn-RequestId: BENCHMARKS00000000000000000000000000000000000000000000\r\n"
            f"x-amz-crc32: {zlib.crc32(text)}\r\n\r\n"
        )
        if self._transport:
            self._transport.write(head.encode() + text)


async def serve(world: World, certificate: Path | None) -> None:
    """Serve until the process is ended; the first line on standard output is `PORT TLS-PORT`."""
    responder = Responder(world)
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(lambda: Connection(responder), "127.0.0.1", 0)
    servers = [plain]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        servers.append(
            await loop.create_server(
                lambda: Connection(responder), "127.0.0.1", 0, ssl=context, backlog=64
            )
        )
    sys.stdout.write(" ".join(str(s.sockets[0].getsockname()[1]) for s in servers) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.responder", description=__doc__)
    parser.add_argument("world", type=Path)
    parser.add_argument("--certificate", type=Path, help="PEM with its key: serve TLS as well")
    given = parser.parse_args()
    asyncio.run(serve(World.read(given.world), given.certificate))


if __name__ == "__main__":
    main()
