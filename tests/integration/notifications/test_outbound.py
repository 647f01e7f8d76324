"""What is sent, and above all what is not: the wire to addresses that strangers chose."""

from __future__ import annotations

import socket
import threading

import pytest

from billing.adapters.outbound import resolve
from billing.domain.delivery import Problem
from billing.domain.destination import NotADestination
from tests.integration.notifications.wire import PUBLIC, a_server, an_outbound, problem_of
from tests.support.receiver import a_receiver

# -- addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "::1",
        "::ffff:127.0.0.1",
        "fd00:ec2::254",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_a_name_that_leads_inside_is_neither_registered_nor_sent_to(address: str) -> None:
    outbound = an_outbound(local_is_allowed=False, resolve=lambda *_: [address])
    with pytest.raises(NotADestination, match="public"):
        outbound.check("https://hooks.example.com/")
    assert problem_of(outbound, "https://hooks.example.com/") is Problem.NOT_PUBLIC


def test_one_inner_address_among_public_ones_is_enough_to_refuse() -> None:
    outbound = an_outbound(resolve=lambda *_: [PUBLIC, "10.0.0.1"])
    assert problem_of(outbound, "https://hooks.example.com/") is Problem.NOT_PUBLIC


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
def test_an_odd_way_to_write_this_machine_leads_nowhere(host: str) -> None:
    outbound = an_outbound(local_is_allowed=False)
    assert problem_of(outbound, f"https://{host}/") in {Problem.NOT_PUBLIC, Problem.UNRESOLVED}


def test_a_name_is_looked_up_once_and_the_connection_goes_where_was_looked() -> None:
    """A name that answers something else the second time (DNS rebinding) gains nothing."""
    answers, connected = [[PUBLIC], ["127.0.0.1"]], []

    def connect(address: tuple[str, int], _seconds: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    outbound = an_outbound(
        local_is_allowed=False, resolve=lambda *_: answers.pop(0), connect=connect
    )
    assert problem_of(outbound, "https://hooks.example.com/") is Problem.UNREACHABLE
    assert connected == [(PUBLIC, 443)]
    assert answers == [["127.0.0.1"]]


def test_this_machine_is_sent_to_in_dev_only() -> None:
    with a_receiver() as receiver:
        an_outbound().check(receiver.url)
        assert an_outbound().post(receiver.url, b"{}", {"webhook-id": "x"}) == 204
        deployed = an_outbound(local_is_allowed=False)
        assert problem_of(deployed, receiver.url) is Problem.URL_REFUSED
        https = receiver.url.replace("http:", "https:")
        assert problem_of(deployed, https) is Problem.NOT_PUBLIC
    assert len(receiver.received) == 1


def test_a_local_name_that_leads_elsewhere_is_refused() -> None:
    outbound = an_outbound(resolve=lambda *_: ["10.0.0.1"])
    assert problem_of(outbound, "http://localhost:8000/") is Problem.NOT_PUBLIC


# -- names


def test_a_name_without_address_is_unresolved() -> None:
    def nothing(*_: object) -> list[str]:
        raise socket.gaierror

    outbound = an_outbound(resolve=nothing)
    assert problem_of(outbound, "https://nowhere.example.com/") is Problem.UNRESOLVED
    with pytest.raises(NotADestination, match="does not resolve"):
        outbound.check("https://nowhere.example.com/")


def test_a_resolver_that_hangs_is_not_waited_for() -> None:
    release = threading.Event()

    def hang(*_: object) -> list[str]:
        release.wait(10)
        return [PUBLIC]

    outbound = an_outbound(resolve=hang, budget=0.1)
    assert problem_of(outbound, "https://slow.example.com/") is Problem.TIMED_OUT
    with pytest.raises(NotADestination, match="too long"):
        outbound.check("https://slow.example.com/")
    release.set()


def test_the_systems_resolver_names_each_address_once() -> None:
    assert "127.0.0.1" in resolve("localhost", 80)
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]
    assert resolve("[::1]", 80) == ["::1"]


# -- answers


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with a_receiver(307) as receiver:
        assert an_outbound().post(receiver.url, b"{}", {}) == 307
        assert len(receiver.received) == 1


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert problem_of(an_outbound(), f"http://127.0.0.1:{port}/") is Problem.UNREACHABLE


def test_a_server_that_says_nothing_is_given_up() -> None:
    done = threading.Event()

    def wait(_connection: socket.socket) -> None:
        done.wait(10)

    with a_server(wait) as port:
        outbound = an_outbound(budget=0.2)
        assert problem_of(outbound, f"http://127.0.0.1:{port}/") is Problem.TIMED_OUT
        done.set()


def test_a_server_that_drips_is_given_up_when_the_whole_time_is_over() -> None:
    def drip(connection: socket.socket) -> None:
        try:
            for byte in b"HTTP/1.1 200 " + b"O" * 100:
                connection.sendall(bytes([byte]))
                threading.Event().wait(0.05)
        except OSError:
            pass

    with a_server(drip) as port:
        outbound = an_outbound(budget=0.5)
        assert problem_of(outbound, f"http://127.0.0.1:{port}/") is Problem.TIMED_OUT


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"HTTP/1.0 200\r\n\r\n", 200),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n", 202),
        (b"HTTP/1.1 500 Broken\r\nX: " + b"x" * 40_000, 500),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 200),
    ],
)
def test_only_the_status_is_read(sent: bytes, expected: int) -> None:
    with a_server(lambda connection: connection.sendall(sent)) as port:
        assert an_outbound().post(f"http://127.0.0.1:{port}/", b"{}", {}) == expected


@pytest.mark.parametrize(
    "sent", [b"", b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 999 x\r\n\r\n", b"HTTP/1.1 100 x\r\n\r\n"]
)
def test_what_is_not_http_is_named(sent: bytes) -> None:
    with a_server(lambda connection: connection.sendall(sent)) as port:
        found = problem_of(an_outbound(), f"http://127.0.0.1:{port}/")
        assert found in {Problem.NOT_HTTP, Problem.UNREACHABLE}


def test_the_request_is_one_whole_post() -> None:
    seen: list[bytes] = []

    def note(connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data or not data.endswith(b'{"a":1}'):
            data += connection.recv(4096)
        seen.append(data)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with a_server(note) as port:
        an_outbound().post(f"http://127.0.0.1:{port}?x=1", b'{"a":1}', {"webhook-id": "msg_1"})
    head = seen[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert head[0] == "POST /?x=1 HTTP/1.1"
    assert set(head[1:]) == {
        f"Host: 127.0.0.1:{port}",
        "User-Agent: billing-notifications/1",
        "Content-Type: application/json",
        "Content-Length: 7",
        "Connection: close",
        "webhook-id: msg_1",
    }
