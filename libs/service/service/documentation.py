"""What people read about a service: its problems, and `/docs`, one page that asks nothing of any other address."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from string import Template
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from service.components import Document
from service.definition import Service
from service.problems import Problem

_PAGE: Final = Template(files("service").joinpath("documentation.html").read_text(encoding="utf-8"))
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


class ProblemKind(BaseModel):
    """What a problem's `type` means."""

    type: str = Field(examples=["/companies/problems/stale"])
    slug: str = Field(examples=["stale"])
    status: int = Field(examples=[412])
    title: str = Field(examples=["The record has changed"])
    advice: str = Field(examples=["Get it again and decide anew."])


class ProblemKinds(BaseModel):
    """Every problem the service may answer with."""

    items: list[ProblemKind]


def router(service: Service) -> APIRouter:
    """The routes of a service's documentation."""
    routes = APIRouter(tags=["documentation"])
    kinds = {
        slug: ProblemKind(
            type=f"/{service.name}/problems/{slug}", slug=slug, status=kind.status, title=kind.title, advice=kind.advice
        )
        for slug, kind in sorted(service.problems.items())
    }
    named = Annotated[
        str, Path(description="The last part of a problem's `type`.", json_schema_extra={"enum": list(kinds)})
    ]

    @routes.get("/problems", summary="Every problem the service may answer with")
    async def problems() -> ProblemKinds:
        """What each means, and what to do about it."""
        return ProblemKinds(items=list(kinds.values()))

    @routes.get("/problems/{slug}", summary="What a problem means")
    async def problem(slug: named) -> ProblemKind:
        """What the `type` of a problem leads to."""
        if slug not in kinds:
            raise Problem("not-found", "there is no problem of this slug")
        return kinds[slug]

    @routes.get("/", include_in_schema=False)
    async def root(request: Request) -> HTMLResponse:
        here = request.scope["root_path"]
        return entrance(
            service.title,
            {
                f"{here}/docs": "Documentation",
                f"{here}/openapi.json": "The same for programs (OpenAPI 3.1)",
                f"{here}/problems": "What may go wrong",
                f"{here}/ready": "Whether the service can serve",
            },
        )

    @routes.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(page(request.app.openapi()), headers={"content-security-policy": _POLICY})

    return routes


def entrance(title: str, places: Mapping[str, str]) -> HTMLResponse:
    """A page that leads to what is there: what each address is, by address."""
    links = "".join(
        f'<li><a href="{html.escape(address)}">{html.escape(what)}</a></li>' for address, what in places.items()
    )
    heading = html.escape(title)
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{heading}</title><main><h1>{heading}</h1><ul>{links}</ul></main></html>",
        headers={"content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"},
    )


def page(document: Document) -> str:
    """An OpenAPI document as HTML."""
    info = document["info"]
    return _PAGE.substitute(
        title=html.escape(info["title"]),
        description=_text(info.get("description", "")),
        content="".join(_content(document)),
    )


def _content(document: Document) -> Iterator[str]:
    tags: dict[str, list[tuple[str, str, Document]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                shared = methods.get("parameters", [])
                operation = {**operation, "parameters": [*shared, *operation.get("parameters", [])]}
                tags.setdefault(operation.get("tags", ["other"])[0], []).append((path, method, operation))
    for tag, operations in tags.items():
        yield f"<h2>{html.escape(tag.capitalize())}</h2>"
        for path, method, operation in operations:
            yield from _operation(document, path, method, operation)
    yield "<h2>Schemas</h2>"
    for name, schema in document["components"]["schemas"].items():
        yield f'<details id="{html.escape(name)}"><summary>{html.escape(name)}</summary><div>'
        yield _text(schema.get("description", "")) + _fields(schema) + "</div></details>"


def _operation(document: Document, path: str, method: str, operation: Document) -> Iterator[str]:
    parameters = [_resolve(document, parameter) for parameter in operation["parameters"]]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    scopes = [scope for needs in operation.get("security", ()) for each in needs.values() for scope in each]
    yield f'<details><summary><span class="method {method}">{method.upper()}</span> <code>{html.escape(path)}</code> '
    yield f"{html.escape(operation.get('summary', ''))}</summary><div>{_text(operation.get('description', ''))}"
    if scopes:
        yield f"<p>Scope: <code>{html.escape(' '.join(scopes))}</code></p>"
    yield f'<form data-method="{method.upper()}" data-path="{html.escape(path)}">'
    for parameter in parameters:
        value = html.escape(str(parameter.get("example", "") if parameter["in"] == "path" else ""))
        yield f"<label>{_name(parameter['name'], required=parameter.get('required', False))} "
        yield f"{_inline(parameter.get('description', ''))} <em>({parameter['in']})</em>"
        yield f'<input name="{parameter["in"]}:{html.escape(parameter["name"])}" value="{value}"></label>'
    if body:
        schema = _resolve(document, body["schema"])
        written = json.dumps(body.get("example", {}), ensure_ascii=False, indent=2)
        yield f"<h4>Body</h4>{_fields(schema)}"
        yield f'<textarea name="body:" rows="{written.count(chr(10)) + 2}">{html.escape(written)}</textarea>'
    yield "<button>Send</button><output></output></form><h4>Answers</h4><table>"
    for status, answer in operation["responses"].items():
        yield f"<tr><th>{status}</th><td>{_answer(document, _resolve(document, answer))}</td></tr>"
    yield "</table></div></details>"


def _answer(document: Document, answer: Document) -> str:
    headers = ", ".join(f"<code>{html.escape(name)}</code>" for name in answer.get("headers", {}))
    parts = [_inline(answer.get("description", "")), f" Headers: {headers}." if headers else ""]
    for content in answer.get("content", {}).values():
        parts.append(f" {_kind(content.get('schema', {}))}")
        for slug, example in content.get("examples", {}).items():
            parts.append(f"<br><code>{html.escape(slug)}</code>: {_inline(_resolve(document, example)['summary'])}")
        if "example" in content:
            parts.append(f"<pre>{html.escape(json.dumps(content['example'], ensure_ascii=False, indent=2))}</pre>")
    return "".join(parts)


def _fields(schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td>{_name(name, required=name in required)}</td>"
        f"<td>{_kind(field)}</td><td>{_inline(field.get('description', ''))}</td></tr>"
        for name, field in schema.get("properties", {}).items()
    )
    return f"<table>{rows}</table>" if rows else ""


def _name(name: str, *, required: bool) -> str:
    marked = ' class="required"' if required else ""
    return f"<code{marked}>{html.escape(name)}</code>"


def _kind(schema: Mapping[str, Any]) -> str:
    """What a schema allows, in a word or two."""
    match schema:
        case {"$ref": str(reference)}:
            name = html.escape(reference.rpartition("/")[2])
            return f'<a href="#{name}">{name}</a>'
        case {"anyOf": choices} | {"oneOf": choices}:
            return " or ".join(_kind(choice) for choice in choices)
        case {"enum": values}:
            return " | ".join(f"<code>{html.escape(str(value))}</code>" for value in values)
        case {"const": value}:
            return f"<code>{html.escape(str(value))}</code>"
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}"
        case {"type": kind, "format": form}:
            return html.escape(f"{kind} ({form})")
        case {"type": kind}:
            return html.escape(str(kind))
    return ""


def _resolve(document: Document, part: Document) -> Document:
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    resolved: Document = found
    return resolved


def _text(written: str) -> str:
    return "".join(f"<p>{_inline(paragraph)}</p>" for paragraph in written.split("\n\n") if paragraph.strip())


def _inline(written: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(written))
