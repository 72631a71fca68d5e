"""What a line of a file asks for: a command of one of the service's paths, as `POST` takes it there.

In JSON lines each line tells its path and its body, and may name the record that it begins, for lines behind it:

    {"path": "/v1/lamps", "name": "hall", "body": {"watts": 70}}
    {"path": "/v1/lamps/{hall}/light"}

The rows of a CSV file are commands of one path, and its columns the fields: a dot leads into a part (`place.commune`),
a number to one of several (`levels.0.level`). An empty cell is a field that is not given. A table of others has columns
of its own, and the service says what these are to which command (`tables`).
"""

import csv
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError
from pydantic_core import to_json

from contracts.model import Model
from eventstore.decider import Command, Decision
from service.definition import Service
from service.http.body import command_of
from service.http.faults import Fault, fault_of
from service.http.problems import Problem, invalid, invalid_parameter
from service.http.resource import Resource
from service.http.sentences import (
    COLUMN_NOT_OF_TABLE,
    COLUMN_OF_OTHERS,
    COLUMN_TWICE,
    COLUMN_UNKNOWN,
    COLUMN_UNNAMED,
    HEADER_UNREADABLE,
    NAME_OF_NOTHING_NEW,
    NAME_UNKNOWN,
    NO_COMMAND,
    NO_TABLE,
    PATH_NEEDED,
    PATH_OF_TABLE,
    PATH_PER_LINE,
    ROW_OF_OTHER_WIDTH,
    ROW_UNREADABLE,
    TABLE_OF_ROWS,
    Said,
)
from service.importing.tables import Read, Table

FileType = Literal["text/csv", "application/jsonl"]

_NAME: Final = "[A-Za-z0-9_.-]{1,64}"
_NAMED: Final = re.compile(f"{{({_NAME})}}")
"""How a path, or a field, speaks of a record that a line named, and a CSV file's path of a column."""


class Form(Model):
    """What the lines of a file are read by."""

    type: FileType
    path: str | None = None
    """Of the commands of a CSV file: `/v1/lamps/{id}/light`."""
    table: str | None = None
    """The table of others that a CSV file is, which says the path."""
    columns: tuple[str, ...] = ()
    delimiter: str = ","


@dataclass(frozen=True)
class Asked:
    """What a line asks for."""

    resource: Resource
    decision: Decision
    identity: str | None
    """The id of the record; None for one that the command begins."""
    command: Command
    name: str | None = None
    """What the line calls the record that it begins."""


class Parsed(Model):
    """A line as it was written: the path of its command, the body, and what it calls the record that it begins."""

    path: str
    body: dict[str, Any] = Field(default_factory=dict)
    name: Annotated[str, Field(pattern=f"^{_NAME}$")] | None = None

    @property
    def names(self) -> Collection[str]:
        """The names that it speaks of."""
        return {*_names(self.path), *_names(self.body), *((self.name,) if self.name else ())}


class Lines:
    """Reads the lines of one file."""

    def __init__(self, service: Service, form: Form) -> None:
        self._resources = {resource.path: resource for resource in service.resources}
        self._tables = service.tables
        self.form = form

    @property
    def may_name(self) -> bool:
        """Whether lines may speak of records that others begin."""
        return self.form.type == "application/jsonl"

    @cached_property
    def _table(self) -> Table | None:
        return self._tables[self.form.table] if self.form.table is not None else None

    @property
    def _path(self) -> str:
        """Of the commands of a CSV file."""
        path = self._table.path if self._table else self.form.path
        assert path is not None
        return path

    def parse(self, text: str) -> Parsed:
        """A line as it was written. Raises Problem."""
        if self.form.type == "application/jsonl":
            try:
                return Parsed.model_validate_json(text)
            except ValidationError as error:
                told = error.errors(include_url=False, include_input=False)
                raise invalid(fault_of(each, in_line=True) for each in told) from None
        return self._parse_row(text)

    def ask(self, parsed: Parsed, names: Mapping[str, str]) -> Asked:
        """What a line asks for, with the ids of records by what lines call them. Raises Problem."""
        path, body = parsed.path, parsed.body
        if self.form.type == "application/jsonl":
            path, body = _replaced(path, names, ("path",)), _resolved(body, names, ("body",))
        resource, decision, identity = self._find(path)
        if parsed.name is not None and not decision.creates:
            raise invalid([Fault({"pointer": "#/name"}, "name", Said(NAME_OF_NOTHING_NEW))])
        try:
            command = command_of(decision.command, to_json(body))
        except Problem as problem:
            raise self.placed(problem) from None
        return Asked(resource, decision, identity, command, parsed.name)

    def placed(self, problem: Problem) -> Problem:
        """A problem with a command, its faults where they are in the line."""
        if problem.slug == "not-found":
            where = "path" if self.may_name else _parameter(self._path)
            problem.faults = [Fault({"pointer": f"#/{where}"}, "not-found", problem.detail)] if where else ()
        elif problem.faults and (self.may_name or self._table):
            faults = self._table.placed(problem.faults) if self._table else _in_body(problem.faults)
            return invalid(faults) if problem.slug == "invalid" else replace(problem, faults=faults)
        return problem

    def begin(self, header: str) -> None:
        """Takes the columns of a CSV file from its first row. Raises Problem."""
        delimiter = ";" if header.count(";") > header.count(",") else ","
        columns = [cell.strip() for cell in _cells(header, delimiter, HEADER_UNREADABLE)]
        # Spreadsheets leave some without a name behind the last: they may be, as long as they are empty.
        faults = [_fault(column, COLUMN_TWICE) for column in sorted({*columns} - {""}) if columns.count(column) > 1]
        faults += [
            _fault(column, COLUMN_OF_OTHERS)
            for column in columns
            if column and any(other.startswith(f"{column}.") for other in columns)
        ]
        faults += self._faults_of_table(self._table, columns) if self._table else self._faults_of_fields(columns)
        if faults:
            raise invalid(faults)
        self.form = self.form.model_copy(update={"columns": tuple(columns), "delimiter": delimiter})

    def _faults_of_table(self, table: Table, columns: Sequence[str]) -> Sequence[Fault]:
        unknown = [_fault(column, COLUMN_NOT_OF_TABLE) for column in columns if column not in ("", *table.columns)]
        lacking = [name for name, column in table.columns.items() if column.needed and name not in columns]
        return [*unknown, *(fault_of({"loc": (name,), "type": "missing"}) for name in lacking)]

    def _faults_of_fields(self, columns: Sequence[str]) -> Sequence[Fault]:
        parameter = _parameter(self._path)
        _, decision, _ = self._find(self._path)
        schema = _schema(decision.command)
        unknown = [
            _fault(column, COLUMN_UNKNOWN)
            for column in columns
            if column not in ("", parameter) and _types_at(schema, column.split(".")) is None
        ]
        lacking = {name for name, field in decision.command.model_fields.items() if field.is_required()}
        lacking -= {column.split(".")[0] for column in columns}
        lacking |= {parameter} - {*columns} if parameter else set()
        return [*unknown, *(fault_of({"loc": (name,), "type": "missing"}) for name in sorted(lacking))]

    def check_path(self) -> None:
        """Raises Problem for a path that no command is at, for one that is lacking, and for one that nobody reads; and
        for a table that is none."""
        if self.form.type == "application/jsonl":
            if self.form.path is not None:
                raise invalid_parameter("path", Said(PATH_PER_LINE))
            if self.form.table is not None:
                raise invalid_parameter("table", Said(TABLE_OF_ROWS))
        elif self.form.table is not None:
            if self.form.table not in self._tables:
                raise invalid_parameter("table", Said(NO_TABLE))
            if self.form.path is not None:
                raise invalid_parameter("path", Said(PATH_OF_TABLE))
        elif self.form.path is None:
            raise invalid_parameter("path", Said(PATH_NEEDED))
        else:
            try:
                self._find(self.form.path)
            except Problem as problem:
                raise invalid_parameter("path", Said(NO_COMMAND)) from problem

    def _parse_row(self, text: str) -> Parsed:
        cells = _cells(text, self.form.delimiter, ROW_UNREADABLE)
        if len(cells) != len(self.form.columns):
            said = Said(ROW_OF_OTHER_WIDTH, cells=len(cells), columns=len(self.form.columns))
            raise invalid([Fault({"pointer": "#"}, "row", said)])
        path, parameter = self._path, _parameter(self._path)
        body: dict[str, Any] = {**self._table.given} if self._table else {}
        for column, cell in zip(self.form.columns, cells, strict=True):
            if column == parameter:
                path = path.replace(f"{{{column}}}", cell)
            elif cell and not column:
                raise invalid([Fault({"pointer": "#"}, "row", Said(COLUMN_UNNAMED))])
            elif cell:
                for place, read in self._columns[column]:
                    _put(body, place, read(cell))
        return Parsed.model_construct(path=path, body=_listed(body), name=None)

    @cached_property
    def _columns(self) -> Mapping[str, Sequence[tuple[Sequence[str], Read]]]:
        """Where the cells of each column go, and how they are read."""
        _, decision, _ = self._find(self._path)
        schema = _schema(decision.command)

        def as_field(name: str) -> Read:
            types = _types_at(schema, name.split(".")) or frozenset()
            return partial(_value, types=types, comma=self.form.delimiter == ";")

        def readers(column: str) -> Iterable[tuple[str, Read]]:
            return self._table.columns[column].readers(as_field) if self._table else ((column, as_field(column)),)

        return {
            column: [(name.split("."), read) for name, read in readers(column)]
            for column in self.form.columns
            if column
        }

    def _find(self, path: str) -> tuple[Resource, Decision, str | None]:
        """The command at a path, and the record that it is of. Raises Problem."""
        if (resource := self._resources.get(path)) and resource.begun_by_callers:
            return resource, resource.creation, None
        match path.rsplit("/", 2):
            case [above, identity, verb] if (resource := self._resources.get(above)) and verb in resource.verbs:
                if identity and identity.isprintable():
                    return resource, resource.verbs[verb], identity
        raise invalid([Fault({"pointer": "#/path"}, "path", Said(NO_COMMAND))])


def _parameter(path: str) -> str | None:
    """The column that a path of a CSV file speaks of."""
    found = _NAMED.search(path)
    return found[1] if found else None


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _NAMED.findall(value)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _names(inner)


def _replaced(text: str, names: Mapping[str, str], place: Sequence[str | int]) -> str:
    found = _NAMED.search(text)
    if found is None:
        return text
    if found[1] not in names:
        pointer = fault_of({"loc": tuple(place), "type": "missing"}).where
        raise invalid([Fault(pointer, "name", Said(NAME_UNKNOWN, name=found[1]))])
    return text.replace(found[0], names[found[1]])


def _resolved(value: Any, names: Mapping[str, str], place: tuple[str | int, ...]) -> Any:
    """A body, with the ids of the records that whole texts in it speak of."""
    if isinstance(value, str) and _NAMED.fullmatch(value):
        return _replaced(value, names, place)
    if isinstance(value, dict):
        return {name: _resolved(inner, names, (*place, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, names, (*place, number)) for number, inner in enumerate(value)]
    return value


def _cells(text: str, delimiter: str, otherwise: Any) -> list[str]:
    try:
        (cells,) = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        raise invalid([Fault({"pointer": "#"}, "csv", Said(otherwise))]) from None
    return cells


def _fault(column: str, sentence: Any) -> Fault:
    return Fault(fault_of({"loc": (column,), "type": "missing"}).where, "column", Said(sentence))


def _in_body(faults: Sequence[Fault]) -> Sequence[Fault]:
    return [Fault({"pointer": f"#/body{fault.where['pointer'][1:]}"}, fault.code, fault.said) for fault in faults]


def _put(body: dict[str, Any], place: Sequence[str], value: object) -> None:
    *above, last = place
    for name in above:
        body = body.setdefault(name, {})
    body[last] = value


def _listed(value: Any) -> Any:
    """What has numbers for names is a list, in their order."""
    if not isinstance(value, dict):
        return value
    if value and all(name.isdecimal() for name in value):
        return [_listed(value[name]) for name in sorted(value, key=int)]
    return {name: _listed(inner) for name, inner in value.items()}


def _value(cell: str, types: frozenset[str], *, comma: bool) -> object:
    """A cell as JSON has it where the field takes that; else the text, for the field to object to.

    With `comma`, that is what a decimal may have.
    """
    if "string" not in types:
        if cell in ("true", "false") and "boolean" in types:
            return cell == "true"
        number = cell.replace(",", ".", 1) if comma else cell
        if _NUMBER.fullmatch(number) and types & {"integer", "number"}:
            return json.loads(number)
    return cell


_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?")


@cache
def _schema(command: type[Command]) -> Mapping[str, Any]:
    return command.model_json_schema()


def _types_at(schema: Mapping[str, Any], place: Sequence[str]) -> frozenset[str] | None:
    """The JSON types of a field, however deep; None where there is none."""
    found: list[Any] = [schema]
    for name in place:
        found = [inner for part in found for inner in _inside(_parts(schema, part), name)]
    return (
        frozenset(type_ for part in found for each in _parts(schema, part) for type_ in _types(each)) if found else None
    )


def _inside(parts: Sequence[Mapping[str, Any]], name: str) -> Sequence[Mapping[str, Any]]:
    fields = [part["properties"][name] for part in parts if name in part.get("properties", {})]
    fields += [part["additionalProperties"] for part in parts if isinstance(part.get("additionalProperties"), dict)]
    if name.isdecimal():
        several = [(*part.get("prefixItems", ())[int(name) :], *_any(part)) for part in parts]
        fields += [each[0] for each in several if each]
    return fields


def _any(part: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What each of several is."""
    return (part["items"],) if isinstance(part.get("items"), dict) else ()


def _parts(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What a schema is any of, or refers to."""
    if "$ref" in part:
        return _parts(schema, schema["$defs"][part["$ref"].rpartition("/")[2]])
    several = [*part.get("anyOf", ()), *part.get("oneOf", ()), *part.get("allOf", ())]
    return [each for inner in several for each in _parts(schema, inner)] or [part]


def _types(part: Mapping[str, Any]) -> Sequence[str]:
    if isinstance(part.get("type"), str):
        return (part["type"],)
    choices = part.get("enum", [part["const"]] if "const" in part else ())
    return ["string" if isinstance(choice, str) else "number" for choice in choices]
