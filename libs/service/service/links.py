"""Links that grant one thing to whoever has them, without a token: sealed, so that nobody can make one up.

A link says what it is for and nothing else. Whether it still holds, until when and how often, its record tells.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final

_BYTES: Final = 16
"""Of the seal: 128 bits, which nobody guesses."""


class Links:
    """The links of one service for one purpose. `keyed` is the hash that only the service can make."""

    def __init__(self, purpose: str, keyed: Callable[[bytes], bytes]) -> None:
        self._purpose = purpose
        self._keyed = keyed

    def seal(self, *parts: str) -> str:
        """What such a link ends with. Raises ValueError for a part that could be read otherwise."""
        if not all(re.fullmatch(r"[A-Za-z0-9_-]+", part) for part in parts):
            raise ValueError("a part of a link is letters, digits, _ and -")
        said = ".".join(parts)
        return f"{said}.{self._seal(said)}"

    def read(self, link: str) -> tuple[str, ...] | None:
        """What a link says; None for one that is not ours."""
        said, _, seal = link.rpartition(".")
        is_ours = hmac.compare_digest(self._seal(said).encode(), seal.encode(errors="replace"))
        return tuple(said.split(".")) if is_ours else None

    def _seal(self, said: str) -> str:
        digest = self._keyed(f"link\x00{self._purpose}\x00{said}".encode(errors="replace"))
        return urlsafe_b64encode(digest[:_BYTES]).decode().rstrip("=")
