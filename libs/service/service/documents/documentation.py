"""What people read about a service: its problems, and `/docs`, which shows its OpenAPI document with Swagger UI.

The page and all it needs come from the service. Swagger UI is taken as it is from the package that ships it.
"""

import gzip
import html
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from string import Template
from types import MappingProxyType
from typing import Annotated, Final

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from contracts.language import Language
from service.definition import Service
from service.documents.components import problem_type
from service.http.kinds import Kind
from service.http.problems import Problem
from service.http.routes import CurrentLanguage
from service.http.sentences import NO_FILE, NO_PROBLEM, Said

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = Template(files("service.documents").joinpath("documentation.html").read_text(encoding="utf-8"))
_FILES: Final = {
    "viewer": ("fastapi_swagger.resources", "swagger-ui-bundle.js", "text/javascript"),
    "viewer_style": ("fastapi_swagger.resources", "swagger-ui.css", "text/css"),
    "icon": ("fastapi_swagger.resources", "favicon-32x32.png", "image/png"),
    "script": ("service.documents", "documentation.js", "text/javascript"),
    "style": ("service.documents", "documentation.css", "text/css"),
}
"""What the page asks for: by its name in the page, where the file is and what it is."""


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
    kinds = dict(sorted(service.problems.items()))
    named = Annotated[
        str, Path(description="The last part of a problem's `type`.", json_schema_extra={"enum": list(kinds)})
    ]

    def told(slug: str, kind: Kind, language: Language) -> ProblemKind:
        return ProblemKind(
            type=problem_type(service.name, slug),
            slug=slug,
            status=kind.status,
            title=kind.title.told(language),
            advice=kind.advice.told(language),
        )

    @routes.get("/problems", summary="Every problem the service may answer with")
    async def problems(language: CurrentLanguage) -> ProblemKinds:
        """What each means, and what to do about it."""
        return ProblemKinds(items=[told(*kind, language) for kind in kinds.items()])

    @routes.get("/problems/{slug}", summary="What a problem means")
    async def problem(slug: named, language: CurrentLanguage) -> ProblemKind:
        """What the `type` of a problem leads to."""
        if slug not in kinds:
            raise Problem("not-found", Said(NO_PROBLEM))
        return told(slug, kinds[slug], language)

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

    # Functions of a thread each: the first to be called reads and compresses a megabyte or two.
    @routes.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        names = {key: asset.name for key, asset in _assets().items()}
        return HTMLResponse(
            _PAGE.substitute(names, title=html.escape(service.title)),
            headers={"content-security-policy": _POLICY, "cache-control": "no-cache"},
        )

    @routes.get("/docs/{name}", include_in_schema=False)
    def file(name: str, accept_encoding: Annotated[str, Header()] = "") -> Response:
        for asset in _assets().values():
            if asset.name == name:
                return asset.response(gzipped="gzip" in accept_encoding)
        raise Problem("not-found", Said(NO_FILE))

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


@dataclass(frozen=True, slots=True)
class _Asset:
    """A file, under a name that says what is in it, so that it may be kept for ever."""

    name: str
    media_type: str
    content: bytes
    compressed: bytes | None
    """As gzip, where that is worth it."""

    def response(self, *, gzipped: bool) -> Response:
        """The file, for a client that does or does not understand gzip."""
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }
        if gzipped and self.compressed is not None:
            headers["content-encoding"] = "gzip"
            return Response(self.compressed, media_type=self.media_type, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


@cache
def _assets() -> Mapping[str, _Asset]:
    found = {}
    for key, (package, name, media_type) in _FILES.items():
        content = files(package).joinpath(name).read_bytes()
        stem, _, suffix = name.rpartition(".")
        named = f"{stem}-{sha256(content).hexdigest()[:16]}.{suffix}"
        compressed = gzip.compress(content, mtime=0) if media_type.startswith("text/") else None
        found[key] = _Asset(named, media_type, content, compressed)
    return MappingProxyType(found)
