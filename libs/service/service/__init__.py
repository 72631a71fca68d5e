"""The application around deciders: resources over HTTP, tokens, problems, health, and the work behind them."""

from service.application import build
from service.auth import Caller
from service.definition import Service, Subscribes
from service.resource import Resource
from service.routes import CurrentPool, CurrentSettings, CurrentStore, requires
from service.settings import Settings

__all__ = [
    "Caller",
    "CurrentPool",
    "CurrentSettings",
    "CurrentStore",
    "Resource",
    "Service",
    "Settings",
    "Subscribes",
    "build",
    "requires",
]
