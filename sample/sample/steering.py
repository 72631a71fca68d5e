"""What the programme's committee aims at, and an action along each axis: the network of 30 companies and full
employment at 5.0 % are the programme's own targets, and all else is invented.

Pilots tell of their actions through the committee, which may decide whatever they do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from contracts.indicators.action import CATEGORY as ACTION
from contracts.indicators.target import CATEGORY as TARGET
from sample.story import Step, Story

BEGUN: Final = date(2024, 1, 15)
"""The committee sets its targets on this day, and looks at what was proposed."""
END: Final = date(2027, 12, 31)


@dataclass(frozen=True)
class Target:
    """A value of an indicator by the end of the programme, and what became of it."""

    indicator: str
    value: float
    axis: int | None = None
    aim: str = "at_least"
    dimensions: Mapping[str, str] | None = None
    then: tuple[tuple[date, str, Mapping[str, object]], ...] = ()


@dataclass(frozen=True)
class Milestone:
    """What is to be reached by a day, and the day on which it was, if it was."""

    title: str
    planned: date
    reached: date | None = None


@dataclass(frozen=True)
class Action:
    """An action of an axis: its sheet, and what became of it once it was adopted."""

    axis: int
    title: str
    pilot: str
    partners: tuple[str, ...]
    until: date
    budget: int
    indicators: tuple[str, ...]
    milestones: tuple[Milestone, ...]
    spent: tuple[tuple[date, int], ...] = ()
    then: tuple[tuple[date, str, Mapping[str, object]], ...] = ()
    """In order of their days, after its milestones and its spending."""
    starts: date = date(2024, 4, 2)


TARGETS: Final = (
    Target("members", 30),
    Target("members", 12, 2, dimensions={"zone": "zi-limoise"}, then=((date(2025, 1, 20), "revise", {"value": 15}),)),
    Target("cost_per_job", 400_000, aim="at_most"),
    # Water and electricity of a month, as they are read.
    Target("water", 1_700, 1, aim="at_most", dimensions={"zone": "zi-limoise"}),
    Target("electricity", 1_150_000, 1, aim="at_most", dimensions={"zone": "zi-limoise"}),
    Target("reading_coverage", 0.95, 1),
    Target("recovery_rate", 0.9, 1),
    Target("diverted_tonnes", 250, 1),
    Target("companies_settled", 6, 2),
    Target("vacancy_rate", 0.1, 2, aim="at_most", dimensions={"zone": "zi-limoise"}),
    Target("host_rate", 0.5, 3),
    Target(
        "placement_fill_rate", 0.8, 3, then=((date(2025, 9, 8), "correct", {"value": 0.75, "reason": "typing_error"}),)
    ),
    Target("platform_use", 0.5, 6, then=((date(2025, 1, 20), "revise", {"value": 0.4}),)),
    Target("platform_companies", 12, 6),
    Target("maturity", 2.5, 6),
    Target("hires_sustained", 40, 7),
    # Full employment, as the programme aims at it; of the town, and beside it of the department.
    Target("unemployment_proxy", 5.0, 7, aim="at_most"),
    Target("unemployment_reference", 5.0, 7, aim="at_most"),
    Target("vacancies_open", 20, 7, aim="at_most", then=((date(2025, 9, 8), "withdraw", {"reason": "given_up"}),)),
)
ACTIONS: Final = (
    Action(
        1, "Exemple Eau, électricité et déchets de la ZI Limoise", "epci", ("network", "company"),
        date(2027, 6, 30), 180_000, ("water", "electricity", "recovery_rate", "diverted_tonnes"),
        (
            Milestone("Diagnostic des consommations remis", date(2024, 10, 31), date(2024, 12, 12)),
            Milestone("Plan d'actions validé", date(2025, 6, 30), date(2025, 6, 24)),
            Milestone("Compteurs communicants posés", date(2026, 3, 31)),
            Milestone("Première boucle d'eau en service", date(2027, 3, 31)),
        ),
        ((date(2024, 12, 20), 38_000), (date(2025, 7, 10), 22_500)),
    ),
    Action(
        2, "Exemple Services mutualisés aux salariés de la ZI Limoise", "epci", ("network", "town_hall", "region"),
        date(2027, 12, 31), 420_000, ("members",),
        (
            Milestone("Enquête déplacements publiée", date(2024, 11, 29), date(2024, 11, 22)),
            Milestone("Aire de covoiturage ouverte", date(2025, 9, 30), date(2025, 9, 15)),
            Milestone("Station de vélos ouverte", date(2026, 4, 30), date(2026, 5, 20)),
            Milestone("Restauration partagée ouverte", date(2026, 12, 18)),
        ),
        ((date(2025, 9, 30), 96_000), (date(2026, 5, 29), 84_000)),
        ((date(2025, 10, 6), "change-budget", {"budget": 460_000}),),
    ),
    Action(
        2, "Exemple Navette entre la gare et la ZI Limoise", "town_hall", ("network", "epci"),
        date(2026, 6, 30), 60_000, (),
        (Milestone("Étude de fréquentation remise", date(2024, 9, 30)),),
        then=((date(2025, 1, 20), "abandon", {"reason": "financing"}),),
    ),
    Action(
        3, "Exemple Rencontres régulières des jeunes et des industries", "network", ("school", "company", "town_hall"),
        date(2027, 7, 2), 45_000, ("placements", "host_rate", "placement_fill_rate"),
        (
            Milestone("Premier forum des métiers tenu", date(2025, 3, 14), date(2025, 3, 14)),
            Milestone("Vingt offres de stage publiées", date(2026, 1, 30)),
            Milestone("Deuxième forum des métiers tenu", date(2026, 3, 13), date(2026, 3, 20)),
        ),
        ((date(2025, 3, 31), 11_200), (date(2026, 3, 31), 12_900)),
    ),
    Action(
        4, "Exemple Gestion prévisionnelle des emplois et des compétences", "epci",
        ("network", "company", "training_body", "france_travail"),
        date(2026, 12, 18), 75_000, ("vacancies_open",),
        (
            Milestone("Questionnaire envoyé", date(2024, 9, 30), date(2024, 10, 7)),
            Milestone("Résultats publiés", date(2025, 6, 30)),
        ),
        ((date(2025, 1, 31), 30_000),),
        ((date(2025, 6, 16), "hold", {"reason": "staff"}),),
    ),
    Action(
        5, "Exemple Réhabilitation du bâtiment de l'AFPA", "afpa", ("town_hall", "region", "state"),
        date(2027, 12, 31), 3_200_000, (),
        (
            Milestone("Programme validé", date(2024, 12, 20), date(2025, 1, 17)),
            Milestone("Avant-projet définitif validé", date(2025, 10, 31), date(2025, 10, 30)),
            Milestone("Marchés de travaux signés", date(2026, 6, 30)),
        ),
        ((date(2025, 2, 28), 85_000), (date(2025, 11, 28), 140_000)),
        (
            (date(2025, 12, 1), "hold", {"reason": "permit"}),
            (date(2026, 4, 13), "resume", {}),
        ),
    ),
    Action(
        6, "Exemple Ouverture du plateau technique Industrie 4.0", "network", ("company", "afpa", "region"),
        date(2025, 12, 19), 650_000, ("platform_use", "platform_companies", "maturity"),
        (
            Milestone("Premier équipement en service", date(2024, 9, 30), date(2024, 9, 16)),
            Milestone("Trois équipements en service", date(2025, 1, 31), date(2025, 2, 3)),
            Milestone("Dix entreprises utilisatrices", date(2025, 9, 30)),
        ),
        ((date(2024, 9, 30), 310_000), (date(2025, 2, 28), 275_000)),
        (
            (date(2025, 10, 6), "drop-milestone", {"milestone": 3, "reason": "replaced"}),
            (date(2025, 12, 15), "finish", {}),
        ),
    ),
    Action(
        7, "Exemple Plein emploi 2027", "france_travail", ("mission_locale", "network", "company"),
        date(2027, 12, 31), 120_000, ("progress_2027", "hires_priority", "hires_sustained"),
        (
            Milestone("Suivi renforcé des publics prioritaires lancé", date(2024, 9, 30), date(2024, 9, 23)),
            Milestone("Bilan à mi-parcours", date(2025, 12, 19), date(2026, 1, 12)),
            Milestone("Bilan final", date(2027, 12, 17)),
        ),
        ((date(2025, 6, 30), 28_000), (date(2026, 1, 30), 31_500)),
        ((date(2025, 1, 20), "change-pilot", {"pilot": "mission_locale", "partners": ["france_travail", "network"]}),),
    ),
)  # fmt: skip


def stories() -> list[Story]:
    """What the committee decided, and what came of it."""
    return [
        Story("targets", [step for number, target in enumerate(TARGETS) for step in _target(target, number)]),
        *(Story(f"action-{number}", [*_action(action)]) for number, action in enumerate(ACTIONS)),
    ]


def _target(target: Target, number: int) -> Iterator[Step]:
    record = f"target-{number}"
    body: dict[str, Any] = {
        "indicator": target.indicator,
        "dimensions": target.dimensions or {},
        "axis": target.axis,
        "aim": target.aim,
        "value": target.value,
        "due": END.isoformat(),
    }
    yield Step(BEGUN, TARGET, record, "set", body, creates=True)
    for on, command, said in target.then:
        yield Step(on, TARGET, record, command, said)


def _action(action: Action) -> Iterator[Step]:
    sheet: dict[str, Any] = {
        "axis": action.axis,
        "title": action.title,
        "pilot": action.pilot,
        "partners": action.partners,
        "planned_from": action.starts.isoformat(),
        "planned_until": action.until.isoformat(),
        "budget": action.budget,
        "indicators": action.indicators,
    }
    yield Step(BEGUN, ACTION, "action", "propose", sheet, creates=True)
    for each in action.milestones:
        planned = {"title": each.title, "planned_on": each.planned.isoformat()}
        yield Step(BEGUN, ACTION, "action", "add-milestone", planned)
    yield Step(BEGUN + timedelta(days=28), ACTION, "action", "adopt", {})
    yield Step(action.starts, ACTION, "action", "start", {})
    for number, each in enumerate(action.milestones, 1):
        if each.reached:
            yield Step(each.reached, ACTION, "action", "reach-milestone", {"milestone": number})
    for on, amount in action.spent:
        yield Step(on, ACTION, "action", "record-spending", {"amount": amount})
    for on, command, said in action.then:
        yield Step(on, ACTION, "action", command, said)
