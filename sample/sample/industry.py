"""Surveys of how mature companies are in industry 4.0, at two dates, and what they declared to lack.

Who was surveyed a second time has come further, with what the platform's machines and training sessions brought.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, get_args

from contracts.companies.need import CATEGORY as NEED
from contracts.companies.survey import CATEGORY as SURVEY
from contracts.companies.survey import MaturityDimension
from sample.companies_data import by_name
from sample.story import LAST_DAY, Step, Story

DIMENSIONS: Final = get_args(MaturityDimension)
Turn = tuple[date, str, Mapping[str, object]]
"""The day, the command and its content."""


@dataclass(frozen=True)
class Survey:
    """A survey of a company: the levels that it answered, in the order of the dimensions."""

    company: str
    begun: date
    levels: tuple[int, ...]
    """Fewer, where the survey is still under way."""
    sent_back: tuple[int, ...] | None = None
    """The levels that it answered first, which the network did not agree with."""
    corrected: Turn | None = None


@dataclass(frozen=True)
class Need:
    """What a company declared to lack, and what became of that."""

    company: str
    dimension: str
    kind: str
    title: str
    priority: str
    declared: date
    turns: tuple[Turn, ...] = ()


SURVEYS: Final = (
    Survey("Exemple Aérosièges", date(2024, 9, 30), (3, 3, 2, 2, 2, 2)),
    Survey("Exemple Usinage", date(2024, 9, 30), (1, 2, 2, 1, 1, 1)),
    Survey("Exemple Plasturgie", date(2024, 10, 7), (2, 2, 1, 1, 1, 1)),
    Survey("Exemple Cartonnages", date(2024, 10, 14), (1, 2, 1, 0, 1, 1)),
    Survey("Exemple Chaudronnerie", date(2024, 10, 21), (1, 1, 1, 0, 1, 0), sent_back=(3, 1, 1, 0, 3, 0)),
    Survey("Exemple Films et Sachets", date(2024, 11, 4), (2, 3, 2, 1, 2, 1),
           corrected=(date(2025, 1, 13), "correct-level",
                      {"dimension": "machines_and_data", "level": 3, "reason": "late_document"})),
    Survey("Exemple Traitement de Surface", date(2024, 11, 18), (1, 2, 1, 1, 2, 1)),
    Survey("Exemple Malterie", date(2025, 10, 6), (2, 2, 2, 1, 2, 1)),
    Survey("Exemple Aérosièges", date(2026, 3, 2), (3, 4, 3, 2, 3, 4)),
    Survey("Exemple Usinage", date(2026, 3, 9), (2, 2, 3, 2, 3, 2)),
    Survey("Exemple Plasturgie", date(2026, 3, 16), (2, 3, 3, 1, 2, 2)),
    Survey("Exemple Cartonnages", date(2026, 4, 7), (2, 2, 2, 2, 2, 3)),
    Survey("Exemple Instruments", date(2026, 6, 8), (2, 2, 3)),
)  # fmt: skip
NEEDS: Final = (
    Need("Exemple Usinage", "machines_and_data", "equipment", "Essais de soudage avec un cobot", "high",
         date(2024, 10, 28), ((date(2025, 3, 17), "meet", {"means": "shared_equipment"}),)),
    Need("Exemple Usinage", "people", "training", "Quatre opérateurs formés à la programmation de robots", "medium",
         date(2024, 10, 28), ((date(2025, 11, 21), "meet", {"means": "training_session"}),)),
    Need("Exemple Cartonnages", "products", "equipment", "Outillages imprimés en 3D", "medium", date(2024, 11, 18),
         ((date(2025, 9, 12), "meet", {"means": "shared_equipment"}),)),
    Need("Exemple Cartonnages", "cybersecurity", "advice", "Sauvegardes et droits d'accès", "medium",
         date(2024, 11, 18), (
             (date(2025, 10, 6), "change-priority", {"priority": "high"}),
             (date(2026, 2, 10), "meet", {"means": "expert"}),
         )),
    Need("Exemple Films et Sachets", "products", "equipment", "Contrôle dimensionnel des mandrins", "medium",
         date(2024, 12, 9), ((date(2025, 5, 19), "meet", {"means": "shared_equipment"}),)),
    Need("Exemple Films et Sachets", "processes", "software", "Suivi des arrêts en temps réel", "high",
         date(2024, 12, 9)),
    Need("Exemple Plasturgie", "machines_and_data", "funding", "Collecte des données des presses", "high",
         date(2024, 11, 12), ((date(2026, 1, 26), "meet", {"means": "grant"}),)),
    Need("Exemple Plasturgie", "people", "training", "Maintenance prédictive pour deux techniciens", "medium",
         date(2024, 11, 12), ((date(2025, 12, 5), "meet", {"means": "training_session"}),)),
    Need("Exemple Aérosièges", "cybersecurity", "advice", "Cloisonnement des réseaux d'atelier", "high",
         date(2024, 11, 5), ((date(2025, 10, 20), "meet", {"means": "own_means"}),)),
    Need("Exemple Aérosièges", "strategy", "partner", "Jumeau numérique de la ligne de sièges", "low",
         date(2026, 4, 20)),
    Need("Exemple Chaudronnerie", "machines_and_data", "funding", "Numérisation des plans", "low", date(2024, 12, 2),
         ((date(2026, 3, 2), "drop", {"reason": "too_costly"}),)),
    Need("Exemple Malterie", "processes", "equipment", "Capteurs d'humidité sur les germoirs", "medium",
         date(2025, 11, 3)),
    Need("Exemple Traitement de Surface", "strategy", "advice", "Feuille de route numérique", "medium",
         date(2025, 1, 13)),
)  # fmt: skip


def stories() -> list[Story]:
    """What each company answered, lacked and got, in the order of the days."""
    return [
        Story(f"industry-{siret}", sorted(_company(name, siret), key=lambda step: step.on or LAST_DAY), follows=True)
        for name, siret in {survey.company: by_name(survey.company)[0] for survey in SURVEYS}.items()
    ]


def _company(name: str, siret: str) -> Iterator[Step]:
    acts_for = {"company": siret}
    for survey in SURVEYS:
        if survey.company == name:
            yield from _survey(survey, siret, acts_for)
    for number, need in enumerate(NEEDS):
        if need.company == name:
            record = f"need-{number}"
            declared = {
                **acts_for,
                "dimension": need.dimension,
                "kind": need.kind,
                "title": need.title,
                "priority": need.priority,
            }
            yield Step(need.declared, NEED, record, "declare", declared, creates=True, acts_for=acts_for)
            for on, command, said in need.turns:
                yield Step(on, NEED, record, command, said, acts_for=acts_for)


def _survey(survey: Survey, siret: str, acts_for: Mapping[str, str]) -> Iterator[Step]:
    """From its beginning to its validation, four weeks later, or six where it was sent back."""
    begun = survey.begun

    def company(days: int, command: str, body: Mapping[str, object]) -> Step:
        on, begins = begun + timedelta(days=days), command == "begin"
        return Step(on, SURVEY, siret, command, body, creates=begins, acts_for=acts_for)

    yield company(0, "begin", acts_for)
    yield company(7, "answer", _answers(survey.sent_back or survey.levels))
    if len(survey.levels) < len(DIMENSIONS):
        return
    yield company(14, "complete", {})
    if survey.sent_back:
        yield Step(begun + timedelta(days=21), SURVEY, siret, "send-back", {"reason": "without_evidence"})
        yield company(28, "answer", _answers(survey.levels))
        yield company(28, "complete", {})
    validated = begun + timedelta(days=42 if survey.sent_back else 28)
    yield Step(validated, SURVEY, siret, "validate", {})
    if survey.corrected:
        on, command, said = survey.corrected
        yield Step(on, SURVEY, siret, command, said)


def _answers(levels: tuple[int, ...]) -> Mapping[str, object]:
    told = zip(DIMENSIONS, levels, strict=False)
    return {"answers": [{"dimension": dimension, "level": level} for dimension, level in told]}
