"""What is secret of an installation of `overlays/local`: made when it is applied, and nowhere in the repository."""

import json
import secrets
from typing import Any, Final

from devstack.host import service_of
from devstack.issuer import Issuer
from devstack.running import SERVICES

ISSUER: Final = "http://entry/issuer"
"""As `overlays/local` tells it to the services; its keys are served by the entry."""


def generated(issuer: Issuer) -> list[dict[str, Any]]:
    """A Secret for each service and one for PostgreSQL, and the issuer's public keys."""
    passwords = {name: secrets.token_urlsafe(24) for name in ("postgres", *SERVICES)}
    return [
        _secret("postgres", passwords),
        *(_secret(name, _of_service(name, passwords[name])) for name in SERVICES),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "issuer"},
            "data": {"jwks.json": json.dumps(issuer.jwks)},
        },
    ]


def _of_service(name: str, password: str) -> dict[str, str]:
    database = {"DATABASE_URL": f"postgresql://{name}:{password}@postgres:5432/{name}?sslmode=disable"}
    return database | ({"PERSONAL_KEY": secrets.token_urlsafe(32)} if service_of(name).names_persons else {})


def _secret(name: str, content: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": content}
