"""Where notifications may be sent: the form of the URL, and which addresses are public.

As with redirects, the URL is matched as a whole against one strict form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

LONGEST = 1024
FIRST_UNPRIVILEGED = 1024
LAST_PORT = 65_535

_FORM = re.compile(
    r"""
    (?P<scheme> https? ) ://
    (?P<host> [a-z0-9](?:[a-z0-9-]*[a-z0-9])? (?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)* | \[::1\] )
    (?: : (?P<port> [1-9][0-9]{0,4} ) )?
    (?P<target> (?: [/?] [a-z0-9/?:@!$&'()*+,;=._~%-]* )? )
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
"""Plain ASCII without user info, fragment, backslash, space or control character."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_DEFAULT_PORT = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL that was taken apart.

    Attributes:
        target: path and query.
        is_local: whether it is this machine, by its name.
    """

    scheme: str
    host: str
    port: int
    target: str
    is_local: bool

    @property
    def authority(self) -> str:
        """What the Host header says."""
        return self.host if self.port == _DEFAULT_PORT[self.scheme] else f"{self.host}:{self.port}"


class NotADestination(ValueError):
    """A URL to which nothing is sent; the text says why."""


def destination(url: str, *, local_is_allowed: bool) -> Destination:
    """Take a URL apart.

    Args:
        url: where a project wants to be told.
        local_is_allowed: whether this machine, on any port and without TLS, will do: in dev.

    Raises:
        NotADestination: it is not https on a port that is 443 or unprivileged.
    """
    form = _FORM.fullmatch(url) if len(url) <= LONGEST else None
    if form is None:
        raise NotADestination(
            "must be an absolute https URL in plain ASCII, without user, password or fragment"
        )
    scheme, host = form["scheme"].lower(), form["host"].lower()
    port = int(form["port"] or _DEFAULT_PORT[scheme])
    is_local = local_is_allowed and host in _LOOPBACK
    if not is_local and scheme != "https":
        raise NotADestination("must be https")
    if port > LAST_PORT or not (is_local or port == 443 or port >= FIRST_UNPRIVILEGED):
        raise NotADestination("must be on port 443, or on one from 1024 to 65535")
    target = form["target"]
    return Destination(
        scheme, host, port, target if target.startswith("/") else f"/{target}", is_local
    )


def is_public(text: str) -> bool:
    """Whether an address is reachable from everywhere.

    Loopback, private, link-local (where clouds keep their credentials), carrier-grade NAT,
    multicast, documentation, reserved and unspecified ones are not.
    """
    address = _unwrapped(ip_address(text.partition("%")[0]))
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    special = address.is_multicast or address.is_reserved or any(address in n for n in _SPECIAL)
    return address.is_global and not special


def is_loopback(text: str) -> bool:
    """Whether an address is this machine's own."""
    return ip_address(text.partition("%")[0]).is_loopback


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return where the packets end up: IPv4 that is mapped into IPv6, or translated, is IPv4."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_SPECIAL = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # relays from 6to4
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2002::/16"),  # 6to4, whose packets end up anywhere
    IPv6Network("3fff::/20"),  # documentation
)
"""What some versions of Python call global, and is not."""
