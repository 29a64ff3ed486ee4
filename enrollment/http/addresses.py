"""The host name that a request was sent to (Host), and its client (X-Forwarded-For)."""

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

from enrollment.http.context import Context
from enrollment.problems.errors import Problem

# The authority of RFC 3986 without a user: a name or an IP address, and perhaps a port. An IPv6
# address has no zone.
HOST = re.compile(
    r"(?:(?P<name>[A-Za-z0-9._-]+)|\[(?P<number>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{0,5}))?"
)
LAST_PORT = 65535
# Some proxies add the port of the client. An IPv6 address with a zone is not taken: the zone can be
# any text, and it names an interface of the proxy.
HOP = re.compile(
    r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15}))(?::[0-9]{1,5})?|([0-9A-Fa-f:.]{2,45})"
)


def known_hosts(names: Iterable[str]) -> frozenset[str]:
    """Return the names of the service, in the form in which `check_host` compares them."""
    return frozenset(map(_comparable, names))


def check_host(context: Context, hosts: Collection[str]) -> None:
    """Refuse a request to a host name that is not among `hosts`. "*" stands for every name.

    Otherwise a page of another site could reach the service by letting its own name point here (DNS
    rebinding). HTTP/1.0 allows a request without Host, but it passes only if `hosts` has "*".

    Raises malformed_request, misdirected_request.
    """
    host = context.header("HOST")
    if host is None and context.environ.get("SERVER_PROTOCOL") != "HTTP/1.0":
        raise Problem("malformed_request", "The request has no header Host.")
    name = "" if host is None else _host_name(host)
    if "*" not in hosts and name not in hosts:
        raise Problem("misdirected_request", f'The service does not answer to "{name[:255]}".')


def find_client(context: Context, proxies: Iterable[IPv4Network | IPv6Network]) -> None:
    """Set the client of the context, if its peer is a trusted proxy.

    Each proxy adds the address that it got the request from at the end of X-Forwarded-For. The
    client is the last address there that is no trusted proxy. An invalid address ends the search.
    """
    if not proxies:
        return
    hops = (context.header("X_FORWARDED_FOR") or "").split(",")
    with suppress(ValueError):
        while hops and any(ip_address(context.client) in network for network in proxies):
            context.client = _hop_address(hops.pop().strip())


def _host_name(host: str) -> str:
    """Return the name in a header Host, without its port. Raises malformed_request."""
    found = HOST.fullmatch(host)
    if found and int(found["port"] or 0) <= LAST_PORT:
        if found["name"]:
            return found["name"].lower()
        with suppress(AddressValueError):
            return str(IPv6Address(found["number"]))
    raise Problem("malformed_request", "The header Host is not one name or number and a port.")


def _comparable(name: str) -> str:
    """Return a name in lower case, or an IPv6 address in its shortest form."""
    with suppress(AddressValueError):
        return str(IPv6Address(name))
    return name.lower()


def _hop_address(hop: str) -> str:
    """Return an address of X-Forwarded-For, without its port. Raises ValueError."""
    found = HOP.fullmatch(hop)
    if found is None:
        raise ValueError(hop)
    return str(IPv4Address(found[2]) if found[2] else IPv6Address(found[1] or found[3]))
