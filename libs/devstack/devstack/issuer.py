"""An issuer of tokens for development and tests, as an OIDC server would be in production."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self, get_args

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from contracts.roles import Role

AUDIENCE: Final = "territory"
ROLES: Final[tuple[Role, ...]] = get_args(Role)
DAY: Final = 86_400


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Issuer:
    """Signs tokens as the issuer at `url`, and says by which public key to check them."""

    url: str
    audience: str = AUDIENCE
    key: rsa.RSAPrivateKey = field(default_factory=_new_key, repr=False)
    kid: str = "development"

    @classmethod
    def load(cls, folder: Path, *, url: str) -> Self:
        """The issuer whose key is kept in a folder, where it is made the first time."""
        path = folder / "issuer.pem"
        if path.exists():
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
            assert isinstance(key, rsa.RSAPrivateKey)
            return cls(url, key=key)
        issuer = cls(url)
        unfinished = path.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(
            issuer.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        unfinished.rename(path)
        return issuer

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys, as the issuer publishes them."""
        public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.kid, "use": "sig", "alg": "RS256"}]}

    @property
    def jwks_url(self) -> str:
        """Where the public keys are published."""
        return f"{self.url}/jwks"

    @property
    def metadata(self) -> dict[str, Any]:
        """The part of an OIDC discovery document that this issuer has."""
        return {
            "issuer": self.url,
            "jwks_uri": self.jwks_url,
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
        }

    def token(
        self,
        scopes: str | Iterable[str],
        roles: Iterable[str] = ROLES,
        *,
        client: str = "developer",
        seconds: int = DAY,
        **claims: object,
    ) -> str:
        """A signed token, valid for some seconds from now.

        Further claims are those of the platform (`company="00000001800010"`, `sample=True`) or replace others (`iss`,
        `aud`, `exp`); one that is None is left out.
        """
        now = int(time.time())
        content: dict[str, object] = {
            "iss": self.url,
            "aud": self.audience,
            # As where somebody has signed in: the subject is a person, the client is not.
            "sub": "somebody",
            "client_id": client,
            "iat": now,
            "exp": now + seconds,
            "scope": scopes if isinstance(scopes, str) else " ".join(scopes),
            "roles": list(roles),
            **claims,
        }
        present = {name: value for name, value in content.items() if value is not None}
        return jwt.encode(present, self.key, algorithm="RS256", headers={"kid": self.kid})
