"""The application around deciders: resources over HTTP, tokens, problems, documentation, and the work behind them.

A service is a table of contents, its `app.py`:

    >>> from typing import Literal
    >>> from contracts.model import Event
    >>> from eventstore.decider import Command, Decider, State, tell
    >>> from service.definition import Service
    >>> from service.http.reading import EVERYBODY
    >>> from service.http.resource import Resource

    >>> class Install(Command):
    ...     "The town hall installs a lamp."
    >>> class Light(Command):
    ...     "The town hall lights a lamp."
    >>> class LampInstalled(Event, version=1): ...
    >>> class LampLit(Event, version=1): ...
    >>> class Lamp(State):
    ...     status: Literal["dark", "lit"]

    >>> lamps = Decider("lamp", Lamp, final="lit")
    >>> @lamps.creates(by="town_hall", to="dark")
    ... def install(command: Install) -> LampInstalled:
    ...     return tell(LampInstalled, command)
    >>> lamps.steps(Light, LampLit, by="town_hall", when="dark", to="lit")

    >>> app = Service("lamps", title="Street lamps", resources=(Resource(lamps, "/v1/lamps", reads=EVERYBODY),))

Its `__main__.py` says `main(app)` of `service.running.cli`, and `python -m lamps all` then serves, with documentation:

    >>> from service.documents.openapi import document
    >>> for path, methods in document(app)["paths"].items():
    ...     if path.startswith("/v1"):
    ...         print(path, *(method for method in methods if method != "parameters"))
    /v1/reference get
    /v1/reference/{name} get
    /v1/imports post get
    /v1/imports/{id} get
    /v1/imports/{id}/report get
    /v1/imports/{id}/report.csv get
    /v1/lamps get post
    /v1/lamps/{id} get
    /v1/lamps/{id}/events get
    /v1/lamps/{id}/light post

`build` in `service.application` makes the FastAPI application; `service.http.routes` is what a plain route may ask for.
"""
