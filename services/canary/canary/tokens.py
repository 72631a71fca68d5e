"""The canary's bearer token: out of a file, or given by the issuer for the client's credentials (RFC 6749, 4.4)."""

import time
from pathlib import Path
from typing import Final

import httpx

from canary.failure import Failed
from canary.settings import Settings

SCOPES: Final = "companies:read companies:write indicators:read"
_AHEAD: Final = 30.0
"""Seconds before its end that a token is not used any more."""


class Tokens:
    """Gives the token that there is, or asks for another."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._token = ""
        self._until = 0.0

    async def token(self) -> str:
        """A token that is good for a run. Raises Failed."""
        if self._settings.token_file is not None:
            return _read(self._settings.token_file)
        if time.monotonic() > self._until:
            await self._ask()
        return self._token

    def forget(self) -> None:
        """The token was refused: the next one is another."""
        self._until = 0.0

    async def _ask(self) -> None:
        issuer, client_id, secret = (
            self._settings.oidc_issuer,
            self._settings.client_id,
            self._settings.client_secret_file,
        )
        assert issuer is not None
        assert client_id is not None
        assert secret is not None
        try:
            document = await self._client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            answer = await self._client.post(
                document.raise_for_status().json()["token_endpoint"],
                data={"grant_type": "client_credentials", "scope": SCOPES},
                auth=(client_id, _read(secret)),
            )
            given = answer.raise_for_status().json()
            self._token = given["access_token"]
            self._until = time.monotonic() + float(given.get("expires_in", 0)) - _AHEAD
        except httpx.HTTPStatusError as refused:
            raise Failed("unauthorised", f"the issuer answered {refused.response.status_code}") from refused
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise Failed("unauthorised", f"the issuer gave no token ({type(error).__name__})") from error


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise Failed("unauthorised", f"{path} cannot be read ({error.strerror})") from error
