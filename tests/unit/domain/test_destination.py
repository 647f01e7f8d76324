"""Which URLs and addresses may be sent to."""

from __future__ import annotations

import pytest

from billing.domain.destination import NotADestination, destination, is_loopback, is_public


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("https://hooks.example.com", "hooks.example.com", "/"),
        ("https://HOOKS.example.com/a/b?c=d%20e", "hooks.example.com", "/a/b?c=d%20e"),
        ("https://hooks.example.com:443/x", "hooks.example.com", "/x"),
        ("https://hooks.example.com:8443?x", "hooks.example.com:8443", "/?x"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", "/"),
        ("https://93.184.215.14/", "93.184.215.14", "/"),
    ],
)
def test_a_public_https_url_is_a_destination(url: str, authority: str, target: str) -> None:
    found = destination(url, local_is_allowed=False)
    assert (found.authority, found.target, found.is_local) == (authority, target, False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://user@hooks.example.com/",
        "https://user:secret@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com\\@evil.example/",
        "https://hooks.example.com /",
        "https://hooks.example.com/\r\nHost: evil",
        "https://b\u00fccher.example/",
        "https://hooks.example.com./",
        "https://[2606:2800::1]/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/" + "x" * 1024,
        "//hooks.example.com/",
        "http://localhost:8000/",
        "http://127.0.0.1/",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(NotADestination):
        destination(url, local_is_allowed=False)


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/", "http://127.0.0.1/", "https://[::1]:80/", "http://LOCALHOST"]
)
def test_this_machine_is_one_in_dev(url: str) -> None:
    assert destination(url, local_is_allowed=True).is_local


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "http://localhost.example.com/"])
def test_dev_does_not_make_others_local(url: str) -> None:
    with pytest.raises(NotADestination):
        destination(url, local_is_allowed=True)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "0.1.2.3",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::127.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_everybodys_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.215.14",
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ],
)
def test_an_address_that_is_everybodys_is_public(address: str) -> None:
    assert is_public(address)


def test_loopback_is_this_machine() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("10.0.0.1")
