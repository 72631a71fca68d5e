"""Bearer tokens, checked against the keys their issuer publishes."""

import asyncio
import logging
import ssl
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, get_args

import httpx
import jwt
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from contracts.roles import ORGANISATION_ROLES, Role
from eventstore.decider import Actor
from eventstore.outages import Outage
from service.http import sentences
from service.http.sentences import Said

ALGORITHMS: Final = ("RS256", "ES256")
LEEWAY: Final = 10
"""Seconds by which this machine's clock may differ from the issuer's."""
REFETCH: Final = 5.0
"""Seconds between two requests for the issuer's keys, however many tokens ask for an unknown one."""
PATIENCE: Final = 3.0
"""Seconds that the issuer has to take a connection, and as many to answer. Twice that is within a request's time."""
AWAY: Final = 30.0
"""Seconds between two requests for the keys while the issuer does not answer and those known still serve."""
STALE: Final = 300.0
"""Seconds after which the keys are asked for again, and a token is verified again: what was signed with a key that the
issuer withdrew stops being accepted, however late it says it expires."""
REMEMBERED: Final = 10_000
"""How many verified tokens are kept."""

ROLES: Final[frozenset[Role]] = frozenset(get_args(Role))

log = logging.getLogger(__name__)


class Unauthenticated(Exception):
    """No token, or not a valid one. `error` is the code of RFC 6750, None where no token was given."""

    def __init__(self, said: Said, error: str | None = "invalid_token") -> None:
        super().__init__(said.told("en"))
        self.said = said
        self.error = error


class ScopeMissing(Exception):
    """The token is valid but lacks a scope."""

    def __init__(self, scope: str) -> None:
        self.said = Said(sentences.SCOPE_MISSING, scope=scope)
        super().__init__(self.said.told("en"))
        self.scope = scope


class IssuerUnavailable(Exception):
    """A token's signing key is unknown, and the issuer can't be asked now."""

    def __init__(self) -> None:
        self.said = Said(sentences.ISSUER_AWAY)
        super().__init__(self.said.told("en"))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request, and what the token lets it do."""

    actor: Actor
    scopes: frozenset[str]
    sample: bool
    """Whether what it stores is sample data."""
    remembered_until: float

    def require(self, scope: str) -> None:
        """Raises ScopeMissing."""
        if scope not in self.scopes:
            raise ScopeMissing(scope)


# A client's name becomes part of idempotency keys and of events, so it is printable.
Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")]


class _Claims(BaseModel):
    exp: float
    client_id: Name | None = None
    azp: Name | None = None
    scope: str = ""
    roles: tuple[str, ...] = ()
    company: Name | None = None
    school: Name | None = None
    training_body: Name | None = None
    sample: Annotated[bool, Field(strict=True)] = False

    def caller(self) -> Caller:
        # Not `sub`: that may be a person, and who called is recorded with each event.
        client = self.client_id or self.azp
        if client is None:
            raise Unauthenticated(Said(sentences.CLIENT_UNNAMED))
        organisations = {role: getattr(self, role) for role in ORGANISATION_ROLES}
        return Caller(
            actor=Actor(
                client=client,
                roles=ROLES.intersection(self.roles),
                organisations={role: name for role, name in organisations.items() if name is not None},
            ),
            scopes=frozenset(self.scope.split()),
            sample=self.sample,
            remembered_until=min(self.exp + LEEWAY, time.time() + STALE),
        )


class Tokens:
    """Turns `Authorization` headers into callers. A verified token is remembered for a while."""

    def __init__(self, *, issuer: str, audience: str, jwks_url: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = Keys(jwks_url)
        self._verified: OrderedDict[bytes, Caller] = OrderedDict()

    @property
    def keys_age(self) -> float | None:
        """Seconds since the issuer told its keys; None before it first did."""
        return None if self._keys.told_at is None else time.monotonic() - self._keys.told_at

    @property
    def issuer_away(self) -> float:
        """Seconds since the issuer was first asked for its keys in vain; 0 where it answered last."""
        return 0.0 if self._keys.away_since is None else time.monotonic() - self._keys.away_since

    def remembered(self, authorization: bytes | None) -> Caller | None:
        """The caller of a token verified not long ago and not expired."""
        caller = self._verified.get(authorization)  # type: ignore[arg-type]  # None is never a key
        if caller is None or caller.remembered_until <= time.time():
            return None
        self._verified.move_to_end(authorization)  # type: ignore[arg-type]
        return caller

    async def verify(self, authorization: bytes | None) -> Caller:
        """The caller of a token. Raises Unauthenticated, and IssuerUnavailable."""
        if authorization is None:
            raise Unauthenticated(Said(sentences.TOKEN_NEEDED), error=None)
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            raise Unauthenticated(Said(sentences.NOT_BEARER), error=None)
        caller = await self._check(token.strip())
        self._verified[authorization] = caller
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)
        return caller

    async def _check(self, token: bytes) -> Caller:
        try:
            header = jwt.get_unverified_header(token)
            key = await self._keys.find(header.get("kid"))
            if key is None:
                raise Unauthenticated(Said(sentences.KEY_UNPUBLISHED))
            claims = jwt.decode(
                token,
                key,
                # The key's own algorithm: a token may not choose another one for it.
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"]},
            )
            return _Claims.model_validate(claims).caller()
        except (jwt.PyJWTError, ValueError) as invalid:
            raise Unauthenticated(_why(invalid)) from None


def _why(invalid: Exception) -> Said:
    """Why a token is not valid."""
    match invalid:
        case ValidationError():
            return Said(sentences.CLAIMS_MALFORMED)
        case jwt.MissingRequiredClaimError():
            return Said(sentences.CLAIM_MISSING, claim=invalid.claim)
        case jwt.ExpiredSignatureError():
            return Said(sentences.TOKEN_EXPIRED)
        case jwt.ImmatureSignatureError():
            return Said(sentences.TOKEN_TOO_EARLY)
        case jwt.InvalidSignatureError():
            return Said(sentences.TOKEN_FORGED)
        case jwt.InvalidIssuerError():
            return Said(sentences.TOKEN_OF_ANOTHER_ISSUER)
        case jwt.InvalidAudienceError():
            return Said(sentences.TOKEN_FOR_ANOTHER_AUDIENCE)
        case jwt.InvalidAlgorithmError():
            return Said(sentences.TOKEN_ALGORITHM)
    return Said(sentences.TOKEN_UNREADABLE)


class Keys:
    """The issuer's signing keys. While it is away, those it published last go on serving."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: Mapping[str | None, jwt.PyJWK] = {}
        self._asked_at = float("-inf")
        self._fetch: asyncio.Task[bool] | None = None
        self.told_at: float | None = None
        """When the issuer last told its keys, by the monotonic clock."""
        self.away_since: float | None = None
        """When it was first asked in vain; None where it answered last."""
        self._outage = Outage(log, "the issuer's keys are there again, after %(times)d failures in %(seconds).0f s")

    async def find(self, kid: str | None) -> jwt.PyJWK | None:
        """The key of this id; None if the issuer has none. Raises IssuerUnavailable."""
        age = time.monotonic() - self._asked_at
        if kid not in self._known:
            if self._fetch is not None or age > REFETCH:
                await asyncio.shield(self._refresh())
            if kid not in self._known and self.away_since is not None:
                raise IssuerUnavailable
        elif age > (STALE if self.away_since is None else AWAY):
            self._refresh()
        return self._known.get(kid)

    def _refresh(self) -> "asyncio.Task[bool]":
        """Asks the issuer, once for all who wait."""
        if self._fetch is None:
            self._asked_at = time.monotonic()
            # For all who wait, so of nobody's context.
            self._fetch = asyncio.create_task(self._ask(), name="fetch signing keys", context=Context())
            self._fetch.add_done_callback(self._asked)
        return self._fetch

    def _asked(self, fetch: "asyncio.Task[bool]") -> None:
        self._fetch = None
        if not fetch.cancelled() and fetch.result():
            self.told_at, self.away_since = time.monotonic(), None
        elif self.away_since is None:
            self.away_since = self._asked_at

    async def _ask(self) -> bool:
        try:
            async with httpx.AsyncClient(verify=_authorities(), timeout=PATIENCE, follow_redirects=True) as client:
                try:
                    answer = await client.get(self._url)
                except httpx.TransportError:
                    # Once more, where it got lost in a crowd: whoever waits here has no other way in.
                    answer = await client.get(self._url)
                self._known = _usable(answer.raise_for_status().json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as failure:
            self._outage.fail(f"the issuer's keys can't be fetched from {self._url}: {failure!r}")
            return False
        self._outage.end()
        return True


@cache
def _authorities() -> ssl.SSLContext:
    """Reading the certificates of authorities holds up everything else for 50 ms: once is enough."""
    return httpx.create_ssl_context()


def _usable(jwks: Any) -> Mapping[str | None, jwt.PyJWK]:
    keys: dict[str | None, jwt.PyJWK] = {}
    for jwk in jwks["keys"]:
        try:
            key = jwt.PyJWK.from_dict(jwk)
        except (jwt.PyJWTError, AttributeError):
            continue  # A kind of key we do not accept anyway; the others still serve.
        if key.algorithm_name in ALGORITHMS and jwk.get("use", "sig") == "sig":
            keys[jwk.get("kid")] = key
    if not keys:
        raise ValueError(f"no key for {' or '.join(ALGORITHMS)} among them")
    return keys
