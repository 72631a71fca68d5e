"""What a deployment decides: read once from the environment, checked before anything starts."""

from typing import Annotated, TypeVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

S = TypeVar("S", bound="DatabaseSettings")

Seconds = Annotated[float, Field(gt=0)]


class SettingsError(Exception):
    """The environment does not say what the service needs; the message is one sentence for who deploys it."""


class DatabaseSettings(BaseSettings):
    """What migrating takes. Each is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_ignore_empty=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    database_url: str = Field(pattern=r"^postgres(ql)?://")
    """The service's own database: `postgresql://user:password@host:5432/companies`."""
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    """The least level of log lines that are written."""


class Settings(DatabaseSettings):
    """The settings of one running service."""

    kafka_bootstrap: str = Field(pattern=r"^[^\s,]+:\d+(,[^\s,]+:\d+)*$")
    """Kafka's addresses, `host:port`, comma-separated."""
    territory: str = Field(default="issoudun", pattern=r"^[a-z][a-z0-9-]*$")
    """The territory, first part of every topic's name."""
    topic_partitions: int = Field(default=12, gt=0)
    """Partitions of the service's topic: fixed when it is created, and checked afterwards."""
    topic_versions: Annotated[dict[str, Annotated[int, Field(ge=1, le=999)]], NoDecode] = {}
    """Versions of services' topics where they are not 1, comma-separated: `companies=2`. The same for every service."""

    oidc_issuer: str = Field(min_length=1)
    """The `iss` that tokens must carry."""
    oidc_audience: str = Field(min_length=1)
    """The `aud` that tokens must carry."""
    oidc_jwks_url: str = Field(pattern=r"^https?://")
    """Where the issuer publishes its signing keys."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """The port to listen on; 0 takes a free one."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins of the partners' frontends, comma-separated: `https://app.example.org`."""
    max_body_bytes: int = Field(default=256 * 1024, gt=0)
    """The largest request body."""
    request_timeout: Seconds = 15
    """How long a request may take, its body included, in seconds; and for how long its answer may go unread."""
    max_header_bytes: int = Field(default=32 * 1024, gt=0)
    """The largest head of a request: its target and headers, all together."""
    max_target_bytes: int = Field(default=8 * 1024, gt=0)
    """The longest target of a request: its path and query. What is longer than the largest head is cut off sooner."""
    header_timeout: Seconds = 10
    """How long the headers of a request may take, from its first byte or that of the connection, in seconds."""
    idle_timeout: int = Field(default=5, gt=0)
    """How long a connection may be silent between two requests, in seconds."""
    max_connections: int = Field(default=1000, gt=0)
    """How many connections may be open; one more is answered that the service is unavailable."""

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _comma_separated(cls, origins: object) -> object:
        if isinstance(origins, str):
            return tuple(origin.strip() for origin in origins.split(",") if origin.strip())
        return origins

    @field_validator("topic_versions", mode="before")
    @classmethod
    def _by_service(cls, versions: object) -> object:
        if isinstance(versions, str):
            pairs = [version.partition("=") for version in versions.split(",") if version.strip()]
            if not all(number.strip().isdecimal() for _, _, number in pairs):
                raise ValueError("services with the versions of their topics, such as companies=2")
            return {service.strip(): int(number) for service, _, number in pairs}
        return versions

    def topic(self, service: str) -> str:
        """The topic of a service: `issoudun.companies.v1`."""
        return f"{self.territory}.{service}.v{self.topic_versions.get(service, 1)}"

    def group(self, subscription: str) -> str:
        """A subscription's consumer group: `issoudun.indicators-1a2b3c4d`, as territories may share brokers."""
        return f"{self.territory}.{subscription}"


def load(kind: type[S]) -> S:
    """The settings of a kind that the environment gives. Raises SettingsError."""
    try:
        return kind()
    except ValidationError as invalid:
        faults = [(str(error["loc"][0]).upper(), error) for error in invalid.errors(include_url=False)]
        sentences = [
            f"{name} is not set" if error["type"] == "missing" else f"{name} is not valid ({error['msg']})"
            for name, error in faults
        ]
        raise SettingsError("Settings: " + "; ".join(sentences) + ".") from None
