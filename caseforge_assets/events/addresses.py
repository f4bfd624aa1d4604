"""Decides to which addresses events may be delivered: those of the public internet, over TLS, and what the configuration allows besides."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

LONGEST_URL = 2_000
USUAL_PORTS = (443, 8443)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")
_LONGEST_SHOWN = 12
# What this version of Python takes for global, and is not: protocol assignments (with a cloud's metadata), the old relay of 6to4, site-local and segment routing.
_NOT_GLOBAL = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "3fff::/20", "5f00::/16")))
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))


class AddressRefused(ValueError):
    """Nothing is delivered there; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address, taken apart."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """Host and port as the header Host has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _usual_port(self.scheme) else f"{host}:{self.port}"


def read_target(url: str, allowed: Collection[str] = ()) -> Target:
    """Takes an address apart.

    Args:
        allowed: networks besides the public internet; where there are any, plain HTTP and other ports may be written, and are held to these networks when it
            is delivered.

    Raises:
        AddressRefused: it is none that anything is delivered to, whatever its host is.
    """
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or any(character in url for character in " \\<>\"'"):
        raise AddressRefused("the address is too long, or holds characters that belong in none")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"the address cannot be read: {error}") from error
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in (("https", "http") if allowed else ("https",)):
        raise AddressRefused("the address has to begin with https://")
    if "@" in parts.netloc:
        raise AddressRefused("the address holds a user or a password; what is delivered is signed instead")
    if parts.fragment or not _HOST.fullmatch(host):
        raise AddressRefused("the address has no host, or holds what belongs in none")
    port = port or _usual_port(parts.scheme)
    if port not in USUAL_PORTS and not allowed:
        raise AddressRefused(f"port {port} is none of {', '.join(map(str, USUAL_PORTS))}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path)


def refusal_of(target: Target, address: str, allowed: Collection[str]) -> str:
    """Says why nothing is delivered to an IP address, which a target's host was resolved to; empty: it is."""
    found = _embedded(ip_address(address.partition("%")[0]))
    if any(found in ip_network(network, strict=False) for network in allowed):
        return ""
    if not found.is_global or found.is_multicast or found.is_reserved or any(found in network for network in _NOT_GLOBAL):
        return f"{target.host} is at {found}, which is none of the public internet (webhook_allow in [service] allows networks)"
    if target.scheme != "https" or target.port not in USUAL_PORTS:
        return "what is in the public internet is delivered to over TLS, on its usual ports, alone"
    return ""


def refuse_address(target: Target, allowed: Collection[str]) -> None:
    """Refuses an address whose host is written as an IP address that nothing is delivered to; a name is looked up for each delivery, and may lead elsewhere then.

    Raises:
        AddressRefused: nothing would ever be delivered there.
    """
    try:
        ip_address(target.host)
    except ValueError:
        return
    refusal = refusal_of(target, target.host, allowed)
    if refusal:
        raise AddressRefused(refusal)


def shown_url(url: str) -> str:
    """An address for people: long parts of its path and what is asked behind it may be secrets."""
    parts = urlsplit(url)
    segments = [segment if len(segment) <= _LONGEST_SHOWN else "…" for segment in parts.path.split("/")]
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{'/'.join(segments)}{'?…' if parts.query else ''}"


def _usual_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address that is meant: IPv6 has several ways to write one of IPv4."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _NAT64):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
