"""Where a service of AWS answers: in the function's region, or where it is named to be."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache
from http.client import HTTPConnection, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit


class Service(NamedTuple):
    """A service that speaks AWS's JSON protocol.

    Attributes:
        name: in its host's name and in signatures.
        variable: the SDK's environment variable for another endpoint of it.
        target: what comes before an operation in the header X-Amz-Target.
        media_type: of what is sent.
    """

    name: str
    variable: str
    target: str
    media_type: str


DYNAMODB = Service(
    "dynamodb", "AWS_ENDPOINT_URL_DYNAMODB", "DynamoDB_20120810", "application/x-amz-json-1.0"
)
SQS = Service("sqs", "AWS_ENDPOINT_URL_SQS", "AmazonSQS", "application/x-amz-json-1.0")
CLOUDWATCH = Service(
    "monitoring",
    "AWS_ENDPOINT_URL_CLOUDWATCH",
    "GraniteServiceVersion20100801",
    "application/x-amz-json-1.0",
)
SECRETS_MANAGER = Service(
    "secretsmanager",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "secretsmanager",
    "application/x-amz-json-1.1",
)


class Endpoint(NamedTuple):
    """A host, and how to reach it."""

    region: str
    host: str
    port: int
    is_secure: bool

    @classmethod
    def read(cls, service: Service, environ: Mapping[str, str]) -> Endpoint:
        """Read Lambda's region, and the SDK's own variables for another endpoint.

        Raises:
            KeyError: there is no region.
            ValueError: the endpoint is no http or https URL of a host alone.
        """
        region = environ.get("AWS_REGION") or environ["AWS_DEFAULT_REGION"]
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        given = environ.get(service.variable) or environ.get("AWS_ENDPOINT_URL")
        url = urlsplit(given or f"https://{service.name}.{region}.{domain}")
        if url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/"):
            raise ValueError(f"{given} is not the URL of an endpoint")
        is_secure = url.scheme == "https"
        return cls(region, url.hostname, url.port or (443 if is_secure else 80), is_secure)

    @property
    def authority(self) -> str:
        """What the Host header says: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_secure else 80) else f"{host}:{self.port}"

    def connection(self, timeout: float) -> HTTPConnection:
        """Make a connection, not yet open; over TLS it trusts what the system trusts."""
        if self.is_secure:
            return HTTPSConnection(self.host, self.port, timeout=timeout, context=_context())
        return HTTPConnection(self.host, self.port, timeout=timeout)


@cache
def _context() -> ssl.SSLContext:
    """Read the trusted authorities, which takes 20 ms, once for all connections."""
    return ssl.create_default_context()
