"""The code lists of the public administrations, shipped in `data/` and read on first use.

`data/SOURCES.md` says where each comes from. Labels are in French, as published.
"""

import csv
import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

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
def communes() -> Mapping[str, str]:
    """The communes of the territory by INSEE code: `36088` → `Issoudun`."""
    written = (_DATA / "geo/epci_243600236_pays_issoudun.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["insee"]: row["nom"] for row in csv.DictReader(written.splitlines())})


@lru_cache
def schools() -> Mapping[str, str]:
    """The schools of the Indre by UAI: `0360024F` → `Lycée polyvalent Balzac d'Alembert (Issoudun)`."""
    written = (_DATA / "schools/schools_indre_uai.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(written.splitlines())
    return MappingProxyType(
        {row["uai"]: f"{row['nom']} ({row['commune']})" if row["commune"] else row["nom"] for row in rows}
    )
