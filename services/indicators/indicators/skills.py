"""Skills [GPECT, besoins en compétences]: what campaigns have found, whom companies need, and what is open for them
(axis 4).

What a campaign has found are the figures that it published, and nothing else: one that would give a respondent away is
in none of these, and what a single company has answered is in no figure of its own. Needs for skills are told by
occupation, horizon and level, and by no company.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from contracts.training.skill_need import (
    SkillNeedAdjusted,
    SkillNeedCovered,
    SkillNeedExpired,
    SkillNeedQualified,
    SkillNeedUncovered,
    SkillNeedWithdrawn,
)
from contracts.training.skills_campaign import SkillsCampaignPublished
from indicators.chapters import Chapter
from indicators.dimensions import Name
from indicators.measures import Corrected, Count, formula, levels, sums
from indicators.training import seats_open

CAMPAIGN: Final[tuple[Name, ...]] = ("skills_campaign",)
TRADE: Final[tuple[Name, ...]] = ("skills_campaign", "rome")
NEED: Final[tuple[Name, ...]] = ("rome", "horizon", "qualification_level")
Needs = (
    SkillNeedQualified
    | SkillNeedAdjusted
    | SkillNeedCovered
    | SkillNeedUncovered
    | SkillNeedWithdrawn
    | SkillNeedExpired
)
"""What changes whom a need lacks."""


@sums(unit="companies", dimensions=CAMPAIGN, contributor="skills_campaign", silence="unknown")
def campaign_companies(event: SkillsCampaignPublished) -> Iterator[Count]:
    """Companies that have answered a skills campaign.

    Those whose answers count in published campaigns, on the day that the campaign asks about: of so many companies are
    the other figures of the campaign. Of a period with two campaigns, whoever answered both counts twice. Before any is
    published nobody knows. n counts campaigns.
    """
    yield Count(event.reference_on, event.figures.headcount.n)


@sums(unit="persons", dimensions=CAMPAIGN, contributor="skills_campaign", silence="unknown")
def campaign_headcount(event: SkillsCampaignPublished) -> Iterator[Count]:
    """People employed by the companies that have answered.

    The headcount that published campaigns have found, in persons and not in full-time equivalents, on the day that each
    asks about. A campaign of which it is not given is not in it, and where none gives it nobody knows. n counts
    campaigns; how many companies it is of is campaign_companies.
    """
    yield from _given(event, event.figures.headcount.value)


@sums(unit="persons", dimensions=CAMPAIGN, contributor="skills_campaign", silence="unknown")
def retirements_5y(event: SkillsCampaignPublished) -> Iterator[Count]:
    """People who are expected to retire within five years.

    As published campaigns have found, of the companies that have answered, counted from the day that each asks about
    and on that day. A campaign of which it is not given is not in it, and where none gives it nobody knows. n counts
    campaigns; how many companies it is of is campaign_companies.
    """
    yield from _given(event, event.figures.retirements_5y.value)


@sums(unit="persons", dimensions=CAMPAIGN, contributor="skills_campaign", silence="unknown", shown=False)
def aged_persons(event: SkillsCampaignPublished) -> Iterator[Count]:
    """People whose age is told.

    Of published campaigns that give their share of people of 55 and over, on the day that each asks about.
    """
    yield from _given(event, event.figures.senior_share.whole)


@sums(unit="persons", dimensions=CAMPAIGN, contributor="skills_campaign", silence="unknown", shown=False)
def aged_seniors(event: SkillsCampaignPublished) -> Iterator[Count]:
    """People of 55 and over, of those whose age is told.

    Of published campaigns that give their share, on the day that each asks about.
    """
    yield from _given(event, event.figures.senior_share.part)


@formula(unit="share", of=(aged_persons, aged_seniors))
def senior_share(told: Decimal, seniors: Decimal) -> Decimal | None:
    """Share of the people employed who are 55 or over.

    Of those whose age is told in published campaigns, on the day that each asks about: 0.19 is nineteen of a hundred.
    Rounded to four decimals, half up; none where no campaign of the period gives it. by=year compares campaigns. n
    counts campaigns; how many companies it is of is campaign_companies.
    """
    return _share(told, seniors)


@sums(unit="persons", dimensions=CAMPAIGN, contributor="skills_campaign", silence="unknown", shown=False)
def trade_persons(event: SkillsCampaignPublished) -> Iterator[Count]:
    """People whose trade is told.

    Of published campaigns that give the share of trades in tension, on the day that each asks about.
    """
    yield from _given(event, event.figures.tension_share.whole)


@sums(unit="persons", dimensions=CAMPAIGN, contributor="skills_campaign", silence="unknown", shown=False)
def tension_persons(event: SkillsCampaignPublished) -> Iterator[Count]:
    """People of trades in tension, of those whose trade is told.

    Of published campaigns that give their share, on the day that each asks about.
    """
    yield from _given(event, event.figures.tension_share.part)


@formula(unit="share", of=(trade_persons, tension_persons))
def tension_share(told: Decimal, in_tension: Decimal) -> Decimal | None:
    """Share of the people employed whose trade is in tension.

    Those of trades that their company finds it hard or very hard to recruit for [métiers en tension], of all whose
    trade is told in published campaigns, on the day that each asks about. Rounded to four decimals, half up; none where
    no campaign of the period gives it. It is not told by trade, as from that and the whole the answer of a company
    alone in its trade could be found. n counts campaigns; how many companies it is of is campaign_companies.
    """
    return _share(told, in_tension)


@sums(unit="persons", dimensions=TRADE, contributor="skills_campaign", silence="unknown")
def trade_needs_1y(event: SkillsCampaignPublished) -> Iterator[Count]:
    """People whom companies expect to have more in a year.

    Of the trades that published campaigns give, how many more people than on the day that is asked about, on which it
    counts; negative where they expect fewer. by=rome tells the trades: one of too few companies is not given, and is in
    no total. n counts campaigns.
    """
    for each in event.figures.needs:
        yield from _given(event, each.in_1_year, each.rome)


@sums(unit="persons", dimensions=TRADE, contributor="skills_campaign", silence="unknown")
def trade_needs_3y(event: SkillsCampaignPublished) -> Iterator[Count]:
    """People whom companies expect to have more in three years.

    As trade_needs_1y, three years after the day that is asked about, those of the first year included: the horizons are
    never added together.
    """
    for each in event.figures.needs:
        yield from _given(event, each.in_3_years, each.rome)


@sums(unit="persons", dimensions=TRADE, contributor="skills_campaign", silence="unknown")
def trade_needs_5y(event: SkillsCampaignPublished) -> Iterator[Count]:
    """People whom companies expect to have more in five years.

    As trade_needs_1y, five years after the day that is asked about, those of the first years included: the horizons are
    never added together.
    """
    for each in event.figures.needs:
        yield from _given(event, each.in_5_years, each.rome)


@levels(unit="persons", dimensions=NEED)
def skill_needs_open(event: Needs) -> Iterator[Corrected]:
    """People whom companies need and lack.

    Whom the needs for skills still lack at the end of the day that the network has qualified: each person who is
    certified for one takes a person out on the day that this is told, and so do needs that are withdrawn or whose
    horizon passes. by=rome,horizon,qualification_level tells which: a horizon is that of the declaration, and no level
    means that any will do. What the network puts right counts so from that day on. n counts companies.
    """
    match event:
        case SkillNeedQualified():
            yield Corrected(event.effective_on, None, 0, event.uncovered, dimensions=_of(event))
        case SkillNeedAdjusted():
            before, now = event.uncovered_before, event.uncovered
            if before or now:
                yield Corrected(
                    event.effective_on, None, before, now, dimensions=_of(event), dimensions_before=_of_before(event)
                )
        case _:
            before = event.uncovered if event.uncovered_before is None else event.uncovered_before
            yield Corrected(event.effective_on, None, before, event.uncovered, dimensions=_of(event))


@formula(unit="persons", of=(skill_needs_open, seats_open))
def skill_gap(lacking: Decimal, seats: Decimal) -> Decimal | None:
    """People whom companies lack and no open seat is for.

    skill_needs_open less seats_open at the end of the day: by occupation, or of all of them; negative where more seats
    are open than people are needed. Seats count whether they are taken or not, as whoever has one covers a need only
    once certified. In the total, seats of one occupation make up for what another lacks: by=rome tells where.
    """
    return lacking - seats


@sums(unit="needs", dimensions=NEED)
def skill_needs_qualified(event: SkillNeedQualified | SkillNeedAdjusted | SkillNeedWithdrawn) -> Iterator[Count]:
    """Needs for skills that the network has qualified.

    On the day on which each was. One that is withdrawn as it was entered by mistake is taken out on that day; what the
    network puts right moves it to the right occupation, horizon and level. n counts companies.
    """
    match event:
        case SkillNeedQualified():
            yield Count(event.effective_on, 1, _of(event))
        case SkillNeedAdjusted(qualified_on=on) if on and _of(event) != _of_before(event):
            yield Count(on, -1, _of_before(event))
            yield Count(on, 1, _of(event))
        case SkillNeedWithdrawn(qualified_on=on, reason="entered_by_mistake") if on:
            yield Count(on, -1, _of(event))


@sums(unit="needs", dimensions=NEED)
def skill_needs_covered(event: SkillNeedCovered | SkillNeedUncovered | SkillNeedAdjusted) -> Iterator[Count]:
    """Needs for skills that were covered within twelve months.

    Those of skill_needs_qualified for which as many people as they are for were certified in time, the last of them no
    later than twelve months after the day on which the need was qualified: on that day, so that they are of the same
    needs. A certification that is undone, or another number of persons, may take one out again. n counts companies.
    """
    if (on := event.qualified_on) is None:
        return
    if _within_a_year(event.covered_on_before, on):
        yield Count(on, -1, _of_before(event) if isinstance(event, SkillNeedAdjusted) else _of(event))
    if _within_a_year(event.covered_on, on):
        yield Count(on, 1, _of(event))


@formula(unit="share", of=(skill_needs_qualified, skill_needs_covered))
def skill_needs_covered_rate(qualified: Decimal, covered: Decimal) -> Decimal | None:
    """Share of the needs for skills that were covered within twelve months.

    skill_needs_covered divided by skill_needs_qualified, of the needs that were qualified in the period: 0.25 is one of
    four. Rounded to four decimals, half up; none where none was. Of needs that were qualified less than twelve months
    ago, some may still be covered in time: to= the day a year ago tells of those alone of which it is known.
    """
    return _share(qualified, covered)


def _given(event: SkillsCampaignPublished, value: float | None, rome: str | None = None) -> Iterator[Count]:
    """A figure of a campaign, of a trade if one is told, if it is given."""
    if value is not None:
        yield Count(event.reference_on, value, {"rome": rome})


def _share(whole: Decimal, part: Decimal) -> Decimal | None:
    return (part / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP) if whole > 0 else None


def _of(event: Needs) -> Mapping[Name, str | int | None]:
    return {"rome": event.rome, "horizon": event.horizon, "qualification_level": event.level}


def _of_before(event: SkillNeedAdjusted) -> Mapping[Name, str | int | None]:
    return {"rome": event.rome_before, "horizon": event.horizon_before, "qualification_level": event.level_before}


def _within_a_year(covered_on: date | None, qualified_on: date) -> bool:
    """Whether it was covered by the same day of the next year; of a leap day, by the one before."""
    if covered_on is None:
        return False
    last = (qualified_on.year + 1, qualified_on.month, qualified_on.day)
    return (covered_on.year, covered_on.month, covered_on.day) <= last


CHAPTER: Final = Chapter(
    "skills",
    campaign_companies,
    campaign_headcount,
    retirements_5y,
    aged_persons,
    aged_seniors,
    senior_share,
    trade_persons,
    tension_persons,
    tension_share,
    trade_needs_1y,
    trade_needs_3y,
    trade_needs_5y,
    skill_needs_open,
    skill_gap,
    skill_needs_qualified,
    skill_needs_covered,
    skill_needs_covered_rate,
    axis=4,
)
