"""The peers of a command over HTTP: FastAPI endpoints as written by hand, without token or ETag.

uvicorn bench.by_hand_app:app
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, HTTPException, Request

from bench import by_hand
from companies.company import Company, ReportHeadcount


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Holds the pool of connections."""
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=by_hand.POOL, max_size=by_hand.POOL
    ) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


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
