"""`/v1/imports`: files of commands, how far each is, and what became of its lines."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import to_json

from contracts.language import Language
from contracts.values import RecordId
from eventstore.postgres import importing
from eventstore.postgres.ids import new_id
from eventstore.postgres.importing import Import, Line, Reported
from eventstore.postgres.store import Store
from service.definition import Service
from service.documents.components import refer
from service.http import headers
from service.http.auth import Caller
from service.http.exchange import Exchange
from service.http.faults import Fault
from service.http.listing import GREATEST_LIMIT
from service.http.problems import Problem, invalid
from service.http.resource import metadata_of
from service.http.routes import CurrentLanguage, CurrentSettings, CurrentStore, requires
from service.http.sentences import FILE_EMPTY, FILE_TYPES, NO_IMPORT, Said
from service.http.spreadsheets import MEDIA_TYPE, as_csv, heading
from service.importing.lines import FileType, Form, Lines
from service.importing.records import Records
from service.importing.working import Sender

PATH: Final = "/v1/imports"
PART_LINES: Final = 500
"""Lines that are kept, checked and carried out together, at most."""
PART_BYTES: Final = 256 * 1024
"""Characters of such lines, about."""
COLUMNS: Final[Mapping[str, str]] = {
    "line": "Ligne",
    "status": "Résultat",
    "id": "Identifiant",
    "problem": "Problème",
    "pointers": "Champs",
    "detail": "Explication",
}
"""Of the report, with their French titles."""
_STATUSES: Final = {"accepted": "acceptée", "done": "faite", "refused": "refusée"}
"""Of a line, in French."""
_MOST_LINES: Final = 2**31 - 1
_REPORT: Final = (
    f"{','.join(COLUMNS)}\n"
    "2,accepted,0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d,,,\n"
    "3,refused,,invalid,#/watts,#/watts: the number must be above 0\n"
)

Mode = Literal["whole", "partial"]


_DONE: Final[dict[str, JsonValue]] = {
    "id": "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
    "status": "done",
    "mode": "whole",
    "lines": 480,
    "checked": 480,
    "done": 480,
    "refused": 0,
    "received_at": "2024-05-13T08:30:00Z",
    "begun_at": "2024-05-13T08:30:02Z",
    "ended_at": "2024-05-13T08:30:04Z",
}


class ImportProgress(BaseModel):
    """A file of commands, and how far it is."""

    model_config = ConfigDict(use_attribute_docstrings=True, json_schema_extra={"examples": [_DONE]})

    id: UUID
    status: Literal["checking", "refused", "running", "done", "halted"]
    """`checking`: its lines are decided without storing. `refused`: some cannot be carried out, and nothing was begun.
    `running`, then `done`: they are carried out, and what is refused now is so because others changed something
    meanwhile. `halted`: ops put the store right before its end, or we made a mistake; the report tells what is known
    to be done."""
    mode: Mode
    lines: int
    """How many commands the file has."""
    checked: int
    """Of how many it is known whether they can be carried out."""
    done: int
    """How many were carried out. It counts whole parts of the file, so that it stays behind by some hundreds."""
    refused: int
    """How many cannot be, or could not be: the report tells why."""
    received_at: str
    begun_at: str | None
    """When the first one was carried out."""
    ended_at: str | None


class Imports(BaseModel):
    """The imports of a caller, the latest first."""

    items: list[ImportProgress]


class ReportedLine(BaseModel):
    """A line of a file, and what became of it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    line: int
    """Its number in the file, from 1; that of a CSV file's header counts."""
    status: Literal["accepted", "done", "refused"] = Field(examples=["done"])
    """`accepted`: it can be carried out, and was not yet, or will not be where the import is refused."""
    id: str | None
    """The id of its record; of one that it would begin it is already the one that it has then."""
    problem: dict[str, Any] | None
    """Why it is refused, as the command itself is answered."""


class ImportReport(BaseModel):
    """What became of lines of a file, in their order."""

    items: list[ReportedLine]


_RECEIVED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"description": "It will be checked.", "headers": {"Location": refer("headers", "Location")}},
    200: {
        "model": ImportProgress,
        "description": "It was received before.",
        "headers": {
            "Location": refer("headers", "Location"),
            "Idempotency-Replayed": refer("headers", "Idempotency-Replayed"),
        },
    },
}
_TYPES: Final[Mapping[str, FileType]] = {
    "text/csv": "text/csv",
    "application/jsonl": "application/jsonl",
    "application/x-ndjson": "application/jsonl",
    "application/x-jsonlines": "application/jsonl",
}
_LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a file, unless ops say otherwise."""
_Id = Annotated[RecordId, Path(description="The id of the import.")]
_FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string", "format": "csv", "maxLength": _LARGEST},
                "example": "id,on\n0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d,2024-05-13\n",
            },
            "application/jsonl": {
                "schema": {"type": "string", "format": "jsonl", "maxLength": _LARGEST},
                "example": '{"path": "/v1/lamps", "name": "hall", "body": {}}\n{"path": "/v1/lamps/{hall}/light"}\n',
            },
        },
    },
}


def router(service: Service) -> APIRouter:
    """The routes of the imports of a service."""
    routes = APIRouter(prefix=PATH, tags=["imports"])
    write = requires(f"{service.name}:write")

    @routes.post("", status_code=202, openapi_extra=_FILE, responses=_RECEIVED, summary="Send a file of commands")
    async def begin_import(
        request: Request,
        response: Response,
        caller: Annotated[Caller, write],
        store: CurrentStore,
        settings: CurrentSettings,
        path: Annotated[
            str | None,
            Query(
                max_length=200,
                pattern="^/v1/[A-Za-z0-9/{}._-]+$",
                description="Of a CSV file: where its rows would be posted, a column's name in braces for the id.",
                examples=["/v1/lamps/{id}/light"],
            ),
        ] = None,
        table: Annotated[
            str | None,
            Query(
                max_length=64,
                description="Of a CSV file in columns of others, instead of a path: which table it is. "
                + "; ".join(f"`{name}`: {each.title}" for name, each in service.tables.items()),
                json_schema_extra={"enum": [*service.tables]},
                include_in_schema=bool(service.tables),
            ),
        ] = None,
        mode: Annotated[Mode, Query(description="`partial` carries out what can be, whatever else cannot.")] = "whole",
    ) -> ImportProgress:
        """Commands as CSV, all to one path, or as lines of JSON, each with its own; up to the size that ops allow.

        All lines are decided first, in the order of the file, each upon the ones before, and nothing is stored. Where
        one cannot be carried out nothing is begun, unless `mode=partial` lets the others go on. What has begun runs to
        its end. Sent again, the same file is the same import (200), unless that was refused.
        """
        exchange: Exchange = request.scope["exchange"]
        lines = Lines(service, Form(type=_file_type(exchange), path=path, table=table))
        lines.check_path()
        arriving = _Arriving(store, lines, exchange, longest=settings.max_body_bytes)
        found, new = await store.asked(arriving.receive(caller, partial=mode == "partial"))
        response.headers["Location"] = f"{exchange.root_path}{PATH}/{found.id}"
        if not new:
            response.status_code = 200
            response.headers["Idempotency-Replayed"] = "true"
        return _progress(found)

    @routes.get("", summary="The imports that the caller sent")
    async def list_imports(caller: Annotated[Caller, write], store: CurrentStore) -> Imports:
        """The latest 200; an import is kept for 90 days after its end."""
        found = await store.asked(importing.latest(store.pool, _sender(caller), GREATEST_LIMIT))
        return Imports(items=[_progress(each) for each in found])

    @routes.get("/{id}", summary="How far an import is")
    async def get_import(
        id: _Id,  # noqa: A002  as every record has it
        caller: Annotated[Caller, write],
        store: CurrentStore,
    ) -> ImportProgress:
        """For who sent it: the same client, with the same roles and for the same organisations."""
        return _progress(await _found(store, UUID(id), caller))

    @routes.get("/{id}/report", name="get-import-report", summary="What became of each line of an import")
    async def get_report(
        id: _Id,  # noqa: A002  as every record has it
        request: Request,
        response: Response,
        caller: Annotated[Caller, write],
        store: CurrentStore,
        language: CurrentLanguage,
        status: Annotated[Literal["refused"] | None, Query(description="Only the lines that were refused.")] = None,
        after: Annotated[int, Query(ge=0, le=_MOST_LINES, description="Lines behind this one.")] = 0,
    ) -> ImportReport:
        """Some hundreds of lines in the order of the file, as far as they were checked; `Link` leads to the next."""
        await _found(store, UUID(id), caller)
        if status is None:
            found = await store.asked(importing.report(store.pool, UUID(id), after))
            more = len(found) > 0
        else:
            found = await store.asked(importing.report_refused(store.pool, UUID(id), after, PART_LINES))
            more = len(found) == PART_LINES
        if more:
            asked = urlencode({"after": found[-1].line, **({"status": status} if status else {})})
            response.headers["Link"] = f'<{request.scope["root_path"]}{PATH}/{id}/report?{asked}>; rel="next"'
        return ImportReport(items=[_reported(each, language) for each in found])

    @routes.get(
        "/{id}/report.csv",
        name="get-import-report-csv",
        summary="What became of each line of an import, as CSV",
        response_class=StreamingResponse,
        responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _REPORT}}}},
    )
    async def get_report_as_csv(
        id: _Id,  # noqa: A002  as every record has it
        response: Response,
        caller: Annotated[Caller, write],
        store: CurrentStore,
        language: CurrentLanguage,
    ) -> StreamingResponse:
        """A row for each line that was checked, in the order of the file.

        With `Accept-Language: fr`, which a French browser sends by itself, it is for a French spreadsheet: semicolons,
        French titles and results, in UTF-8 with a byte order mark. Programs that read it ask for `en`.
        """
        await _found(store, UUID(id), caller)
        return StreamingResponse(_table(store, UUID(id), language), media_type=MEDIA_TYPE, headers=response.headers)

    return routes


class _Arriving:
    """A file on its way in. What did not arrive whole is forgotten."""

    def __init__(self, store: Store, lines: Lines, exchange: Exchange, *, longest: int) -> None:
        self._store = store
        self._lines = lines
        self._exchange = exchange
        self._records = Records(quoted=lines.form.type == MEDIA_TYPE, longest=longest)
        self._content = hashlib.sha256()

    async def receive(self, caller: Caller, *, partial: bool) -> tuple[Import, bool]:
        """The import of the file, to be checked, or the one before of the same; and whether it is new.

        Raises Problem, BodyTooLarge and Disconnected.
        """
        self._content.update(to_json([self._lines.form.table or self._lines.form.path, partial]))
        arriving = self._arrive()
        if self._lines.form.type == MEDIA_TYPE and (header := await anext(arriving, None)):
            self._lines.begin(header[1])
        first = await anext(arriving, None)
        if first is None:
            raise invalid([Fault({"pointer": "#"}, "empty", Said(FILE_EMPTY))])
        identity = new_id()
        await importing.begin(
            self._store.pool,
            identity,
            sender=_sender(caller),
            form=self._lines.form.model_dump_json(),
            partial=partial,
            metadata=metadata_of(caller, self._exchange, correlation_id=str(identity)),
        )
        try:
            lines = await self._keep(identity, first, arriving)
            content = self._store.keyed(self._content.digest())
            return await importing.settle(self._store.pool, identity, content, lines)
        except BaseException:
            # Where that fails, too, it is forgotten within the hour.
            with suppress(Exception):
                await importing.drop(self._store.pool, identity)
            raise

    async def _arrive(self) -> AsyncIterator[Line]:
        async for piece in self._exchange.pieces():
            self._content.update(piece)
            for record in self._records.feed(piece):
                yield record
        for record in self._records.end():
            yield record

    async def _keep(self, identity: UUID, first: Line, others: AsyncIterator[Line]) -> int:
        """Keeps the lines, some at a time; returns how many there are."""
        part, lines, size, number = [first], 1, len(first[1]), 0
        async for line in others:
            if len(part) == PART_LINES or size > PART_BYTES:
                await importing.add_part(self._store.pool, identity, number, part)
                part, size, number = [], 0, number + 1
            part.append(line)
            lines, size = lines + 1, size + len(line[1])
        await importing.add_part(self._store.pool, identity, number, part)
        return lines


def _file_type(exchange: Exchange) -> FileType:
    """What the body is, as it is told. Raises Problem."""
    found = _TYPES.get(headers.media_type_of(exchange) or "")
    if found is None:
        raise Problem("unsupported-media-type", Said(FILE_TYPES))
    return found


def _sender(caller: Caller) -> str:
    return Sender.of(caller.actor).model_dump_json()


async def _found(store: Store, identity: UUID, caller: Caller) -> Import:
    """The caller's import. Raises Problem."""
    found = await store.asked(importing.find(store.pool, identity, _sender(caller)))
    if found is None or found.status == "arriving":
        raise Problem("not-found", Said(NO_IMPORT))
    return found


def _progress(found: Import) -> ImportProgress:
    assert found.status != "arriving"
    return ImportProgress(
        id=found.id,
        status=found.status,
        mode="partial" if found.partial else "whole",
        lines=found.lines,
        checked=found.checked,
        done=found.done,
        refused=found.refused,
        received_at=_moment(found.received_at),
        begun_at=found.begun_at and _moment(found.begun_at),
        ended_at=found.ended_at and _moment(found.ended_at),
    )


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _reported(line: Reported, language: Language) -> ReportedLine:
    problem = json.loads(json.loads(line.problem)[language]) if line.problem else None
    status: Final = "refused" if problem else "done" if line.is_done else "accepted"
    return ReportedLine(line=line.line, status=status, id=line.identity, problem=problem)


async def _table(store: Store, identity: UUID, language: Language) -> AsyncIterator[str]:
    yield heading(COLUMNS, language)
    after = 0
    while found := await store.asked(importing.report(store.pool, identity, after)):
        yield as_csv([_row(_reported(each, language), language) for each in found], language)
        after = found[-1].line


def _row(line: ReportedLine, language: Language) -> Sequence[object]:
    problem = line.problem or {}
    places = " ".join(fault["pointer"] for fault in problem.get("errors", ()) if "pointer" in fault)
    slug = problem.get("type", "").rpartition("/")[2]
    status = _STATUSES[line.status] if language == "fr" else line.status
    return line.line, status, line.id, slug, places, problem.get("detail")
