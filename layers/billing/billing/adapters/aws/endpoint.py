"""Where DynamoDB answers: AWS's own address in the function's region, or another that is named."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit


class Endpoint(NamedTuple):
    """A host, and how to reach it."""

    region: str
    host: str
    port: int
    is_secure: bool

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Endpoint:
        """Read Lambda's region, and the SDK's own variables for another endpoint.

        Raises:
            KeyError: there is no region.
            ValueError: the endpoint is no http or https URL of a host alone.
        """
        region = environ.get("AWS_REGION") or environ["AWS_DEFAULT_REGION"]
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        given = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
        url = urlsplit(given or f"https://dynamodb.{region}.{domain}")
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
        kind = HTTPSConnection if self.is_secure else HTTPConnection
        return kind(self.host, self.port, timeout=timeout)
