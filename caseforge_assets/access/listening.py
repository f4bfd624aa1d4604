"""On which addresses a service may listen: what nobody guards stays on one's own machine, and passwords do not travel in the clear."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Tells an address that only this machine reaches."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_unsafe_listening(host: str, *, knows_people: bool, encrypted: bool) -> None:
    """Refuses an address that others reach before it is known who they are, or without TLS.

    Args:
        knows_people: whether there are accounts, or others who vouch for people: an OpenID provider, a proxy.
        encrypted: whether the service speaks TLS, or a proxy before it does.

    Raises:
        ValueError: it is not safe; the text says what makes it so.
    """
    if is_loopback(host):
        return
    if not knows_people:
        raise ValueError(
            f"Others can reach {host}, and nobody has an account yet, so that the service listens on 127.0.0.1 only. Add somebody first (caseforge users add NAME "
            "--role admin), or set up an OpenID provider or a proxy in [service]"
        )
    if not encrypted:
        raise ValueError(
            f"Others can reach {host}, and passwords and tokens would go there in the clear. Give a certificate (--tls-cert, --tls-key), or say that a proxy before "
            "the service speaks TLS: --behind-tls-proxy"
        )
