"""Bearer tokens: who gets in, for what, and what happens while keys change or their issuer is away."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from key_servers import KeyServer
from lamps import bearer, calling, settings_for

from devstack.issuer import Issuer
from service.http import auth
from service.http.auth import IssuerUnavailable, ScopeMissing, Tokens, Unauthenticated

pytestmark = pytest.mark.anyio


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    server = KeyServer().start()
    yield server
    server.stop()


@pytest.fixture
def issuer(keys: KeyServer) -> Issuer:
    issuer = Issuer("https://issuer.test")
    keys.jwks = issuer.jwks
    return issuer


@pytest.fixture
def tokens(keys: KeyServer, issuer: Issuer) -> Tokens:
    return Tokens(issuer=issuer.url, audience=issuer.audience, jwks_url=keys.url)


def header(token: str) -> bytes:
    return f"Bearer {token}".encode()


async def test_a_token_tells_who_calls_and_what_for(tokens: Tokens, issuer: Issuer) -> None:
    token = issuer.token(
        "lamps:read lamps:write", ["company", "unheard-of"], client="frontend", company="00000001800017", sample=True
    )
    caller = await tokens.verify(header(token))
    assert caller.actor.client == "frontend"
    assert caller.actor.roles == {"company"}
    assert caller.actor.organisations == {"company": "00000001800017"}
    assert caller.scopes == {"lamps:read", "lamps:write"}
    assert caller.sample
    caller.require("lamps:read")
    with pytest.raises(ScopeMissing, match="indicators:read"):
        caller.require("indicators:read")


async def test_the_client_is_named_by_the_first_of_two_claims_and_never_by_who_may_be_a_person(
    tokens: Tokens, issuer: Issuer
) -> None:
    for claims, client in (
        ({"client_id": "a", "azp": "b", "sub": "c"}, "a"),
        ({"client_id": None, "azp": "b", "sub": "c"}, "b"),
    ):
        assert (await tokens.verify(header(issuer.token("", **claims)))).actor.client == client
    with pytest.raises(Unauthenticated, match="names no client: it needs client_id or azp"):
        await tokens.verify(header(issuer.token("", client_id=None, sub="jeanne.martin@exemple.fr")))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": None}, "exp"),
        ({"iss": "https://elsewhere.test"}, "issuer"),
        ({"iss": None}, "iss"),
        ({"aud": "elsewhere"}, "[Aa]udience"),
        ({"aud": None}, "aud"),
        ({"nbf": 4102444800}, "not yet valid"),
        ({"sample": "yes"}, "malformed"),
        ({"company": ["00000001800017"]}, "malformed"),
        ({"client_id": "a\nb"}, "malformed"),
        ({"scope": 1}, "malformed"),
    ],
)
async def test_a_token_with_a_claim_that_does_not_hold_is_refused(
    tokens: Tokens, issuer: Issuer, claims: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Unauthenticated, match=reason) as refused:
        await tokens.verify(header(issuer.token("lamps:read", **claims)))
    assert refused.value.error == "invalid_token"


async def test_clocks_may_differ_a_little(tokens: Tokens, issuer: Issuer) -> None:
    now = int(time.time())
    await tokens.verify(header(issuer.token("", exp=now - 5)))
    await tokens.verify(header(issuer.token("", nbf=now + 5, iat=now + 5)))
    with pytest.raises(Unauthenticated, match="expired"):
        await tokens.verify(header(issuer.token("", exp=now - 15)))


@pytest.mark.parametrize(
    "authorization", [None, b"", b"Basic dTpw", b"Bearer", b"Bearer ", b"Bearer x", b"Bearer \xff.a.b", b"Bearer a.b.c"]
)
async def test_what_is_no_token_is_refused(tokens: Tokens, authorization: bytes | None) -> None:
    with pytest.raises(Unauthenticated):
        await tokens.verify(authorization)


async def test_a_token_signed_otherwise_is_refused(tokens: Tokens, issuer: Issuer, keys: KeyServer) -> None:
    claims = jwt.decode(issuer.token("lamps:write"), options={"verify_signature": False})
    for token in (
        Issuer(issuer.url, kid=issuer.kid).token("lamps:write"),  # another key under the same name
        jwt.encode(claims, "", algorithm="none", headers={"kid": issuer.kid}),
        jwt.encode(claims, "secret" * 8, algorithm="HS256", headers={"kid": issuer.kid}),
        jwt.encode(claims, issuer.key, algorithm="RS512", headers={"kid": issuer.kid}),
    ):
        with pytest.raises(Unauthenticated):
            await tokens.verify(header(token))
    assert keys.asked == 1


async def test_elliptic_curves_serve_too_and_other_kinds_of_keys_are_passed_over(
    tokens: Tokens, issuer: Issuer, keys: KeyServer
) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = json.loads(ECAlgorithm.to_jwk(private.public_key()))
    others = [{"kty": "oct", "k": "c2VjcmV0", "kid": "secret"}, {"kty": "?"}, {"kty": "RSA", "n": "?", "e": "?"}, 7]
    keys.jwks = {"keys": [*others, {**public, "kid": "curve"}]}
    claims = jwt.decode(issuer.token("lamps:read"), options={"verify_signature": False})
    caller = await tokens.verify(header(jwt.encode(claims, private, algorithm="ES256", headers={"kid": "curve"})))
    assert caller.scopes == {"lamps:read"}
    with pytest.raises(Unauthenticated):
        await tokens.verify(header(jwt.encode(claims, "secret" * 8, algorithm="HS256", headers={"kid": "secret"})))


async def test_a_token_is_verified_once_until_it_expires(tokens: Tokens, issuer: Issuer) -> None:
    authorization = header(issuer.token("", seconds=-8))
    assert tokens.remembered(authorization) is None
    caller = await tokens.verify(authorization)
    assert tokens.remembered(authorization) is caller
    expires = caller.remembered_until
    assert expires - time.time() < 3
    time.sleep(max(0, expires - time.time()))  # noqa: ASYNC251 -- nothing else runs
    assert tokens.remembered(authorization) is None
    with pytest.raises(Unauthenticated, match="expired"):
        await tokens.verify(authorization)


async def test_only_so_many_tokens_are_remembered(
    tokens: Tokens, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 2)
    first, second, third = (header(issuer.token("", client=f"client {n}")) for n in range(3))
    await tokens.verify(first)
    await tokens.verify(second)
    assert tokens.remembered(first)
    await tokens.verify(third)
    assert tokens.remembered(first)
    assert tokens.remembered(second) is None


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are asked for again at once, rather than after seconds."""
    monkeypatch.setattr(auth, "REFETCH", 0.0)


@pytest.mark.usefixtures("impatient")
async def test_new_keys_are_found_and_old_tokens_go_on(tokens: Tokens, issuer: Issuer, keys: KeyServer) -> None:
    old, successor = issuer.token("lamps:read"), Issuer(issuer.url, kid="2027")
    await tokens.verify(header(old))
    keys.jwks = {"keys": [*issuer.jwks["keys"], *successor.jwks["keys"]]}
    await tokens.verify(header(successor.token("lamps:read")))
    await tokens.verify(header(old))
    assert keys.asked == 2


@pytest.mark.usefixtures("impatient")
async def test_known_keys_serve_while_the_issuer_is_away(tokens: Tokens, issuer: Issuer, keys: KeyServer) -> None:
    await tokens.verify(header(issuer.token("lamps:read")))
    keys.stop()
    await tokens.verify(header(issuer.token("lamps:read", client="somebody new")))
    successor = Issuer(issuer.url, kid="2027")
    with pytest.raises(IssuerUnavailable):
        await tokens.verify(header(successor.token("lamps:read")))
    await tokens.verify(header(issuer.token("lamps:read", client="somebody else")))
    keys.jwks = successor.jwks
    keys.start()
    await tokens.verify(header(successor.token("lamps:read")))


async def test_a_request_for_keys_that_gets_lost_is_made_once_more(
    tokens: Tokens, issuer: Issuer, keys: KeyServer
) -> None:
    keys.loses = 1
    await tokens.verify(header(issuer.token("")))
    assert keys.asked == 2


@pytest.mark.usefixtures("impatient")
async def test_an_issuer_that_loses_every_request_is_away(tokens: Tokens, issuer: Issuer, keys: KeyServer) -> None:
    keys.loses = 2
    with pytest.raises(IssuerUnavailable):
        await tokens.verify(header(issuer.token("")))
    assert keys.asked == 2
    await tokens.verify(header(issuer.token("")))


@pytest.mark.usefixtures("impatient")
async def test_keys_are_kept_when_the_issuer_answers_nonsense(tokens: Tokens, issuer: Issuer, keys: KeyServer) -> None:
    await tokens.verify(header(issuer.token("")))
    nonsense: tuple[Any, ...] = ({"keys": []}, {"keys": None}, {"error": "maintenance"}, [])
    for keys.jwks in nonsense:
        with pytest.raises(IssuerUnavailable):
            await tokens.verify(header(Issuer(issuer.url, kid="2027").token("")))
    await tokens.verify(header(issuer.token("", client="somebody new")))


async def test_unknown_keys_do_not_make_a_storm_of_requests(tokens: Tokens, issuer: Issuer, keys: KeyServer) -> None:
    await tokens.verify(header(issuer.token("")))
    for n in range(20):
        with pytest.raises(Unauthenticated, match="does not publish"):
            await tokens.verify(header(Issuer(issuer.url, key=issuer.key, kid=f"unknown {n}").token("")))
    assert keys.asked == 1


async def test_a_key_that_was_withdrawn_stops_being_accepted(
    tokens: Tokens, issuer: Issuer, keys: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "STALE", 0.0)
    known = header(issuer.token("", seconds=10**8))
    await tokens.verify(known)
    keys.jwks = Issuer(issuer.url, kid="2027").jwks
    assert tokens.remembered(known) is None
    # It still counts once more, while the keys are asked for.
    await tokens.verify(header(issuer.token("", client="somebody new")))
    await asyncio.sleep(0.5)
    with pytest.raises(Unauthenticated, match="does not publish"):
        await tokens.verify(known)


@asynccontextmanager
async def answering(database: str, issuer: Issuer, keys: KeyServer) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(database, issuer).model_copy(update={"oidc_jwks_url": keys.url})
    async with calling(settings) as client:
        yield client


async def test_what_a_token_lacks_is_told(shared_database: str, issuer: Issuer, keys: KeyServer) -> None:
    lamp = {"company": "00000001800017", "watts": 70}
    nobody = "/v1/lamps/01a208f7-f16f-7485-b569-57556200edb8"
    async with answering(shared_database, issuer, keys) as client:

        async def refused(method: str, path: str, headers: dict[str, str], status: int, slug: str) -> httpx.Response:
            answer = await client.request(method, path, json=lamp if method == "POST" else None, headers=headers)
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == f"/lamps/problems/{slug}"
            return answer

        for method, path in (
            ("GET", "/v1/lamps"),
            ("GET", nobody),
            ("GET", f"{nobody}/events"),
            ("POST", "/v1/lamps"),
            ("POST", f"{nobody}/light"),
            ("GET", "/v1/report"),
            ("POST", "/v1/readings"),
        ):
            answer = await refused(method, path, {}, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"
            answer = await refused(method, path, {"Authorization": "Bearer x.y.z"}, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
            answer = await refused(method, path, bearer(issuer, "other:read other:write"), 403, "scope-missing")
            scope = "lamps:read" if method == "GET" else "lamps:write"
            assert answer.headers["www-authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'
            assert answer.json()["scope"] == scope
        await refused("POST", "/v1/lamps", bearer(issuer, "lamps:read"), 403, "scope-missing")
        await refused("POST", "/v1/lamps", bearer(issuer, roles=["network"]), 403, "role-missing")
        await refused("POST", "/v1/lamps", bearer(issuer, roles=[]), 403, "role-missing")
        await refused("POST", "/v1/lamps", bearer(issuer, roles=["company"]), 403, "not-your-record")
        other = bearer(issuer, roles=["company"], company="00000002600010")
        await refused("POST", "/v1/lamps", other, 403, "not-your-record")
        assert (await client.get("/v1/lamps", headers=bearer(issuer))).json() == {"items": [], "allowed": ["install"]}


async def test_an_organisation_decides_on_its_own_records_only(
    migrated_database: str, issuer: Issuer, keys: KeyServer
) -> None:
    own = bearer(issuer, roles=["company"], company="00000001800017")
    other = bearer(issuer, roles=["company"], company="00000002600010")
    async with answering(migrated_database, issuer, keys) as client:
        made = await client.post("/v1/lamps", json={"company": "00000001800017", "watts": 70}, headers=own)
        lamp = made.headers["location"]
        assert (await client.post(f"{lamp}/light", headers=bearer(issuer))).status_code == 200
        assert (await client.post(f"{lamp}/light", headers=own)).status_code == 403
        assert (await client.post(f"{lamp}/put-out", headers=other)).status_code == 403
        assert (await client.post(f"{lamp}/put-out", headers=own)).status_code == 200


async def test_a_plain_route_knows_who_calls(shared_database: str, issuer: Issuer, keys: KeyServer) -> None:
    async with answering(shared_database, issuer, keys) as client:
        answer = await client.get("/v1/report", headers=bearer(issuer, client="analyst"))
        assert answer.json() == {"lamps": 0, "for": "analyst", "of": "issoudun", "same": True}


async def test_an_issuer_that_was_never_reached_is_a_reason_to_try_again(
    shared_database: str, issuer: Issuer, keys: KeyServer
) -> None:
    keys.stop()
    async with answering(shared_database, issuer, keys) as client:
        for _ in range(2):
            answer = await client.get("/v1/lamps", headers=bearer(issuer))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert answer.json()["type"] == "/lamps/problems/unavailable"
