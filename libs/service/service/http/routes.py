"""What a plain FastAPI route of a service may ask for.

@router.get("/v1/indicators")
async def catalogue(
    caller: Annotated[Caller, requires("indicators:read")], pool: CurrentPool
) -> list[Indicator]: ...
"""

import re
from datetime import date
from typing import Annotated, Any, Final, get_origin

import asyncpg
from fastapi import Depends, Request, Response, Security
from fastapi.dependencies.utils import request_params_to_args
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from pydantic import BaseModel, BeforeValidator
from pydantic_core import PydanticCustomError

from contracts.language import Language
from contracts.model import DAY, EnteredDay
from eventstore.postgres.store import Store
from service.http.auth import Caller
from service.http.faults import fault_of
from service.http.languages import VARIES, language_of
from service.http.listing import QueryFaults, declared_of
from service.running.runtime import Runtime
from service.running.settings import OwnSettings, Settings

SCHEME = "token"
"""The name of the security scheme in the OpenAPI document."""


UNSHARED: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
"""Headers of what no shared cache may keep. A route that makes its own Response takes over those of the injected."""


class _Bearer(SecurityBase):
    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="A token of the platform's OIDC issuer.")
        self.scheme_name = SCHEME

    async def __call__(self, request: Request, response: Response, scopes: SecurityScopes) -> Caller:
        authorization = request.headers.get("authorization")
        sent = None if authorization is None else authorization.encode("latin-1")
        caller = await _runtime(request).caller(sent, *scopes.scopes)
        _check_query(request)
        response.headers.update(UNSHARED)
        return caller


_bearer = _Bearer()


def requires(*scopes: str) -> Any:
    """A dependency that gives the Caller, whose token must hold these scopes; the document says so."""
    return Security(_bearer, scopes=list(scopes))


def _check_query(request: Request) -> None:
    """Only declared parameters, and once unless they are lists, as in the resources' own lists. Raises Problem."""
    parameters = request.scope["route"].dependant.query_params
    declared: dict[str, object] = {}
    for parameter in parameters:
        model = parameter.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            declared |= {field.alias or name: field.annotation for name, field in model.model_fields.items()}
        else:
            declared[parameter.alias] = model
    repeatable = [name for name, annotation in declared.items() if get_origin(annotation) is list]
    faults = QueryFaults()
    declared_of(request.scope["query_string"], declared, repeatable, faults)
    if faults.found:
        # FastAPI reads them only once its dependencies are there; what is wrong with the others is told beside.
        told = {fault.where["parameter"] for fault in faults.found}
        _, errors = request_params_to_args(parameters, request.query_params)
        others = map(fault_of, errors)
        faults.found += [fault for fault in others if fault.where["parameter"] not in told]
        faults.refuse()


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


def _store(request: Request) -> Store:
    return _runtime(request).store


def _pool(request: Request) -> asyncpg.Pool:
    return _store(request).pool


def _settings(request: Request) -> Settings:
    return _runtime(request).settings


def _own(request: Request) -> OwnSettings:
    return _runtime(request).own


def _language(request: Request, response: Response) -> Language:
    language = language_of(request.scope["headers"])
    response.headers["Content-Language"] = language
    response.headers.add_vary_header(VARIES)
    return language


def _calendar_day(value: str) -> date:
    """Only `2023-12-31`: what else reads as a date would hide a mistake."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("day", DAY.en)


AskedDay = Annotated[EnteredDay, BeforeValidator(_calendar_day)]
"""A day in a query."""
CurrentLanguage = Annotated[Language, Depends(_language)]
"""The language to answer in, which the answer then says."""
CurrentStore = Annotated[Store, Depends(_store)]
"""The service's open store."""
CurrentPool = Annotated[asyncpg.Pool, Depends(_pool)]
"""Connections to the service's database, for tables of its own."""
CurrentSettings = Annotated[Settings, Depends(_settings)]
"""The settings the service was started with."""
OWN: Final[Any] = Depends(_own)
"""The settings that the service alone was started with: `Annotated[LampSettings, OWN]`."""
