"""A port of this machine that nothing listens on."""

from __future__ import annotations

import socket


def free_port() -> int:
    """The system's choice; nothing keeps it, so it is to be used at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
