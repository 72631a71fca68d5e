"""The peers of commands over HTTP: FastAPI endpoints as written by hand; a headcount without token or ETag.

uvicorn bench.by_hand_app:app
"""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, lru_cache
from typing import Annotated, NamedTuple

import asyncpg
import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from bench import by_hand, requested_by_hand
from bench.booked_by_hand import QuotaSpent, SlotTaken
from companies import booking
from companies.company import Company, ReportHeadcount


class Caller(NamedTuple):
    """Who sends a request, until when."""

    scopes: frozenset[str]
    roles: frozenset[str]
    company: str | None
    expires: float


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Holds the pool of connections."""
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=by_hand.POOL, max_size=by_hand.POOL
    ) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


@cache
def keys() -> jwt.PyJWKClient:
    """The issuer's keys."""
    return jwt.PyJWKClient(os.environ["OIDC_JWKS_URL"])


@lru_cache(10_000)
def verified(authorization: str) -> Caller:
    """Verifies a token, once. Raises PyJWTError."""
    token = authorization.removeprefix("Bearer ")
    claims = jwt.decode(
        token,
        keys().get_signing_key_from_jwt(token),
        algorithms=["RS256"],
        issuer=os.environ["OIDC_ISSUER"],
        audience=os.environ["OIDC_AUDIENCE"],
    )
    return Caller(frozenset(claims["scope"].split()), frozenset(claims["roles"]), claims.get("company"), claims["exp"])


async def caller(authorization: Annotated[str, Header()]) -> Caller:
    """The caller by the token."""
    try:
        found = verified(authorization)
    except jwt.PyJWTError:
        raise HTTPException(401) from None
    if found.expires < time.time():
        raise HTTPException(401)
    if "companies:write" not in found.scopes:
        raise HTTPException(403)
    return found


@app.post("/v1/bookings", status_code=201)
async def request_booking(
    request: Request, response: Response, sender: Annotated[Caller, Depends(caller)]
) -> booking.Booking:
    """Loads, decides and books."""
    try:
        # FastAPI itself reads the JSON first, and moments as texts are no moments to a strict model.
        command = booking.Request.model_validate_json(await request.body())
    except ValidationError as invalid:
        raise RequestValidationError(invalid.errors()) from None
    if "network" not in sender.roles and ("company" not in sender.roles or sender.company != command.company):
        raise HTTPException(403)
    try:
        identity, booked = await requested_by_hand.request(request.app.state.pool, command)
    except (requested_by_hand.Refused, SlotTaken, QuotaSpent) as refused:
        raise HTTPException(409, str(refused)) from None
    response.headers["location"] = f"/v1/bookings/{identity}"
    response.headers["etag"] = '"1"'
    return booked


@app.post("/companies/{siret}/report-headcount")
async def report_headcount(siret: str, command: ReportHeadcount, request: Request) -> Company:
    """Loads, decides and appends."""
    try:
        return await by_hand.report_headcount(request.app.state.pool, siret, command)
    except KeyError:
        raise HTTPException(404) from None
    except by_hand.NotActive:
        raise HTTPException(409) from None


@app.post("/validate")
async def validate(command: ReportHeadcount) -> None:
    """Does nothing but validate the body."""
