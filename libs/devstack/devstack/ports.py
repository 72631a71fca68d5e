"""Ports of this machine for servers to listen on."""

import random
import socket

from devstack.child import DevstackError

# Below the range that systems give to outgoing connections, which could take a port between our look and its use.
_RANGE = range(15_000, 32_000)


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of the loopback address."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """The preferred port where it is free, another one otherwise."""
    if preferred is not None and is_free(preferred):
        return preferred
    for port in random.SystemRandom().sample(_RANGE, 200):
        if is_free(port):
            return port
    raise DevstackError("No port of 127.0.0.1 is free: stop some of the programs that listen on this machine.")


def require_free(port: int, *, setting: str) -> None:
    """Raises DevstackError where a port is taken, naming the setting that chooses it."""
    if not is_free(port):
        raise DevstackError(
            f"Port {port} is taken: stop what listens there or choose another with {setting}, "
            f"for example {setting}={free_port()}."
        )
