"""What a deployment decides: read once from the environment, checked before anything starts.

For every NAME there is NAME_FILE, which names a file that says it. A setting that may be `Told` by a file is read there
whenever it is needed; of the others the file is read once.
"""

import os
import re
from collections.abc import Collection, Mapping
from errno import EACCES, EIO, EISDIR, ENOENT
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar, get_args
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from eventstore.bounds import Bounds, Is
from eventstore.files import File, Told, resolve
from eventstore.kafka.brokers import Brokers, Mechanism, Protocol
from eventstore.postgres.connection import place_of

S = TypeVar("S", bound=BaseModel)
B = TypeVar("B", bound=Bounds)


class SettingsError(Exception):
    """The environment does not say what the service needs; the message is one sentence for who deploys it."""


def _matches(pattern: str) -> AfterValidator:
    def matching(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError
        return value

    return AfterValidator(matching)


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or not _has_port(parts):
        raise ValueError
    return value


def _origin(value: str) -> str:
    """Compared letter by letter with what a browser sends, so it is refused where none would send it so."""
    parts = urlsplit(value)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    plain = re.fullmatch(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]+)?", value)
    if not plain or not _has_port(parts) or (default is not None and parts.port == default):
        raise ValueError
    return value


def _public_address(value: str) -> str:
    parts = urlsplit(_web_address(value))
    if parts.query or parts.fragment or value.endswith("/"):
        raise ValueError
    return value


def _mail_server(value: Told) -> Told:
    parts = urlsplit(resolve(value))
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path or not _has_port(parts):
        raise ValueError
    return value


def _needs(settings: Mapping[str, object], since: str) -> None:
    if lacking := [name for name, value in settings.items() if value is None]:
        raise ValueError(f"{' and '.join(lacking)} must be set, as {since}")


def _has_no_use_for(settings: Mapping[str, object], protocol: Protocol) -> None:
    """What would be ignored is refused: whoever set it takes the connection for safer than it is."""
    if idle := [name for name, value in settings.items() if value is not None]:
        raise ValueError(f"{' and '.join(idle)} must not be set, as KAFKA_SECURITY_PROTOCOL is {protocol}")


def _has_port(parts: SplitResult) -> bool:
    """Whether the port of an address is one, or not given."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def _versions(written: object) -> object:
    """Reads `companies=2,mobility=3`."""
    if isinstance(written, str):
        pairs = [version.partition("=") for version in written.split(",") if version.strip()]
        return {service.strip(): int(number) for service, _, number in pairs}
    return written


def _reachable(url: Told) -> Told:
    place_of(resolve(url))
    return url


BROKERS: Final = r"(\[[0-9A-Fa-f:.]+\]|[^\s,:\[\]@/]+):[0-9]{1,5}"
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False), Is("a number of seconds, greater than 0")]
Count = Annotated[int, Field(gt=0)]


class _FromEnvironment(BaseSettings):
    """Settings, each the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_ignore_empty=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )


class OwnSettings(_FromEnvironment):
    """What a deployment decides of one service alone, and its routes ask for: `OWN` of `service.http.routes`."""


class Names(_FromEnvironment):
    """What Kafka's topics and groups are named by."""

    territory: Annotated[
        str, _matches("[a-z][a-z0-9-]*"), Is("a name of small letters, digits and hyphens, a letter first")
    ] = "issoudun"
    """The territory, first part of every topic's name."""
    topic_versions: Annotated[
        dict[str, Annotated[int, Field(ge=1, le=999)]],
        NoDecode,
        BeforeValidator(_versions),
        Is("services with the versions of their topics, such as companies=2"),
    ] = {}
    """Versions of services' topics where they are not 1, comma-separated: `companies=2`. The same for every service."""

    def topic(self, name: str) -> str:
        """A topic that a category names, `companies` or `youth-events.persons`: `issoudun.companies.v1`.

        Both topics of a service have one version, as one relay writes them: another version has a relay of its own.
        """
        return f"{self.territory}.{name}.v{self.topic_versions.get(name.partition('.')[0], 1)}"

    def group(self, subscription: str) -> str:
        """A subscription's consumer group: `issoudun.indicators-1a2b3c4d`, as territories may share brokers."""
        return f"{self.territory}.{subscription}"


class KafkaSettings(_FromEnvironment):
    """Where the brokers are, and how they are met."""

    kafka_bootstrap: Annotated[
        str, _matches(f"{BROKERS}(,{BROKERS})*"), Is("addresses of brokers, host:port, separated by commas")
    ]
    """Kafka's addresses, `host:port`, comma-separated."""
    kafka_security_protocol: Annotated[Protocol, Is("PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")] = "PLAINTEXT"
    """Whether connections are encrypted, and whether we say who we are by a password."""
    kafka_sasl_mechanism: Annotated[Mechanism, Is("SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN")] = "SCRAM-SHA-512"
    """How a password is proved."""
    kafka_sasl_username: str | None = None
    """Who we are."""
    kafka_sasl_password: Told | None = Field(default=None, repr=False)
    """By what we prove it."""
    kafka_ssl_ca: Path | None = None
    """A PEM file of the authorities that brokers' certificates come from; those that the machine trusts, unless set."""
    kafka_ssl_certificate: Path | None = None
    """A PEM file of our certificate, where the brokers ask for one."""
    kafka_ssl_key: Path | None = None
    """A PEM file of the key of our certificate."""

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        """Raises ValueError where nobody could connect by what is set, or would less safely than it looks."""
        protocol = self.kafka_security_protocol
        by_password = {"KAFKA_SASL_USERNAME": self.kafka_sasl_username, "KAFKA_SASL_PASSWORD": self.kafka_sasl_password}
        by_certificate = {
            "KAFKA_SSL_CERTIFICATE": self.kafka_ssl_certificate,
            "KAFKA_SSL_KEY": self.kafka_ssl_key,
        }
        if protocol.startswith("SASL"):
            _needs(by_password, f"KAFKA_SECURITY_PROTOCOL is {protocol}")
        else:
            _has_no_use_for(by_password, protocol)
        if protocol.endswith("SSL"):
            if any(by_certificate.values()):
                _needs(by_certificate, "a certificate has a key")
        else:
            _has_no_use_for({"KAFKA_SSL_CA": self.kafka_ssl_ca, **by_certificate}, protocol)
        try:
            self.brokers.tls()
        except OSError as error:
            # Its own words may name the file.
            why = os.strerror(error.errno) if error.errno in (ENOENT, EACCES, EISDIR) else "no PEM, or of another key"
            raise ValueError(f"a file of KAFKA_SSL_… cannot be used ({why})") from None
        return self

    @property
    def brokers(self) -> Brokers:
        """What clients are made with."""
        return Brokers(
            self.kafka_bootstrap,
            self.kafka_security_protocol,
            self.kafka_sasl_mechanism,
            self.kafka_sasl_username,
            self.kafka_sasl_password,
            self.kafka_ssl_ca,
            self.kafka_ssl_certificate,
            self.kafka_ssl_key,
        )


class DatabaseSettings(_FromEnvironment):
    """What migrating takes."""

    database_url: Annotated[Told, AfterValidator(_reachable)]
    """The service's own database: `postgresql://user:password@host:5432/companies`."""
    log_level: Annotated[Literal["INFO", "WARNING", "ERROR"], Is("INFO, WARNING or ERROR")] = "INFO"
    """The least level of log lines that are written. There is none below: libraries would log what was sent."""


class Settings(DatabaseSettings, KafkaSettings, Names):
    """The settings of one running service."""

    topic_partitions: Annotated[Count, Is("a whole number, 1 or more")] = 12
    """Partitions of each of the service's topics: fixed when it is created, and checked afterwards."""
    personal_key: Annotated[str, Field(min_length=32), Is("a secret of at least 32 characters")] | None = Field(
        default=None, repr=False
    )
    """The secret by which persons are recognised: kept as long as the service's data is, and nowhere beside it."""

    oidc_issuer: str
    """The `iss` that tokens must carry."""
    oidc_audience: str
    """The `aud` that tokens must carry."""
    oidc_jwks_url: Annotated[
        str, AfterValidator(_web_address), Is("an address http://… or https://…, without a user and a password")
    ]
    """Where the issuer publishes its signing keys."""

    public_url: (
        Annotated[
            str,
            AfterValidator(_public_address),
            Is("an address http://… or https://…, without a user and a password, and without a / at its end"),
        ]
        | None
    ) = None
    """Where the services are reached from outside, each below its name: `https://api.example.org`."""
    smtp_url: (
        Annotated[
            Told,
            AfterValidator(_mail_server),
            Is("a mail server's address, smtp://host:587 or smtps://user:password@host:465"),
        ]
        | None
    ) = Field(default=None, repr=False)
    """The mail server that messages are given to. A user and a password go over TLS alone."""
    mail_from: (
        Annotated[str, _matches(r"[^\s@<>]+@[A-Za-z0-9.-]+"), Is("an e-mail address, such as programme@example.org")]
        | None
    ) = None
    """Whom messages are from."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Field(ge=0, le=65535), Is("a whole number from 0 to 65535")] = 8000
    """The port to listen on; 0 takes a free one."""
    cors_origins: Annotated[
        tuple[Annotated[str, AfterValidator(_origin)], ...],
        NoDecode,
        Is(
            "origins as browsers send them, https://app.example.org or http://localhost:3000, separated by commas: "
            "in small letters, without a path, and without the port that is the scheme's own"
        ),
    ] = ()
    """Origins of the partners' frontends, comma-separated: `https://app.example.org`."""
    max_body_bytes: Annotated[Count, Is("a whole number of bytes, 1 or more")] = 256 * 1024
    """The largest request body."""
    request_timeout: Seconds = 15
    """How long a request may take, its body included, in seconds; and for how long its answer may go unread."""
    max_import_bytes: Annotated[Count, Is("a whole number of bytes, 1 or more")] = 64 * 1024 * 1024
    """The largest file of commands; each of its lines is at most a request body."""
    import_timeout: Seconds = 600
    """How long a file of commands may take to arrive, in seconds."""
    max_header_bytes: Annotated[Count, Is("a whole number of bytes, 1 or more")] = 32 * 1024
    """The largest head of a request: its target and headers, all together."""
    max_target_bytes: Annotated[Count, Is("a whole number of bytes, 1 or more")] = 8 * 1024
    """The longest target of a request: its path and query. What is longer than the largest head is cut off sooner."""
    header_timeout: Seconds = 10
    """How long the headers of a request may take, from its first byte or that of the connection, in seconds."""
    idle_timeout: Annotated[Count, Is("a whole number of seconds, 1 or more")] = 5
    """How long a connection may be silent between two requests, in seconds."""
    max_connections: Annotated[Count, Is("a whole number, 1 or more")] = 1000
    """How many connections may be open; one more is answered that the service is unavailable."""

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _comma_separated(cls, origins: object) -> object:
        if isinstance(origins, str):
            return tuple(origin.strip() for origin in origins.split(",") if origin.strip())
        return origins


def load(kind: type[S], **given: Any) -> S:
    """The settings of a kind: those given, the others from the environment. Raises SettingsError."""
    try:
        return kind(**_from_files(kind.model_fields, without=given), **given)
    except ValidationError as invalid:
        # A list is one setting, however many of its items are wrong. What holds for several together names them.
        faults = {"".join(map(str, error["loc"][:1])).upper(): error for error in invalid.errors(include_url=False)}
        sentences = [
            f"{name} is not set"
            if error["type"] == "missing"
            else f"{name} {error['msg'].removeprefix('Value error, ')}".lstrip()
            for name, error in faults.items()
        ]
        raise SettingsError("Settings: " + "; ".join(sentences) + ".") from None


def _from_files(fields: Mapping[str, FieldInfo], *, without: Collection[str]) -> dict[str, Told]:
    """What is said by files that the environment names; a file itself, where that is read again. Raises SettingsError.

    A file that is empty says nothing, as an empty variable does.
    """
    said: dict[str, Told] = {}
    faults = []
    for field in fields.keys() - {*without}:
        name, path = field.upper(), os.environ.get(f"{field.upper()}_FILE")
        if not path:
            continue
        if os.environ.get(name):
            faults.append(f"{name} and {name}_FILE are both set")
            continue
        file = File(Path(path))
        try:
            content = file.read()
        except OSError as error:
            faults.append(f"{name}_FILE names a file that cannot be read ({os.strerror(error.errno or EIO)})")
        else:
            if content:
                said[field] = file if _may_be_a_file(fields[field].annotation) else content
    if faults:
        raise SettingsError("Settings: " + "; ".join(sorted(faults)) + ".")
    return said


def _may_be_a_file(annotation: object) -> bool:
    return annotation is File or any(map(_may_be_a_file, get_args(annotation)))


def bounds(kind: type[B]) -> B:
    """What a service takes for right: as the environment says, or else as declared. Raises SettingsError."""
    return load(kind, **{name: said for name in kind.model_fields if (said := os.environ.get(name.upper()))})
