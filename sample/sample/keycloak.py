"""Tokens for the sample from a Keycloak, whose client `sample` speaks for one organisation after the other."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
import jwt

CLIENT: Final = "sample"
_PATIENCE: Final = 30.0
"""Seconds that Keycloak has to answer."""


class Keycloak:
    """The realm of an issuer, as its client `sample` sees it, which may change what its own account acts for.

    No client could act for all of the sample's companies at once, and one for each would fill the realm.
    """

    def __init__(self, issuer: str, secret: str, scopes: Sequence[str]) -> None:
        self._http = httpx.Client(timeout=_PATIENCE)
        self._token_url = f"{issuer}/protocol/openid-connect/token"
        self._users_url = f"{issuer.replace('/realms/', '/admin/realms/')}/users"
        self._asks = {
            "grant_type": "client_credentials",
            "client_id": CLIENT,
            "client_secret": secret,
            "scope": " ".join(scopes),
        }
        self._known: dict[tuple[tuple[str, str], ...], str] = {}
        self._one_at_a_time = threading.Lock()

    def token(self, acts_for: Mapping[str, str]) -> str:
        """A token that acts for these organisations, by role. Raises httpx.HTTPError."""
        wanted = tuple(sorted(acts_for.items()))
        with self._one_at_a_time:
            if wanted not in self._known:
                self.act_for(acts_for)
                self._known[wanted] = self._ask()
            return self._known[wanted]

    def act_for(self, organisations: Mapping[str, str]) -> None:
        """Has the account act for these organisations, and for no other. Raises httpx.HTTPError."""
        token = self._ask()
        account = f"{self._users_url}/{jwt.decode(token, options={'verify_signature': False})['sub']}"
        headers = {"Authorization": f"Bearer {token}"}
        user: dict[str, Any] = self._http.get(account, headers=headers).raise_for_status().json()
        attributes = {role: [organisation] for role, organisation in organisations.items()}
        self._http.put(account, headers=headers, json={**user, "attributes": attributes}).raise_for_status()

    def _ask(self) -> str:
        return str(self._http.post(self._token_url, data=self._asks).raise_for_status().json()["access_token"])
