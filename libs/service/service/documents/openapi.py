"""The OpenAPI 3.1 document of a service: that of its FastAPI routes, completed by that of its resources."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from service import persons, reference
from service.definition import Service
from service.documents import components, documentation
from service.documents.components import Document, refer, untyped_null
from service.documents.examples import example
from service.documents.operations import Operations
from service.documents.schemas import told
from service.importing import routes as imports
from service.running import health

VERSION: Final = "1"
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})
_FRAMEWORKS: Final = frozenset({"HTTPValidationError", "ValidationError"})
"""FastAPI's own way to tell of invalid requests, which our boundary replaces."""
_TAGS: Final = {
    "health": "Whether the service lives, and whether it can serve.",
    "documentation": "What its problems mean.",
    "imports": "Files of commands, how far they are, and what became of their lines.",
    "persons": "What is held of persons, and who will be erased for nobody's need.",
    "reference": "The lists that codes are taken from, with labels in French and English.",
}


def document(service: Service) -> Document:
    """Everything a client needs to know to call the service. Raises TypeError where the code says too little."""
    router = APIRouter(generate_unique_id_function=lambda route: route.name)
    router.include_router(health.router)
    router.include_router(documentation.router(service))
    router.include_router(reference.router(service))
    if service.resources:
        router.include_router(imports.router(service))
    if service.names_persons:
        router.include_router(persons.router(service))
    if service.router is not None:
        router.include_router(service.router)
    written = get_openapi(
        title=service.title, version=VERSION, description=service.description or None, routes=router.routes
    )
    written["servers"] = [{"url": f"/{service.name}", "x-internal": False}]
    paths: Document = written["paths"]
    schemas: Document = {
        name: told(schema)
        for name, schema in written.get("components", {}).get("schemas", {}).items()
        if name not in _FRAMEWORKS
    } | components.SCHEMAS
    for operation in (each for path in paths.values() for method, each in path.items() if method in _METHODS):
        _complete(operation, schemas)
    for resource in service.resources:
        operations = Operations(service.name, resource)
        for name, schema in operations.schemas.items():
            if schemas.setdefault(name, schema) != schema:
                raise TypeError(f"{service.name}: two schemas are called {name}")
        paths.update(operations.paths())
    for path in paths.values():
        path["parameters"] = [*path.get("parameters", ()), refer("parameters", "Accept-Language")]
    written["tags"] = _tags(service, paths)
    shared = {
        "schemas": dict(sorted(schemas.items())),
        "responses": components.responses(service.name, service.kinds),
        "headers": components.HEADERS,
        "parameters": components.PARAMETERS,
    }
    written["components"] = {**_used(paths, shared), "securitySchemes": components.SECURITY_SCHEMES}
    return written


def _tags(service: Service, paths: Document) -> list[Document]:
    """The tags of the operations: what the state of a resource says of itself, else what the service does."""
    said = _TAGS | {
        resource.path.rpartition("/")[2]: inspect.getdoc(resource.decider.state) for resource in service.resources
    }
    used = sorted({tag for path in paths.values() for each in path.values() for tag in _tags_of(each)})
    return [{"name": tag, "description": said.get(tag) or service.description or service.title} for tag in used]


def _tags_of(operation: Any) -> Iterable[str]:
    """Beside the operations of a path are the parameters they share."""
    return operation.get("tags", ()) if isinstance(operation, dict) else ()


def _used(paths: Document, shared: Mapping[str, Document]) -> Document:
    """The components that the paths need, and those that these need."""
    used: set[str] = set()
    waiting: list[object] = [paths]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, str) and part.startswith("#/components/") and part not in used:
            used.add(part)
            _, _, kind, name = part.split("/")
            waiting.append(shared[kind][name])
    return {
        kind: {name: part for name, part in parts.items() if f"#/components/{kind}/{name}" in used}
        for kind, parts in shared.items()
    }


def _complete(operation: Document, schemas: Document) -> None:
    """Adds to an operation of a FastAPI route the problems it may answer with, the header that a 304 answers, and
    examples of all else."""
    responses: dict[str, Any] = operation["responses"]
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = untyped_null(parameter["schema"])
    if "422" in responses:
        responses["422"] = refer("responses", "Invalid")
    for part in (operation.get("requestBody", {}), *responses.values()):
        content = part.get("content", {}).get("application/json", {})
        if content.get("schema") and not content.keys() & {"example", "examples"}:
            content["example"] = example(content["schema"], schemas)
    if operation.get("security"):
        responses.setdefault("401", refer("responses", "Unauthenticated"))
        responses.setdefault("403", refer("responses", "ScopeMissing"))
        # The parameters of a query that are not declared are refused.
        responses.setdefault("422", refer("responses", "Invalid"))
        responses.setdefault("503", refer("responses", "Unavailable"))
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
        responses.setdefault("404", refer("responses", "NotFound"))
    if "304" in responses:
        operation.setdefault("parameters", []).append(refer("parameters", "If-None-Match"))
    if "requestBody" in operation:
        responses.setdefault("408", refer("responses", "RequestTimeout"))
        responses.setdefault("413", refer("responses", "TooLarge"))
        responses.setdefault("415", refer("responses", "UnsupportedMediaType"))
    operation.setdefault("security", [])
    responses.setdefault("500", refer("responses", "Internal"))
