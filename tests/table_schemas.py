"""Whether a table is as its Table Schema says, as far as the national schemas ask for anything."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any


def standard(path: str) -> str:
    """A file of a national standard, by its path in the data of contracts: a schema, or an example of its own."""
    return files("contracts").joinpath("data", *path.split("/")).read_text(encoding="utf-8")


def rows(table: str, delimiter: str = ",") -> Sequence[Mapping[str, str]]:
    """The rows of a table with a header."""
    return [*csv.DictReader(io.StringIO(table), delimiter=delimiter)]


def faults(table: str, path: str, delimiter: str = ",") -> list[str]:
    """What a table breaks of the schema at a path: `columns`, `primaryKey`, or the names of fields, for each value."""
    schema = json.loads(standard(path))
    fields: Mapping[str, dict[str, Any]] = {field["name"]: field for field in schema["fields"]}
    header, told = next(csv.reader(io.StringIO(table), delimiter=delimiter)), rows(table, delimiter)
    if header != [*fields]:
        return ["columns"]
    keys = [row[schema["primaryKey"]] for row in told]
    found = ["primaryKey"] if len(set(keys)) < len(keys) else []
    missing = schema.get("missingValues", [""])
    return found + [name for row in told for name, field in fields.items() if not _is_right(row[name], field, missing)]


def _is_right(value: str, field: Mapping[str, Any], missing: Sequence[str]) -> bool:
    constraints = field["constraints"]
    if value in missing:
        return not constraints["required"]
    if value not in (field.get("enum") or constraints.get("enum") or [value]):
        return False
    if "pattern" in constraints and not re.fullmatch(constraints["pattern"], value):
        return False
    try:
        match field["type"]:
            case "number" | "integer" as kind:
                number = float(value) if kind == "number" else int(value)
                return bool(constraints.get("minimum", number) <= number <= constraints.get("maximum", number))
            case "boolean":
                return value in (*field.get("trueValues", ["true"]), *field.get("falseValues", ["false"]))
            case "date":
                datetime.strptime(value, field.get("format", "%Y-%m-%d"))  # noqa: DTZ007
            case "geopoint":
                longitude, latitude = json.loads(value)
                return bool(-180 <= longitude <= 180 and -90 <= latitude <= 90)
            case "geojson":
                shape = json.loads(value)
                return shape["type"] == "Polygon" and all(len(ring) >= 4 for ring in shape["coordinates"])
    except (KeyError, TypeError, ValueError):
        return False
    return True
