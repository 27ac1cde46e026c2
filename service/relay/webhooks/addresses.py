"""Which addresses may be called: none inside the operator's network, unless allowed.

Whoever may ask to be called could otherwise reach, from inside, what only the inside
may reach (server-side request forgery, OWASP API7:2023).
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64, RFC 6052: an IPv4 address inside


class AddressInside(Exception):
    """The host has an address that is not on the public internet."""


def outside(host: str, port: int) -> str:
    """Return an IP address of the host, all of whose addresses are public.

    Call just this one: a name may mean another address at its next resolution. Raise
    AddressInside, or OSError if the name means nothing.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(info[4][0]).partition("%")[0] for info in found]
    if not all(_is_public(ip_address(one)) for one in addresses):
        raise AddressInside(host)
    return addresses[0]


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address in _TRANSLATED:
            within = IPv4Address(int(address) & 0xFFFF_FFFF)
        if within is not None:
            return _is_public(within)
    return address.is_global and not address.is_multicast
