"""Where Kafka is, who we are to it and whom we take for it: what every client of ours is made with.

    Brokers("kafka:9093", "SASL_SSL", username="companies", password=File(path), authorities=Path("ca.pem"))

Where brokers let everybody in, an address alone will do. Files are read whenever a client connects, so what is renewed
there holds for the next connection; those that are open live on.
"""

import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from eventstore.files import Told, resolve

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


@dataclass(frozen=True)
class Brokers:
    """Brokers, and how they are to be met."""

    addresses: str
    """`host:port`, comma-separated."""
    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism = "SCRAM-SHA-512"
    username: str | None = None
    password: Told | None = field(default=None, repr=False)
    authorities: Path | None = None
    """The certificates of whom we believe that a broker is one; the machine's own, unless given."""
    certificate: Path | None = None
    """Ours, with those between it and an authority that the brokers believe."""
    key: Path | None = None

    def __str__(self) -> str:
        return self.addresses

    @property
    def arguments(self) -> dict[str, object]:
        """What aiokafka's clients are made with. Raises OSError where a file cannot be used."""
        return {
            "bootstrap_servers": self.addresses,
            "security_protocol": self.protocol,
            "ssl_context": self.tls(),
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.secret(),
        }

    def secret(self) -> str | None:
        """The password as it is now. Raises OSError where its file does not say."""
        return None if self.password is None else resolve(self.password)

    def tls(self) -> ssl.SSLContext | None:
        """How connections are encrypted, if they are, by what files hold now. Raises OSError."""
        if not self.protocol.endswith("SSL"):
            return None
        files = (self.authorities, self.certificate, self.key)
        return _context(*files, tuple(map(_stamp, files)))


Bootstrap = Brokers | str
"""Brokers; by their address alone where they let everybody in."""


def brokers_at(bootstrap: Bootstrap) -> Brokers:
    """The brokers that are meant."""
    return bootstrap if isinstance(bootstrap, Brokers) else Brokers(bootstrap)


@lru_cache(maxsize=8)
def _context(
    authorities: Path | None, certificate: Path | None, key: Path | None, _: tuple[object, ...]
) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authorities)
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


def _stamp(file: Path | None) -> tuple[int, int, int] | None:
    """What differs once a file was written, or another put in its place."""
    if file is None:
        return None
    found = file.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size
