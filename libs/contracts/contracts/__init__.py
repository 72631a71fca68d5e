"""The published language of the platform: its events, the value types they are made of, and the code lists behind them.

A service builds events from their models, `contracts.<service>.<aggregate>`; a reader of a Kafka topic turns a record
back into one by the type and the schema version in its headers. Nothing here needs another package of the platform.

>>> from datetime import date
>>> from contracts.companies.company import CompanyActivated
>>> event = CompanyActivated(company="00000001800010", naf="25.62B", commune="36088", zone="zi-limoise", headcount=42,
...     size_band=size_band(42), effective_on=date(2024, 5, 13))
>>> event.naf, codes.naf()[event.naf]
('25.62B', 'Mécanique industrielle')
>>> decode("CompanyActivated", 1, event.model_dump_json()) == event
True
"""

from contracts import codes
from contracts.category import Category, package_of
from contracts.model import Aside, Correction, Day, Event, Model
from contracts.registry import REGISTRY, UnknownEvent, decode, event_model, json_schema, schema_id
from contracts.roles import FUNDERS, ORGANISATION_ROLES, Role
from contracts.values import sample_siret, size_band

__all__ = [
    "FUNDERS",
    "ORGANISATION_ROLES",
    "REGISTRY",
    "Aside",
    "Category",
    "Correction",
    "Day",
    "Event",
    "Model",
    "Role",
    "UnknownEvent",
    "codes",
    "decode",
    "event_model",
    "json_schema",
    "package_of",
    "sample_siret",
    "schema_id",
    "size_band",
]
