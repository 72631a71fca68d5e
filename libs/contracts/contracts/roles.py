"""Who acts on the platform: the roles a token may carry, and the organisations some of them speak for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Role = Literal[
    "network",
    "town_hall",
    "epci",
    "region",
    "state",
    "afpa",
    "training_body",
    "school",
    "mission_locale",
    "france_travail",
    "company",
    "steering",
    "ops",
]
"""`network`: the company network's coordinator; `epci`: the community of communes; `region` and `state`: the funders;
`steering`: the programme committee; `ops`: who runs the platform."""

ORGANISATION_ROLES: frozenset[Role] = frozenset({"company", "school", "training_body"})
"""Roles that act for one organisation, named by the token's claim of the same name, and only on its own records."""

FUNDERS: Final[Mapping[str, Role]] = MappingProxyType({"state": "state", "region-centre-val-de-loire": "region"})
"""Who grants aids in the programme, and the role that decides for each. Commands name these; events only their form."""
