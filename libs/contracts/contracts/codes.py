"""The code lists of the public administrations and of the territory, shipped in `data/` and read on first use.

`data/SOURCES.md` says where each comes from. Labels are in French, as published; those of the territory's own in both
languages.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, NamedTuple

from contracts.language import Sentence

_DATA = files("contracts") / "data"


def _labels(path: str) -> Mapping[str, str]:
    return MappingProxyType(json.loads((_DATA / path).read_text(encoding="utf-8")))


@lru_cache
def naf() -> Mapping[str, str]:
    """The 732 sub-classes of NAF rev. 2 by code: `25.62B` → `Mécanique industrielle`."""
    return _labels("naf/codes-NAF.json")


@lru_cache
def legal_forms() -> Mapping[str, str]:
    """Legal forms [catégories juridiques] by their four digits: `5710` → `SAS, société par actions simplifiée`."""
    return _labels("naf/natures-juridiques.json")


@lru_cache
def size_bands() -> Mapping[str, str]:
    """Bands of the number of employees [tranches d'effectifs]: `12` → `20 à 49 salariés`."""
    return _labels("naf/tranches-effectifs.json")


@lru_cache
def rome() -> Mapping[str, str]:
    """The occupations of ROME 4.0 by code: `H2902` → `Chaudronnier / Chaudronnière`."""
    written = (_DATA / "rome/rome_v460.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["code_rome"]: row["libelle_rome"] for row in csv.DictReader(written.splitlines())})


@lru_cache
def rome_parents() -> Mapping[str, str]:
    """The older code that each occupation of ROME 4.0 was part of: `H2916` → `H2913`. Of some that is their own."""
    written = (_DATA / "rome/rome_v460.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["code_rome"]: row["code_rome_parent"] for row in csv.DictReader(written.splitlines())})


@lru_cache
def waste() -> Mapping[str, str]:
    """The European list of waste by code, with its `*` where it is hazardous: `120109*` → `émulsions …`."""
    written = (_DATA / "waste/list_of_waste_fr.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(written.splitlines())
    return MappingProxyType({row["code"].replace(" ", ""): row["label_fr"] for row in rows if row["level"] == "3"})


_MODES: Final[Mapping[str, str]] = {
    "elimination": "disposal",
    "reutilisation": "reuse",
    "recyclage": "recycling",
    "valorisation_energetique": "energy_recovery",
    "autres_valorisations": "other_recovery",
}
"""The columns of the table of operations, and what events call these modes of treatment."""


@lru_cache
def treatments() -> Mapping[str, tuple[str, ...]]:
    """The treatment operations by their code, each with the modes that it may be: `R1` → `("energy_recovery",)`.

    Those of no mode are never final: what they do is followed by another operation. Only codes of the directive's
    annexes; the table has two more, of its makers (`D9F`, `R0`), and lacks `D6`.
    """
    written = (_DATA / "waste/treatment_operations_fr.csv").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            row["code"]: tuple(mode for column, mode in _MODES.items() if row[column] == "true")
            for row in csv.DictReader(written.splitlines())
            if re.fullmatch(r"[DR][1-9][0-9]?", row["code"])
        }
    )


@lru_cache
def communes() -> Mapping[str, str]:
    """The communes of France by INSEE code: `36088` → `Issoudun`.

    Beside Paris, Lyon and Marseille there are their municipal arrondissements, as SIRENE has companies there. A commune
    that was merged into another is not in the list: it has the code of the one that it is part of today.
    """
    written = (_DATA / "geo/communes_cog.csv").read_text(encoding="utf-8")
    return MappingProxyType(dict(line.split(",", 1) for line in written.splitlines()[1:]))


@lru_cache
def territory() -> Mapping[str, str]:
    """The communes of the territory by INSEE code: `36088` → `Issoudun`."""
    written = (_DATA / "geo/epci_243600236_pays_issoudun.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["insee"]: row["nom"] for row in csv.DictReader(written.splitlines())})


@lru_cache
def zones() -> Mapping[str, Sentence]:
    """The business zones of the territory by our code: `zi-limoise` → `ZI la Limoise`."""
    written = (_DATA / "geo/zones.csv").read_text(encoding="utf-8")
    return MappingProxyType(
        {row["code"]: Sentence(row["name_en"], row["name_fr"]) for row in csv.DictReader(written.splitlines())}
    )


class Centroid(NamedTuple):
    """The middle of a commune, in degrees (WGS 84)."""

    latitude: float
    longitude: float


@lru_cache
def centroids() -> Mapping[str, Centroid]:
    """Where the communes of the Indre and the Cher lie, by INSEE code."""
    written = (_DATA / "geo/communes_indre_cher_centroids.csv").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            row["insee_com"]: Centroid(float(row["lat"]), float(row["lng"]))
            for row in csv.DictReader(written.splitlines())
        }
    )


@lru_cache
def schools() -> Mapping[str, str]:
    """The schools of the Indre by UAI: `0360024F` → `Lycée polyvalent Balzac d'Alembert (Issoudun)`."""
    written = (_DATA / "schools/schools_indre_uai.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(written.splitlines())
    return MappingProxyType(
        {row["uai"]: f"{row['nom']} ({row['commune']})" if row["commune"] else row["nom"] for row in rows}
    )


class EmissionFactor(NamedTuple):
    """How much CO2 a kilometre by one means of transport takes."""

    id: str
    year: int
    """The first year that it is for."""
    scope: str
    """What is counted: `use` is to run the vehicle, and not to build it."""
    mode: str
    kg_per_km: Decimal
    source: str


@lru_cache
def emission_factors() -> tuple[EmissionFactor, ...]:
    """All factors that there are and were. A corrected one is another row with another id, and what was counted by the
    one before keeps that."""
    written = (_DATA / "mobility/co2_factors.csv").read_text(encoding="utf-8")
    return tuple(
        EmissionFactor(row["id"], int(row["year"]), row["scope"], row["mode"], Decimal(row["kg_per_km"]), row["source"])
        for row in csv.DictReader(written.splitlines())
    )


def emission_factor(mode: str, day: date, factors: Iterable[EmissionFactor] | None = None) -> EmissionFactor:
    """The factor in force on a day: of the latest year that has begun, and of several of one year the last row.

    Before the first year it is that of the first. Raises LookupError for a means of transport without any.

    >>> emission_factor("car", date(2026, 1, 5)).kg_per_km
    Decimal('0.192')
    """
    there = [each for each in (emission_factors() if factors is None else factors) if each.mode == mode]
    if not there:
        raise LookupError(f"there is no emission factor for {mode}")
    begun = [each for each in there if each.year <= day.year]
    year = max(each.year for each in begun) if begun else min(each.year for each in there)
    return [each for each in there if each.year == year][-1]
