"""What a deployment decides of the canary: read once from the environment."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]

INDICATORS = "headcount,invested_productive,waste_produced,water,available_land,synergies,platform_open_hours,maturity"
"""One of each chapter that reads the topic of companies: a chapter is folded apart from all others."""


class SettingsError(Exception):
    """The environment does not say what the canary needs; the message is one sentence for who deploys it."""


class Settings(BaseSettings):
    """Each is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        frozen=True, env_ignore_empty=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    public_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]*[^\s?#/]$")]
    """Where the services are reached from outside, each below its name."""
    token_file: Path | None = None
    """A file with a bearer token, read before each run. Without it a token is asked for at the issuer."""
    oidc_issuer: str | None = None
    """The issuer, below which its discovery document is."""
    client_id: str | None = None
    client_secret_file: Path | None = None
    """A file with the client's secret, read whenever a token is asked for."""
    indicators: str = INDICATORS
    """The indicators whose chapters must know of a pulse, at most 20, comma-separated."""
    topic_partitions: Annotated[int, Field(gt=0)] = 12
    """Partitions of the topic of companies, as the services have it."""
    period: Annotated[float, Field(ge=20, allow_inf_nan=False)] = 300
    """Seconds from the beginning of a run to that of the next: of an hour's pulses one page is read."""
    patience: Seconds = 60
    """Seconds after which a run is given up."""
    log_format: Literal["text", "json"] = "text"
    """How lines of the log are written: for people, or an object of JSON each."""
    host: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(gt=0, le=65535)] | None = None
    """Where metrics are served; nowhere unless given."""

    @model_validator(mode="after")
    def _has_a_token(self) -> Self:
        if self.token_file is None and None in (self.oidc_issuer, self.client_id, self.client_secret_file):
            raise ValueError("give TOKEN_FILE, or OIDC_ISSUER, CLIENT_ID and CLIENT_SECRET_FILE")
        return self


def load() -> Settings:
    """The settings that the environment says. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as invalid:
        told = [
            f"{'_'.join(map(str, error['loc'])).upper()} {error['msg'].removeprefix('Value error, ')}".strip()
            for error in invalid.errors(include_url=False)
        ]
        raise SettingsError(f"Settings: {'; '.join(told)}.") from None
