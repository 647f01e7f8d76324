"""TLS to addresses that strangers chose: verified by the name, spoken to the address."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from billing.domain.delivery import Problem
from tests.integration.notifications.wire import a_server, an_outbound, problem_of


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost`, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(encoding))
    return path


@contextmanager
def a_tls_server(certificate: Path) -> Iterator[tuple[int, list[str | None]]]:
    """A server behind TLS; it notes the name that it was asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)

    def serve(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(4096)
                secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (ssl.SSLError, OSError):
            pass

    with a_server(serve) as port:
        yield port, asked


def test_tls_is_verified_against_the_name_while_the_connection_goes_to_the_address(
    certificate: Path,
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    with a_tls_server(certificate) as (port, asked):
        outbound = an_outbound(context=trusting, resolve=lambda *_: ["127.0.0.1"])
        assert outbound.post(f"https://localhost:{port}/", b"{}", {}) == 204
        assert asked == ["localhost"]


def test_a_certificate_of_another_name_or_of_nobody_is_refused(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    with a_tls_server(certificate) as (port, _):
        other = an_outbound(context=trusting)
        assert problem_of(other, f"https://127.0.0.1:{port}/") is Problem.TLS_FAILED
    with a_tls_server(certificate) as (port, _):
        assert problem_of(an_outbound(), f"https://localhost:{port}/") is Problem.TLS_FAILED
