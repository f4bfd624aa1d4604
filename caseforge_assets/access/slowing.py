"""Slows down sign-ins after failures, so that guessing leads nowhere and a person who mistyped is not locked out."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

COUNTED_FOR = timedelta(hours=1)  # a failure that is older is forgotten
FREE_OF_A_NAME, LONGEST_FOR_A_NAME = 5, timedelta(minutes=1)  # others who fail in somebody's name must not keep that person out for long
FREE_OF_AN_ADDRESS, LONGEST_FOR_AN_ADDRESS = 20, timedelta(minutes=15)  # several people may share one


def pause_after(failures: int, free: int, longest: timedelta) -> timedelta:
    """The time that has to pass after the last of so many failures: none at first, then five seconds, and twice as long each time.

    Args:
        free: how many failures cost nothing.
        longest: the pause that none exceeds.
    """
    if failures < free:
        return timedelta()
    return min(timedelta(seconds=5 * 2 ** min(failures - free, 20)), longest)


def counted_as(address: str) -> str:
    """Gives what an address is counted as: one of IPv6 as its network of 64 bits, in which a single person has all addresses."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) and found.ipv4_mapped is None else str(found)
