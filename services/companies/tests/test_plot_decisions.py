"""What becomes of a plot: serviced, put on the market, optioned, promised, sold and built, and what is put right."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from companies.areas import MOST_CHANGES, Measured
from companies.plot import (
    BeginServicing,
    ChangePrice,
    CorrectArea,
    CorrectDescription,
    CorrectSale,
    EndPromise,
    ExtendOption,
    GiveUpOption,
    GrantOption,
    LapseOption,
    Plot,
    PlotStanding,
    Promise,
    PutOnMarket,
    RecordBuilt,
    Register,
    Sell,
    plots,
)
from contracts import Event, sample_siret
from contracts.companies.plot import (
    PlotAreaCorrected,
    PlotBuilt,
    PlotDescriptionCorrected,
    PlotOptioned,
    PlotOptionExtended,
    PlotOptionGivenUp,
    PlotOptionLapsed,
    PlotPriceChanged,
    PlotPromised,
    PlotPromiseEnded,
    PlotPutOnMarket,
    PlotRegistered,
    PlotSaleCorrected,
    PlotServicingBegan,
    PlotSold,
    PlotSpell,
    PlotStatus,
)
from eventstore.decider import PLATFORM, Command, Due
from eventstore.specification import Specification

TODAY = date(2024, 9, 2)
given = Specification(plots, today=TODAY)
FOUNDRY, MILL = sample_siret(0), sample_siret(1)
RING = ((1.972, 46.951), (1.976, 46.951), (1.976, 46.953), (1.972, 46.951))


def day(month: int, day_of_month: int = 1) -> date:
    return date(2024, month, day_of_month)


def facts(status: PlotStatus, area: int = 8_500) -> dict[str, Any]:
    return {"plot": "limoise-12", "commune": "36088", "zone": "zi-limoise", "status": status, "area": area}


register = Register(
    code="limoise-12",
    name="Lot 12",
    zone="zi-limoise",
    commune="36088",
    parcels=("36088000AB0012", "36088000AB0013"),
    outline=RING,
    area=8_500,
    on=day(1),
)
registered = PlotRegistered(
    **facts("reserve"), name="Lot 12", parcels=register.parcels, outline=RING, effective_on=day(1)
)
servicing = PlotServicingBegan(**facts("servicing"), effective_on=day(2))
on_market = PlotPutOnMarket(**facts("on_market"), price_per_m2=18.5, effective_on=day(3))
optioned = PlotOptioned(
    **facts("optioned"), company=FOUNDRY, option_until=day(12, 20), lapses_on=day(12, 21), effective_on=day(4)
)
promised = PlotPromised(**facts("promised"), company=FOUNDRY, effective_on=day(5))
sold = PlotSold(**facts("sold"), company=FOUNDRY, origin="from_elsewhere", amount=157_000, effective_on=day(6))
built = PlotBuilt(**facts("built"), company=FOUNDRY, effective_on=day(8))

WAY: tuple[Event, ...] = (registered, servicing, on_market, optioned, promised, sold, built)
PASTS: dict[str, tuple[Event, ...]] = {status: WAY[: place + 1] for place, status in enumerate(get_args(PlotStatus))}


def test_a_plot_is_registered_serviced_and_put_on_the_market() -> None:
    given().when(register).then(registered)
    given().when(register).then_state(
        status="reserve",
        registered_on=day(1),
        company=None,
        standings=(PlotStanding(since=day(1), status="reserve"),),
        areas=(Measured(since=day(1), area=8_500),),
    )
    given(registered).when(register).rejected("plot-exists")
    given(registered).when(BeginServicing(on=day(2))).then(servicing)
    given(*PASTS["servicing"]).when(PutOnMarket(price_per_m2=18.5, on=day(3))).then(on_market)
    given(*PASTS["servicing"]).when(PutOnMarket(price_per_m2=18.5)).then_state(status="on_market", price_per_m2=18.5)


@pytest.mark.parametrize(
    ("parcels", "slug"),
    [
        (("36088000AB0012", "36088000AB0012"), "parcel-twice"),
        (("18055000AB0012",), "parcels-elsewhere"),
    ],
)
def test_its_parcels_are_in_its_commune_and_given_once(parcels: tuple[str, ...], slug: str) -> None:
    given().when(register.model_copy(update={"parcels": parcels})).rejected(slug)
    given(registered).when(CorrectDescription(parcels=parcels, reason="survey")).rejected(slug)


def test_a_plot_may_lie_in_two_communes() -> None:
    both = ("18055000ZC0007", "36088000AB0012")
    given().when(register.model_copy(update={"parcels": both})).then_state(parcels=both)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"parcels": ()}, "too_short"),
        ({"area": 0}, "square-metres"),
        ({"area": 10_000_001}, "square-metres"),
        ({"outline": RING[:3]}, "outline"),
        ({"outline": (*RING[:3], (1.972, 46.9511))}, "outline"),
        ({"outline": tuple((north, east) for east, north in RING)}, "outline"),
        ({"outline": (RING[0],) * 4}, "outline"),
    ],
)
def test_what_is_no_plot_is_told_by_its_field(changes: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Register(**{**dict(register), **changes})
    assert [(fault["loc"][0], fault["type"]) for fault in refused.value.errors()] == [(next(iter(changes)), error)]


def test_what_is_asked_for_it_changes_until_it_is_promised() -> None:
    changed = PlotPriceChanged(**facts("on_market"), price_per_m2_before=18.5, price_per_m2=16, effective_on=TODAY)
    given(*PASTS["on_market"]).when(ChangePrice(price_per_m2=16)).then(changed)
    given(*PASTS["on_market"], changed).when(ChangePrice(price_per_m2=16)).then()
    given(*PASTS["optioned"]).when(ChangePrice(price_per_m2=16)).then_state(price_per_m2=16, status="optioned")


# An option


def test_an_option_holds_the_plot_for_a_company_and_lapses_on_the_day_after_its_last() -> None:
    option = GrantOption(company=FOUNDRY, option_until=day(12, 20), on=day(4))
    given(*PASTS["on_market"]).when(option).then(optioned)
    given(*PASTS["optioned"]).is_due(Due(day(12, 21), LapseOption()))
    lapsed = PlotOptionLapsed(**facts("on_market"), company=FOUNDRY, effective_on=day(12, 21))
    later = Specification(plots, today=day(12, 21))(*PASTS["optioned"])
    later.when(LapseOption(on=day(12, 21))).then(lapsed)
    later.when(LapseOption()).then_state(status="on_market", company=None, option_until=None, lapses_on=None)
    given(*PASTS["optioned"], lapsed).is_due()
    assert plots.decision(LapseOption).by == (PLATFORM,)


def test_an_option_that_is_entered_late_leaves_a_day_to_enter_what_followed() -> None:
    late = GrantOption(company=FOUNDRY, option_until=day(4, 30), on=day(4))
    given(*PASTS["on_market"]).when(late).then_state(option_until=day(4, 30), lapses_on=day(9, 3))


@pytest.mark.parametrize(
    ("until", "slug"),
    [
        (day(4), "option-ends-before-it-begins"),
        (day(3), "option-ends-before-it-begins"),
        (date(2026, 4, 3), "option-too-long"),
    ],
)
def test_an_option_lasts_some_time_and_not_too_long(until: date, slug: str) -> None:
    given(*PASTS["on_market"]).when(GrantOption(company=MILL, option_until=until, on=day(4))).rejected(slug)


def test_an_option_is_extended_and_never_shortened_but_by_its_end() -> None:
    extended = PlotOptionExtended(
        **facts("optioned"),
        company=FOUNDRY,
        option_until_before=day(12, 20),
        option_until=date(2025, 3, 31),
        lapses_on=date(2025, 4, 1),
        effective_on=TODAY,
    )
    given(*PASTS["optioned"]).when(ExtendOption(option_until=date(2025, 3, 31))).then(extended)
    given(*PASTS["optioned"], extended).is_due(Due(date(2025, 4, 1), LapseOption()))
    given(*PASTS["optioned"]).when(ExtendOption(option_until=day(12, 20))).rejected("option-not-prolonged")
    given(*PASTS["optioned"]).when(ExtendOption(option_until=date(2026, 9, 4))).rejected("option-too-long")
    past = optioned.model_copy(update={"option_until": day(8, 1), "lapses_on": day(9, 3)})
    given(*PASTS["on_market"], past).when(ExtendOption(option_until=day(9, 2))).rejected("option-ends-before-it-begins")


def test_an_option_or_a_promise_that_comes_to_nothing_puts_the_plot_back_on_the_market() -> None:
    given(*PASTS["optioned"]).when(GiveUpOption(reason="financing")).then(
        PlotOptionGivenUp(**facts("on_market"), company=FOUNDRY, reason="financing", effective_on=TODAY)
    )
    given(*PASTS["optioned"]).when(GiveUpOption(reason="other")).then_state(
        status="on_market", company=None, option_until=None, lapses_on=None, price_per_m2=18.5
    )
    ended = PlotPromiseEnded(**facts("on_market"), company=FOUNDRY, reason="permit", effective_on=TODAY)
    given(*PASTS["promised"]).when(EndPromise(reason="permit")).then(ended)
    given(*PASTS["promised"]).when(EndPromise(reason="permit")).then_state(
        status="on_market", company=None, promised_on=None
    )
    again = GrantOption(company=MILL, option_until=day(12, 20))
    given(*PASTS["promised"], ended).when(again).then_state(status="optioned", company=MILL)


# A sale


def test_a_promise_becomes_a_sale_that_says_where_the_buyer_was() -> None:
    given(*PASTS["optioned"]).when(Promise(on=day(5))).then(promised)
    given(*PASTS["optioned"]).when(Promise()).then_state(status="promised", company=FOUNDRY, lapses_on=None)
    given(*PASTS["promised"]).is_due()
    given(*PASTS["promised"]).when(Sell(origin="from_elsewhere", amount=157_000, on=day(6))).then(sold)
    given(*PASTS["promised"]).when(Sell(origin="on_territory")).then_state(
        status="sold", company=FOUNDRY, amount=None, sold_on=TODAY
    )
    given(*PASTS["sold"]).when(RecordBuilt(on=day(8))).then(built)
    given(*PASTS["sold"]).when(RecordBuilt()).then_state(status="built", built_on=TODAY, company=FOUNDRY)


def corrected_sale(**changes: Any) -> PlotSaleCorrected:
    told: dict[str, Any] = {
        **facts("sold"),
        "company": FOUNDRY,
        "origin_before": "from_elsewhere",
        "origin": "from_elsewhere",
        "amount_before": 157_000,
        "amount": 157_000,
        "sold_before": day(6),
        "sold_on": day(6),
        "reason": "typing_error",
        "effective_on": TODAY,
    }
    return PlotSaleCorrected(**{**told, **changes})


def test_a_sale_is_put_right_and_a_correction_that_changes_nothing_is_none() -> None:
    past = given(*PASTS["sold"])
    past.when(CorrectSale(origin="on_territory", reason="typing_error")).then(corrected_sale(origin="on_territory"))
    past.when(CorrectSale(amount=160_000, reason="late_document")).then(
        corrected_sale(amount=160_000, reason="late_document")
    )
    past.when(CorrectSale(origin="from_elsewhere", company=FOUNDRY, reason="other")).then()
    past.when(CorrectSale(reason="other")).then()
    past.when(CorrectSale(origin="newly_founded", amount=1, reason="other")).then_state(
        origin="newly_founded", amount=1, sold_on=day(6), effective_on=day(6)
    )


def test_a_sale_is_not_corrected_before_it_was_made() -> None:
    correct = CorrectSale(amount=160_000, reason="late_document", on=day(6))
    assert given(*PASTS["sold"]).when(correct).events
    early = correct.model_copy(update={"on": day(5, 31)})
    given(*PASTS["sold"]).when(early).rejected("corrected-before-it-happened")


def test_a_sale_to_another_company_is_taken_back_of_the_one_and_told_of_the_other() -> None:
    correction = CorrectSale(company=MILL, origin="newly_founded", sold_on=day(7), reason="typing_error")
    taken_back = corrected_sale(origin=None, amount=None)
    put_right = corrected_sale(
        company=MILL, origin_before=None, origin="newly_founded", amount_before=None, sold_on=day(7)
    )
    given(*PASTS["sold"]).when(correction).then(taken_back, put_right)
    given(*PASTS["sold"]).when(correction).then_state(
        company=MILL, origin="newly_founded", amount=157_000, sold_on=day(7), status="sold"
    )


def test_the_day_of_a_sale_stays_between_the_promise_and_what_was_built() -> None:
    past = given(*PASTS["built"])
    past.when(CorrectSale(sold_on=day(5), reason="other")).then_state(sold_on=day(5), effective_on=day(8))
    past.when(CorrectSale(sold_on=day(8), reason="other")).then_state(sold_on=day(8))
    past.when(CorrectSale(sold_on=day(4, 30), reason="other")).rejected("day-before-previous-step")
    past.when(CorrectSale(sold_on=day(8, 2), reason="other")).rejected("day-after-next-step")
    late = CorrectSale(sold_on=day(9), reason="other", on=day(8))
    given(*PASTS["sold"]).when(late).rejected("day-after-next-step")
    moved = corrected_sale(sold_on=day(7, 15))
    given(*PASTS["sold"], moved).when(RecordBuilt(on=day(7, 1))).rejected("on-before-previous-step")
    earlier = given(*PASTS["sold"], corrected_sale(sold_on=day(5, 2)))
    # What the step was recorded for stays the day that the next is not before: so readers have steps in their order.
    earlier.when(RecordBuilt(on=day(5, 10))).rejected("on-before-previous-step")


# Areas


def area_corrected(area: int, since: date, *spells: PlotSpell, before: int = 8_500) -> PlotAreaCorrected:
    return PlotAreaCorrected(
        **facts("optioned", area),
        area_before=before,
        since=since,
        spells=spells,
        reason="survey",
        effective_on=TODAY,
    )


def test_an_area_is_corrected_from_a_day_on_and_says_what_the_plot_was_since() -> None:
    corrected = area_corrected(
        8_350,
        day(2, 15),
        PlotSpell(since=day(2, 15), until=day(3), area=8_500, status="servicing"),
        PlotSpell(since=day(3), until=day(4), area=8_500, status="on_market"),
        PlotSpell(since=day(4), until=None, area=8_500, status="optioned"),
    )
    correct = CorrectArea(area=8_350, since=day(2, 15), reason="survey")
    given(*PASTS["optioned"]).when(correct).then(corrected)
    given(*PASTS["optioned"], corrected).when(correct).then()
    given(*PASTS["optioned"]).when(correct).then_state(
        area=8_350, areas=(Measured(since=day(1), area=8_500), Measured(since=day(2, 15), area=8_350))
    )
    again = area_corrected(
        8_400,
        day(2),
        PlotSpell(since=day(2), until=day(2, 15), area=8_500, status="servicing"),
        PlotSpell(since=day(2, 15), until=day(3), area=8_350, status="servicing"),
        PlotSpell(since=day(3), until=day(4), area=8_350, status="on_market"),
        PlotSpell(since=day(4), until=None, area=8_350, status="optioned"),
        before=8_350,
    )
    given(*PASTS["optioned"], corrected).when(CorrectArea(area=8_400, since=day(2), reason="survey")).then(again)


def test_an_area_that_was_right_again_since_a_day_is_still_corrected_before_it() -> None:
    smaller = area_corrected(8_350, day(3))
    correct = CorrectArea(area=8_350, since=day(1), reason="typing_error")
    given(*PASTS["optioned"], smaller).when(correct).then_state(areas=(Measured(since=day(1), area=8_350),))


def test_what_an_area_is_since_a_day_is_known_before_the_next_step() -> None:
    corrected = area_corrected(8_350, day(8), PlotSpell(since=day(8), until=None, area=8_500, status="optioned"))
    given(*PASTS["optioned"]).when(CorrectArea(area=8_350, since=day(8), reason="survey")).then(corrected)
    given(*PASTS["optioned"], corrected).when(Promise(on=day(5))).rejected("on-before-previous-step")
    given(*PASTS["optioned"], corrected).when(Promise(on=day(8))).then_state(area=8_350, status="promised")


@pytest.mark.parametrize(
    ("since", "slug"),
    [(date(2023, 12, 31), "area-before-registration"), (date(2024, 9, 3), "area-ahead")],
)
def test_an_area_is_corrected_on_days_of_the_plot(since: date, slug: str) -> None:
    for status in PASTS:
        given(*PASTS[status]).when(CorrectArea(area=1, since=since, reason="other")).rejected(slug)


def test_a_record_holds_so_many_changes_and_no_more() -> None:
    lapsed = PlotOptionLapsed(**facts("on_market"), company=FOUNDRY, effective_on=day(4))
    full = given(*PASTS["on_market"], *(optioned, lapsed) * (MOST_CHANGES // 2))
    full.when(GrantOption(company=MILL, option_until=day(12, 20))).rejected("history-full")
    areas = [area_corrected(8_000 + place, day(5) + timedelta(days=place % 100)) for place in range(MOST_CHANGES)]
    given(*PASTS["optioned"], *areas).when(CorrectArea(area=1, since=day(8), reason="other")).then_state(area=1)
    plot = given(*PASTS["optioned"]).state
    assert plot is not None
    measured = replace(given(), state=plot.model_copy(update={"areas": plot.areas * MOST_CHANGES}))
    measured.when(CorrectArea(area=1, since=day(8), reason="other")).rejected("history-full")


# Its description


def test_a_description_is_corrected_as_where_the_land_register_was_drawn_anew() -> None:
    corrected = PlotDescriptionCorrected(
        **facts("sold"),
        name_before="Lot 12",
        name="Lot 12 bis",
        parcels_before=register.parcels,
        parcels=("36088000AB0101",),
        outline_before=RING,
        outline=RING,
        reason="survey",
        effective_on=TODAY,
    )
    correct = CorrectDescription(name="Lot 12 bis", parcels=("36088000AB0101",), reason="survey")
    given(*PASTS["sold"]).when(correct).then(corrected)
    given(*PASTS["sold"], corrected).when(correct).then()
    given(*PASTS["sold"]).when(correct).then_state(name="Lot 12 bis", parcels=("36088000AB0101",), effective_on=day(6))


ALLOWED: dict[type[Command], set[str]] = {
    BeginServicing: {"reserve"},
    PutOnMarket: {"servicing"},
    ChangePrice: {"on_market", "optioned"},
    GrantOption: {"on_market"},
    ExtendOption: {"optioned"},
    LapseOption: {"optioned"},
    GiveUpOption: {"optioned"},
    Promise: {"optioned"},
    EndPromise: {"promised"},
    Sell: {"promised"},
    RecordBuilt: {"sold"},
    CorrectSale: {"sold", "built"},
    CorrectArea: {*PASTS},
    CorrectDescription: {*PASTS},
}
TAKEN: dict[tuple[type[Command], str], str] = {
    (taking, status): slug
    for taking, waits_for in ((GrantOption, 0), (Promise, 1), (Sell, 2))
    for status, slug in (
        ("optioned", "plot-optioned"),
        ("promised", "plot-promised"),
        ("sold", "plot-sold"),
        ("built", "plot-sold"),
    )[waits_for:]
}
"""How it is told who has what a command is after."""
COMMANDS: list[tuple[Command, str]] = [
    (BeginServicing(), "plot-not-reserve"),
    (PutOnMarket(price_per_m2=18.5), "plot-not-servicing"),
    (ChangePrice(price_per_m2=16), "plot-not-on-market"),
    (GrantOption(company=MILL, option_until=day(12, 20)), "plot-not-on-market"),
    (ExtendOption(option_until=day(12, 30)), "plot-not-optioned"),
    (LapseOption(), "plot-not-optioned"),
    (GiveUpOption(reason="other"), "plot-not-optioned"),
    (Promise(), "plot-not-optioned"),
    (EndPromise(reason="other"), "plot-not-promised"),
    (Sell(origin="on_territory"), "plot-not-promised"),
    (RecordBuilt(), "plot-not-sold"),
    (CorrectSale(origin="on_territory", reason="other"), "plot-not-sold"),
    (CorrectArea(area=1, since=day(1), reason="other"), "unused"),
    (CorrectDescription(name="Lot 13", reason="other"), "unused"),
]


@pytest.mark.parametrize("status", get_args(PlotStatus))
@pytest.mark.parametrize(("command", "slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_anything_not_listed_is_refused(status: str, command: Command, slug: str) -> None:
    decided = given(*PASTS[status]).when(command)
    if status in ALLOWED[type(command)]:
        decided.then_state()
    else:
        decided.rejected(TAKEN.get((type(command), status), slug))


@pytest.mark.parametrize(
    ("status", "parameters", "french"),
    [
        ("optioned", {"option_until": day(12, 20)}, "il est sous option de {company} jusqu'au {day}"),
        ("promised", {"promised_on": day(5)}, "il est promis à {company} depuis le {day}"),
        ("sold", {"sold_on": day(6)}, "il a été vendu à {company} le {day}"),
        ("built", {"sold_on": day(6)}, "il a été vendu à {company} le {day}"),
    ],
)
def test_whoever_comes_second_is_told_who_has_it(status: str, parameters: dict[str, date], french: str) -> None:
    refusal = given(*PASTS[status]).when(GrantOption(company=MILL, option_until=day(12, 20))).refusal
    assert refusal is not None
    assert refusal.parameters == {"company": FOUNDRY, **parameters}
    (told,) = parameters.values()
    assert refusal.told("fr") == french.format(company=FOUNDRY, day=f"{told:%d/%m/%Y}")


@pytest.mark.parametrize(("command", "_slug"), COMMANDS, ids=lambda value: type(value).__name__)
def test_nothing_is_of_a_day_to_come_and_steps_keep_their_order(command: Command, _slug: str) -> None:
    status = min(ALLOWED[type(command)])
    given(*PASTS[status]).when(command.model_copy(update={"on": day(9, 3)})).rejected("on-in-the-future")
    if not plots.decision(type(command)).corrects:
        given(*PASTS[status]).when(command.model_copy(update={"on": date(2023, 12, 31)})).rejected(
            "on-before-previous-step"
        )


def test_every_command_and_event_is_handled() -> None:
    plots.check()
    assert ALLOWED.keys() | {Register} == plots.decisions.keys()
    assert isinstance(plots.fold(WAY), Plot)
