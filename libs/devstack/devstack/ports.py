"""Ports of this machine for servers to listen on."""

import atexit
import random
import socket
from collections import deque

from devstack.child import DevstackError

# Below the range that systems give to outgoing connections, which could take a port between our look and its use.
_RANGE = range(15_000, 32_000)

# More than whoever starts servers asks for before they listen, fewer than the files that systems let a process open.
_KEPT = 100

_promised: deque[socket.socket] = deque()


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
    """The preferred port where it is free, another one otherwise. Nobody else is given it until this process has ended
    or asked for a hundred more. Raises DevstackError where there is none."""
    wanted = [] if preferred is None else [preferred]
    for port in wanted + random.SystemRandom().sample(_RANGE, 200):
        if is_free(port) and _promise(port):
            return port
    raise DevstackError("No port of 127.0.0.1 is free: stop some of the programs that listen on this machine.")


def _promise(port: int) -> bool:
    """Holds the port's number for datagrams, which nothing here uses; False where another process, or this one, does.
    What only looks who listens gives a port out twice, as servers take their time to start."""
    held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        held.bind(("127.0.0.1", port))
    except OSError:
        held.close()
        return False
    _promised.append(held)
    if len(_promised) > _KEPT:
        _promised.popleft().close()
    return True


@atexit.register
def _release() -> None:
    while _promised:
        _promised.pop().close()


def require_free(port: int, *, setting: str) -> None:
    """Raises DevstackError where a port is taken, naming the setting that chooses it."""
    if not is_free(port):
        raise DevstackError(
            f"Port {port} is taken: stop what listens there or choose another with {setting}, "
            f"for example {setting}={free_port()}."
        )
