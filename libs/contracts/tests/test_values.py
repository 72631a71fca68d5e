"""Each value type accepts what its rule says and nothing else."""

import csv
import doctest
import json
import re
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, TypeAdapter, ValidationError

import contracts
from contracts import Day, codes, values
from contracts.language import LANGUAGES
from contracts.model import EnteredDay

LA_POSTE_HEAD_OFFICE = "35600000000048"
LA_POSTE_BRANCH = "35600000049837"


def rows(path: str) -> list[dict[str, str]]:
    with (files("contracts") / "data" / path).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def parse(value_type: Any, value: object) -> Any:
    return TypeAdapter(value_type, config=ConfigDict(strict=True)).validate_json(json.dumps(value))


def refused(value_type: Any, value: object) -> str:
    with pytest.raises(ValidationError) as error:
        parse(value_type, value)
    return str(error.value.errors()[0]["type"])


@pytest.mark.parametrize(
    "module",
    [contracts, contracts.category, contracts.registry, values, values.identifiers, values.size, values.weeks],
    ids=lambda module: module.__name__,
)
def test_the_examples_of_the_documentation_run(module: Any) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


# SIREN, SIRET


@given(st.integers(0, 900_000))
def test_a_sample_siret_is_valid_and_so_is_its_siren(number: int) -> None:
    siret = contracts.sample_siret(number)
    assert parse(values.Siret, siret) == siret
    assert siret.startswith(values.SAMPLE_PREFIX)
    assert parse(values.Siren, siret[:9]) == siret[:9]


@given(st.integers(0, 900_000), st.integers(0, 13), st.integers(1, 9))
def test_a_siret_with_one_wrong_digit_is_refused(number: int, place: int, by: int) -> None:
    siret = contracts.sample_siret(number)
    wrong = f"{siret[:place]}{(int(siret[place]) + by) % 10}{siret[place + 1 :]}"
    assert refused(values.Siret, wrong) == "siret"


@pytest.mark.parametrize("siret", ["73282932000074", LA_POSTE_HEAD_OFFICE, LA_POSTE_BRANCH])
def test_real_sirets_are_accepted(siret: str) -> None:
    assert parse(values.Siret, siret) == siret


@given(st.integers(0, 99_999))
def test_an_establishment_of_la_poste_has_digits_that_add_up_to_a_multiple_of_five(nic: int) -> None:
    siret = f"{values.LA_POSTE}{nic:05d}"
    if siret == LA_POSTE_HEAD_OFFICE or sum(map(int, siret)) % 5 == 0:
        assert parse(values.Siret, siret) == siret
    else:
        assert refused(values.Siret, siret) == "siret"


@pytest.mark.parametrize(
    "siret",
    [
        "00000000000000",
        "7328293200007",  # 13 digits
        "732829320000740",
        "73282932000074\n",
        "732 829 320 00074",
        "٧٣٢٨٢٩٣٢٠٠٠٠٧٤",  # digits, but not ours
        "73282932100073",  # passes Luhn, its SIREN does not
        "",
        None,
        73282932000074,
    ],
)
def test_what_is_not_a_siret_is_refused(siret: object) -> None:
    assert refused(values.Siret, siret) == "siret"


def test_the_communes_of_the_indre_have_valid_codes_and_sirens() -> None:
    for commune in rows("geo/communes_indre_36.csv"):
        assert parse(values.Commune, commune["insee"]) == commune["insee"]
        if commune["siren"]:  # merged communes have none
            assert parse(values.Siren, commune["siren"]) == commune["siren"]


@pytest.mark.parametrize("siren", ["000000000", "243600237", "24360023", "2436002360", 243600236])
def test_what_is_not_a_siren_is_refused(siren: object) -> None:
    assert refused(values.Siren, siren) == "siren"


# Codes


def test_every_commune_of_the_territory_has_a_place_in_the_indre_or_the_cher() -> None:
    assert codes.territory().keys() <= codes.centroids().keys()
    for middle in codes.centroids().values():
        assert 46.3 < middle.latitude < 47.7
        assert 0.8 < middle.longitude < 3.1


def test_the_community_of_communes_spreads_over_two_departments() -> None:
    codes_of = {parse(values.Commune, row["insee"])[:2] for row in rows("geo/epci_243600236_pays_issoudun.csv")}
    assert codes_of == {"36", "18"}


@pytest.mark.parametrize("commune", ["2A004", "2B033", "97105", "01001"])
def test_communes_of_corsica_overseas_and_the_ain_are_accepted(commune: str) -> None:
    assert parse(values.Commune, commune) == commune


@pytest.mark.parametrize("commune", ["20004", "2C004", "3608", "360880", "36088\n", "Issoudun", 36088, ""])
def test_what_is_not_a_commune_is_refused(commune: object) -> None:
    assert refused(values.Commune, commune) == refused(values.EnteredCommune, commune) == "commune"


COMMUNES_OF_THE_INDRE = {row["insee"] for row in rows("geo/communes_indre_36.csv") if row["siren"]}


@pytest.mark.parametrize("commune", [*codes.territory(), "2A004", "97105", "75056", "75101", "13216", "69381"])
def test_a_commune_is_entered_that_there_is_or_an_arrondissement_of_the_three_cities(commune: str) -> None:
    assert parse(values.EnteredCommune, commune) == commune


def test_a_commune_that_was_merged_or_never_was_is_read_and_not_entered() -> None:
    merged = {row["insee"] for row in rows("geo/communes_indre_36.csv")} - COMMUNES_OF_THE_INDRE
    assert merged
    for commune in (*merged, "99999", "36999"):
        assert parse(values.Commune, commune) == commune
        assert refused(values.EnteredCommune, commune) == "commune"


def test_the_list_of_communes_has_all_of_the_indre_and_no_other_and_its_codes_are_well_formed() -> None:
    assert {code for code in codes.communes() if code.startswith("36")} == COMMUNES_OF_THE_INDRE
    assert codes.territory().items() <= codes.communes().items()
    form = TypeAdapter(list[values.Commune])
    assert form.validate_python(list(codes.communes())) == list(codes.communes())


def test_every_naf_code_is_accepted_with_and_without_its_dot() -> None:
    assert len(codes.naf()) == 732
    for code in codes.naf():
        assert parse(values.EnteredNaf, code) == parse(values.EnteredNaf, code.replace(".", "")) == code
        assert parse(values.Naf, code) == code


@pytest.mark.parametrize("naf", ["25.62Z", "2562", "25.62b", "25-62B", "C", "256.2B", 2562, ""])
def test_what_is_not_a_naf_code_is_refused(naf: object) -> None:
    assert refused(values.EnteredNaf, naf) == "naf"


@pytest.mark.parametrize("naf", ["2562B", "25.62b", "C", 2562, ""])
def test_what_has_not_the_form_of_a_naf_code_was_never_recorded(naf: object) -> None:
    assert refused(values.Naf, naf) == "naf"


def test_every_legal_form_is_accepted() -> None:
    assert len(codes.legal_forms()) == 260
    for code in codes.legal_forms():
        assert parse(values.EnteredLegalForm, code) == parse(values.LegalForm, code) == code


@pytest.mark.parametrize("legal_form", ["5711", "571", "57100", "SAS", 5710])
def test_what_is_not_a_legal_form_is_refused(legal_form: object) -> None:
    assert refused(values.EnteredLegalForm, legal_form) == "legal-form"


def test_a_code_that_leaves_its_list_stays_readable() -> None:
    assert parse(values.Naf, "25.62Z") == "25.62Z"
    assert parse(values.LegalForm, "5711") == "5711"
    assert refused(values.LegalForm, "SAS") == "legal-form"


def test_every_occupation_of_rome_4_is_accepted_and_one_that_leaves_the_list_stays_readable() -> None:
    assert len(codes.rome()) == 1584
    for code in codes.rome():
        assert parse(values.EnteredRome, code) == parse(values.Rome, code) == code
    assert parse(values.Rome, "H9999") == "H9999"
    assert refused(values.EnteredRome, "H9999") == "rome"


@pytest.mark.parametrize("rome", ["O1101", "h2902", "H290", "H29020", "2902", "H2902 ", 2902, ""])
def test_what_has_not_the_form_of_a_rome_code_was_never_recorded(rome: object) -> None:
    assert refused(values.Rome, rome) == "rome"


def test_every_waste_of_the_list_is_accepted_also_with_spaces_and_hazardous_waste_with_its_star_alone() -> None:
    assert len(codes.waste()) == 842
    assert sum(code.endswith("*") for code in codes.waste()) == 408
    for code in codes.waste():
        spaced = f"{code[:2]} {code[2:4]} {code[4:]}"
        assert parse(values.EnteredWaste, spaced) == parse(values.EnteredWaste, code) == code
        assert parse(values.WasteCode, code) == code
        other = code.removesuffix("*") if code.endswith("*") else f"{code}*"
        assert refused(values.EnteredWaste, other) == "waste-code"
    assert parse(values.WasteCode, "999999") == "999999", "a code that leaves its list stays readable"


@pytest.mark.parametrize("waste", ["12", "1201", "12010", "1201099*", "12-01-09*", "120109 *", 120109, ""])
def test_what_has_not_the_form_of_a_waste_code_was_never_recorded(waste: object) -> None:
    assert refused(values.WasteCode, waste) == "waste-code"
    assert refused(values.EnteredWaste, waste) == "waste-code"


def test_treatments_are_those_of_the_directive_that_the_table_has() -> None:
    directive = {f"D{n}" for n in range(1, 16)} | {f"R{n}" for n in range(1, 14)}
    assert {*codes.treatments()} == directive - {"D6"}
    for code in directive - {"D6"}:
        assert parse(values.EnteredTreatment, code) == parse(values.TreatmentCode, code) == code
    never_final = {code for code, modes in codes.treatments().items() if not modes}
    assert never_final == {"D9", "D13", "D14", "D15", "R12", "R13"}
    for code, modes in codes.treatments().items():
        assert ("disposal" in modes) == (code.startswith("D") and code not in never_final)
        assert ("energy_recovery" in modes) == (code == "R1")


@pytest.mark.parametrize("treatment", ["D0", "D16", "R0", "R14", "D9F", "r4", "R04", "R", "", 4])
def test_what_has_not_the_form_of_a_treatment_was_never_recorded(treatment: object) -> None:
    assert refused(values.TreatmentCode, treatment) == "treatment-code"
    assert refused(values.EnteredTreatment, treatment) == "treatment-code"


# Quantities


@pytest.mark.parametrize("tonnes", [0.001, 0.84, 12, 25.123, values.MOST_TONNES])
def test_tonnes_are_told_to_the_kilogram(tonnes: float) -> None:
    assert parse(values.Tonnes, tonnes) == tonnes


@pytest.mark.parametrize("tonnes", [0, -1, 0.0004, 1.2345, values.MOST_TONNES + 0.001, "12", True, None, float("nan")])
def test_what_are_no_tonnes_is_refused(tonnes: object) -> None:
    assert refused(values.Tonnes, tonnes) == "tonnes"


@pytest.mark.parametrize("quantity", [0.001, 18.5, 120_000, 10_000_000])
def test_quantities_of_flows_have_three_decimals(quantity: float) -> None:
    assert parse(values.FlowQuantity, quantity) == parse(values.ExchangedQuantity, quantity) == quantity


@pytest.mark.parametrize("quantity", [-1, 0.0004, 1.2345, 10_000_000.001, "12", True, None])
def test_what_is_no_quantity_of_a_flow_is_refused(quantity: object) -> None:
    assert refused(values.FlowQuantity, quantity) == "flow-quantity"
    assert refused(values.ExchangedQuantity, quantity) == "exchanged-quantity"


def test_nothing_may_have_been_exchanged_but_is_no_flow() -> None:
    assert parse(values.ExchangedQuantity, 0) == 0
    assert refused(values.FlowQuantity, 0) == "flow-quantity"


@pytest.mark.parametrize("month", ["1999-01", "2024-12"])
def test_months_are_written_with_their_year(month: str) -> None:
    assert parse(values.CalendarMonth, month) == month
    assert values.last_of_month(month).isoformat().startswith(month)


@pytest.mark.parametrize("month", ["2024-00", "2024-13", "2024-5", "24-05", "2024-05-01", "1899-12", "", 202405, None])
def test_what_is_no_month_is_refused(month: object) -> None:
    assert refused(values.CalendarMonth, month) == "calendar-month"


@pytest.mark.parametrize("hours", [1, 35, 24.5, 17.33, 48])
def test_hours_of_work_are_those_of_a_week_that_the_law_allows(hours: float) -> None:
    assert parse(values.WorkingHours, hours) == hours


@pytest.mark.parametrize("hours", [0, 0.5, 48.01, 17.333, "35", True, None])
def test_what_are_not_hours_of_work_is_refused(hours: object) -> None:
    assert refused(values.WorkingHours, hours) == "working-hours"


@pytest.mark.parametrize("pupils", [0, values.MOST_PUPILS + 1, 1.5, 2.0, "2", True])
def test_what_is_no_number_of_pupils_is_refused(pupils: object) -> None:
    assert parse(values.Pupils, values.MOST_PUPILS) == values.MOST_PUPILS
    assert refused(values.Pupils, pupils) == "pupils"


@pytest.mark.parametrize("people", [-1, 1_000_001, 1.5, "2"])
def test_what_is_no_number_of_people_is_refused(people: object) -> None:
    assert parse(values.People, 0) == 0
    assert refused(values.People, people) == "people"


@pytest.mark.parametrize("label", ["3e B", "2TRPM-1", "Tle STI2D", "CAP 1.2"])
def test_a_class_is_told_by_its_label(label: str) -> None:
    assert parse(values.ClassLabel, label) == label


@pytest.mark.parametrize("label", ["", " 3e", "3e  B", "3e B ", "3e (B)", "3e, Camille", "3\u0000", "x" * 21, 3])
def test_what_is_no_label_of_a_class_is_refused(label: object) -> None:
    assert refused(values.ClassLabel, label) == "class-label"


@pytest.mark.parametrize("posts", [0, values.MOST_POSTS + 1, 1.5, 2.0, "2", True])
def test_what_is_no_number_of_posts_is_refused(posts: object) -> None:
    assert [parse(values.Posts, number) for number in (1, values.MOST_POSTS)] == [1, values.MOST_POSTS]
    assert refused(values.Posts, posts) == "posts"


@pytest.mark.parametrize("tally", [-1, 1_001, 1.0, "1"])
def test_a_tally_is_a_whole_number(tally: object) -> None:
    assert [parse(values.Tally, number) for number in (0, 1_000)] == [0, 1_000]
    assert refused(values.Tally, tally) == "tally"


@pytest.mark.parametrize(("kind", "slug"), [(values.MeterIndex, "meter-index"), (values.Consumption, "consumption")])
@pytest.mark.parametrize("metered", [-1, 10**10, 12.5, 12.0, "12", True, None])
def test_what_a_meter_shows_has_at_most_ten_digits(kind: Any, slug: str, metered: object) -> None:
    assert [parse(kind, shown) for shown in (0, 10**10 - 1)] == [0, 10**10 - 1]
    assert refused(kind, metered) == slug


@pytest.mark.parametrize("level", [-1, 6, 2.0, "2", True, None])
def test_a_level_of_maturity_is_one_of_six(level: object) -> None:
    assert [parse(values.MaturityLevel, number) for number in range(6)] == [*range(6)]
    assert refused(values.MaturityLevel, level) == "maturity-level"


@pytest.mark.parametrize("years", [0, 2, 4, 6, 1.0, "3", True, None])
def test_a_horizon_is_one_three_or_five_years(years: object) -> None:
    assert [parse(values.NeedHorizon, number) for number in values.HORIZONS] == [1, 3, 5]
    assert refused(values.NeedHorizon, years) == "need-horizon"


@pytest.mark.parametrize(
    ("kind", "slug", "least", "most"),
    [
        (values.PersonsWanted, "persons-wanted", 1, values.MOST_WANTED),
        (values.PersonsEmployed, "persons-employed", 0, 100_000),
        (values.ForecastSpan, "forecast-span", 1, values.MOST_YEARS),
        (values.RetirementsPerYear, "retirements-per-year", 0, 10_000),
        (values.GrowthRate, "growth-rate", -0.5, 0.5),
        (values.Share, "share", 0, 1),
    ],
)
def test_what_is_assumed_of_an_occupation_is_bounded(kind: Any, slug: str, least: float, most: float) -> None:
    assert [parse(kind, number) for number in (least, most)] == [least, most]
    for number in (least - 1, most + 1, "1", True, None, 0.12345):
        assert refused(kind, number) == slug


@pytest.mark.parametrize("number", [0, 1, 42, 7.5, 0.25, 119.35, 1_000_000])
def test_full_time_equivalents_are_numbers_with_two_decimals(number: float) -> None:
    parsed = parse(values.FullTimeEquivalents, number)
    assert parsed == number
    assert isinstance(parsed, float)


@given(st.integers(0, 100_000_000))
def test_any_number_of_hundredths_is_a_headcount(hundredths: int) -> None:
    parsed = parse(values.FullTimeEquivalents, hundredths / 100)
    assert round(parsed * 100) == hundredths


@pytest.mark.parametrize("number", [-1, -0.01, 7.555, 1_000_000.01, "7", True, None, float("inf"), float("nan")])
def test_what_is_not_a_headcount_is_refused(number: object) -> None:
    assert refused(values.FullTimeEquivalents, number) == "full-time-equivalents"


def test_minus_zero_is_zero() -> None:
    assert str(parse(values.FullTimeEquivalents, -0.0)) == "0.0"


@pytest.mark.parametrize("amount", [0, 1, 22_000_000])
def test_amounts_are_whole_euros(amount: int) -> None:
    assert parse(values.Euros, amount) == amount


@pytest.mark.parametrize("amount", [-1, 12.5, 12.0, "12", True, None, 10**12 + 1, 10**30])
def test_what_is_not_an_amount_is_refused(amount: object) -> None:
    assert refused(values.Euros, amount) == "euros"


def test_an_amount_that_must_be_something_is_not_zero() -> None:
    assert refused(values.SomeEuros, 0) == "some-euros"


@pytest.mark.parametrize("rate", [0.3, 0.125, 0.3333, 0.0001, 1])
def test_an_aid_rate_is_a_share(rate: float) -> None:
    assert parse(values.AidRate, rate) == rate


@pytest.mark.parametrize("rate", [0, -0.1, 1.0001, 30, 0.33333, "0.3", None])
def test_what_is_not_an_aid_rate_is_refused(rate: object) -> None:
    assert refused(values.AidRate, rate) == "aid-rate"


@pytest.mark.parametrize("value", [-12.5, 0, 0.6667, 5.0, 30, 22_000_000])
def test_a_value_of_a_figure_is_a_number_with_four_decimals(value: float) -> None:
    assert parse(values.FigureValue, value) == value


@pytest.mark.parametrize("value", ["30", True, None, 0.66667, 10**12 + 1, -(10**12) - 1, float("nan")])
def test_what_is_no_value_of_a_figure_is_refused(value: object) -> None:
    assert refused(values.FigureValue, value) == "figure-value"


@pytest.mark.parametrize("area", [0, -1, 12.5, 12.0, "12", True, None, 10_000_001])
def test_an_area_is_whole_square_metres(area: object) -> None:
    assert [parse(values.SquareMetres, each) for each in (1, 8_500, 10_000_000)] == [1, 8_500, 10_000_000]
    assert refused(values.SquareMetres, area) == "square-metres"


@pytest.mark.parametrize("price", [0, -1, 10_000.01, 18.555, "18", True, None, float("nan")])
def test_a_price_per_square_metre_has_two_decimals(price: object) -> None:
    assert [parse(values.EurosPerSquareMetre, each) for each in (0.01, 18.5, 10_000)] == [0.01, 18.5, 10_000]
    assert refused(values.EurosPerSquareMetre, price) == "euros-per-square-metre"


@pytest.mark.parametrize("parcel", ["36088000AB0012", "36088101ZC0007", "180550000A0130"])
def test_a_parcel_is_told_by_its_14_characters(parcel: str) -> None:
    assert parse(values.Parcel, parcel) == parse(values.EnteredParcel, parcel) == parcel


@pytest.mark.parametrize("parcel", ["36088000ab0012", "36088 000 AB 12", "36088000AB012", "AB 12", "", 36088, None])
def test_what_is_no_parcel_is_refused(parcel: object) -> None:
    assert refused(values.Parcel, parcel) == refused(values.EnteredParcel, parcel) == "parcel"


def test_a_parcel_is_entered_by_the_code_that_its_commune_has_today() -> None:
    assert parse(values.Parcel, "99999000AB0012") == "99999000AB0012"
    assert refused(values.EnteredParcel, "99999000AB0012") == "parcel"


RING = [[1.972, 46.951], [1.976, 46.951], [1.976, 46.953], [1.972, 46.951]]


def test_an_outline_is_a_ring_of_positions() -> None:
    assert parse(values.Outline, RING) == tuple(map(tuple, RING))
    assert len(parse(values.Outline, [RING[0], *RING[1:3] * 99, RING[0]])) == values.MOST_POSITIONS


@pytest.mark.parametrize(
    "outline",
    [
        [],
        RING[:3],  # not closed, and of three
        [*RING[:3], [1.972, 46.9511]],
        [RING[0], RING[1], RING[1], RING[0]],  # there and back
        [[north, east] for east, north in RING],
        [[604_000.0, 6_647_000.0], *RING[1:3], [604_000.0, 6_647_000.0]],  # Lambert 93
        [[*position, 120.0] for position in RING],
        [[str(each) for each in position] for position in RING],
        [RING[0], *RING[1:3] * 100, RING[0]],
        "POLYGON((1.972 46.951, 1.976 46.951, 1.976 46.953, 1.972 46.951))",
        None,
    ],
)
def test_what_is_no_outline_is_refused(outline: object) -> None:
    assert refused(values.Outline, outline) == "outline"


def test_a_position_is_a_longitude_and_a_latitude_in_metropolitan_france() -> None:
    assert parse(values.Position, [1.974, 46.952]) == (1.974, 46.952)
    assert parse(values.Position, [-4.79, 48.41]) == (-4.79, 48.41)


@pytest.mark.parametrize(
    "position",
    [
        [46.952, 1.974],  # the latitude first
        [604_000.0, 6_647_000.0],  # Lambert 93
        [55.45, -20.88],  # La Réunion
        [1.974],
        [1.974, 46.952, 120.0],
        ["1.974", "46.952"],
        [float("nan"), 46.952],
        {"lon": 1.974, "lat": 46.952},
        "1.974, 46.952",
        None,
    ],
)
def test_what_is_no_position_is_refused(position: object) -> None:
    assert refused(values.Position, position) == "position"


@pytest.mark.parametrize(
    "hours",
    ["24/7", "08:00-20:00", "Mo-Fr 08:00-20:00", "Mo,We,Fr 08:00-12:00,14:00-18:00", "Mo-Fr 08:00-20:00; Sa,PH off"],
)
def test_opening_hours_are_days_of_the_week_and_times(hours: str) -> None:
    assert parse(values.OpeningHours, hours) == hours


@pytest.mark.parametrize(
    "hours", ["", "true", "Lu-Ve 8h-20h", "Mo-Fr 8:00-20:00", "08:00-25:00", "Mo-Fr 08:00-20:00;", "Mo-Fr", 24]
)
def test_what_are_no_opening_hours_are_refused(hours: object) -> None:
    assert refused(values.OpeningHours, hours) == "opening-hours"


@pytest.mark.parametrize(
    ("kind", "value", "slug"),
    [
        (values.NationalCarpoolId, "36088-C-1", "national-carpool-id"),
        (values.NationalCarpoolId, "36088-P-001", "national-carpool-id"),
        (values.NationalCarpoolId, "20088-C-001", "national-carpool-id"),
        (values.OsmId, "34172", "osm-id"),
        (values.OsmId, "n0", "osm-id"),
        (values.WebAddress, "www.example.org", "web-address"),
        (values.WebAddress, "javascript:alert(1)", "web-address"),
        (values.WebAddress, "https://www.example.org/vélos", "web-address"),
        (values.WebAddress, f"https://www.example.org/{'a' * 200}", "web-address"),
        (values.ParkingPlaces, -1, "parking-places"),
        (values.ParkingPlaces, 5_001, "parking-places"),
        (values.ParkingPlaces, "12", "parking-places"),
        (values.SomePlaces, 0, "some-places"),
        (values.Cents, -1, "cents"),
        (values.Cents, 2.5, "cents"),
        (values.Cents, 100_001, "cents"),
        (values.SlotPlaces, 0, "slot-places"),
        (values.SlotPlaces, 501, "slot-places"),
        (values.SomePeople, 0, "some-people"),
        (values.SharedServiceCode, "Cantine", "shared-service-code"),
        (values.TravelSurveyCode, "ZI 2026", "travel-survey-code"),
        (values.CalendarYear, 17, "calendar-year"),
        (values.CalendarYear, "2017", "calendar-year"),
        (values.CarpoolAreaCode, "Entrée", "carpool-area-code"),
        (values.BikeParkingCode, "Gare nord", "bike-parking-code"),
        (values.RideMetres, 0, "ride-metres"),
        (values.RideMetres, 500_001, "ride-metres"),
        (values.RideMetres, 14.5, "ride-metres"),
        (values.RideMinutes, 601, "ride-minutes"),
        (values.Seats, 0, "seats"),
        (values.Seats, 9, "seats"),
        (values.PassengerKilometres, 14.5005, "passenger-kilometres"),
        (values.CarbonDioxide, -0.001, "carbon-dioxide"),
        (values.EmissionFactor, 10.1, "emission-factor"),
        (values.EmissionFactorId, "Voiture 2024", "emission-factor-id"),
        (values.BikeStationCode, "Gare vélos", "bike-station-code"),
        (values.BikeCode, "VÉLO 7", "bike-code"),
        (values.Docks, 0, "docks"),
        (values.Docks, 101, "docks"),
        (values.Docks, 10.0, "docks"),
        (values.BikeRange, -1, "bike-range"),
        (values.BikeRange, 200_001, "bike-range"),
        (values.Kilometres, -1, "kilometres"),
        (values.Kilometres, 2_001, "kilometres"),
        (values.Kilometres, "14", "kilometres"),
        (values.Trips, -1, "trips"),
    ],
)
def test_what_breaks_the_rules_of_mobility_is_refused(kind: Any, value: object, slug: str) -> None:
    assert refused(kind, value) == slug


@pytest.mark.parametrize("axis", [0, 8, -1, 2.0, "2", True])
def test_there_are_seven_axes(axis: object) -> None:
    assert [parse(values.Axis, known) for known in range(1, 8)] == [1, 2, 3, 4, 5, 6, 7]
    assert refused(values.Axis, axis) == "axis"


# Words


def test_a_text_is_trimmed() -> None:
    assert parse(values.ShortText, "  Ligne de peinture robotisée \n") == "Ligne de peinture robotisée"


@pytest.mark.parametrize("text", ["", "   ", "a" * 201, "nul\x00", "two\nlines", "esc\x1b[31m", "\x85x\x9f", 7, None])
def test_what_is_not_a_line_of_text_is_refused(text: object) -> None:
    assert refused(values.ShortText, text) == "short-text"


@pytest.mark.parametrize(
    "text", ["Ligne de peinture robotisée", "Presse de 1\u202f000 tonnes\u00a0: phase 2", "L\u2019Œuvre", "工場", "A"]
)
def test_a_text_as_entered_is_written_in_any_script(text: str) -> None:
    assert parse(values.EnteredText, f" {text}\n") == text


@pytest.mark.parametrize(
    "text",
    [
        "", " \u00a0\u3000 ", "a" * 201, "nul\x00", "two\nlines", "two\u2028lines", "\x85x\x9f", 7, None,
        "\u200b", "\u200b\u200d\ufeff", "\u3164", "\u2800", "\ufe0f", "\u034f", "\U000e0041",  # nothing to be seen
        "Ate\u200blier", "Ate\u00adlier", "\u202eAtelier", "Atelier\u2066", "Ate\u061clier", "Ate\U000e0041lier",
        "\U0001d173", "\ue000", "\uffff",
    ],
)  # fmt: skip
def test_what_is_not_seen_is_no_text(text: object) -> None:
    assert refused(values.EnteredText, text) == "short-text"


@given(st.characters(categories=("Cc", "Cf", "Zl", "Zp", "Co", "Cn")))
def test_no_control_or_format_character_is_entered(character: str) -> None:
    assert refused(values.EnteredText, f"Atelier{character}du Berry") == "short-text"


@pytest.mark.parametrize("slug", ["zi-limoise", "france-relance", "france_2030", "a"])
def test_zones_funders_and_schemes_are_slugs(slug: str) -> None:
    assert [parse(kind, slug) for kind in (values.Zone, values.Funder, values.Scheme)] == [slug] * 3


@pytest.mark.parametrize("slug", ["ZI Limoise", "zi--limoise", "-zi", "zi-", "état", "", "a" * 65])
def test_what_is_not_a_slug_is_refused(slug: str) -> None:
    refusals = [refused(kind, slug) for kind in (values.Zone, values.Funder, values.Scheme)]
    assert refusals == ["zone", "funder", "scheme"]


def test_a_zone_is_entered_that_the_territory_has_and_a_refusal_names_them_all() -> None:
    for zone, name in codes.zones().items():
        assert parse(values.Zone, zone) == parse(values.EnteredZone, zone) == zone
        assert all((name.fr, name.en))
    for language in LANGUAGES:
        assert all(zone in values.SENTENCES["zone"].told(language) for zone in codes.zones())
    assert parse(values.Zone, "za-nouvelle") == "za-nouvelle"
    assert refused(values.EnteredZone, "za-nouvelle") == refused(values.EnteredZone, "ZI") == "zone"


@pytest.mark.parametrize(
    "dimensions",
    [{}, {"company": "00000001800010", "naf": "25.62B", "week": "2027-W05", "grade": "4e", "axis": 2}],
)
def test_dimensions_have_codes_as_values(dimensions: dict[str, object]) -> None:
    assert parse(values.Dimensions, dimensions) == dimensions


@pytest.mark.parametrize("value", ["", "zi limoise", "a" * 65, "Théols", -1, 2.0, True, None, ["zi-limoise"]])
def test_what_is_no_value_of_a_dimension_is_refused(value: object) -> None:
    assert refused(values.Dimensions, {"zone": value}) == "dimension-value"


@pytest.mark.parametrize("name", ["", "Zone", "a" * 65, "zone\n", "zone d'activité"])
def test_what_is_no_name_of_a_dimension_is_refused(name: str) -> None:
    assert refused(values.Dimensions, {name: "zi-limoise"}) == "dimension"
    assert refused(values.Dimensions, {f"d{n}": 1 for n in range(13)}) == "too_long"


@pytest.mark.parametrize("reference", ["DSN-2023-12", "AUDIT 2024/07", "CDI_118", "7"])
def test_a_reference_is_what_a_document_is_filed_under(reference: str) -> None:
    assert parse(values.Reference, reference) == reference


@pytest.mark.parametrize("reference", ["", " DSN", "Contrat de Zoé", "DSN\n12", "x" * 65, "a;b"])
def test_what_is_not_a_reference_is_refused(reference: str) -> None:
    assert refused(values.Reference, reference) == "reference"


@pytest.mark.parametrize(
    "slip",
    ["BSD-20240513-ABCDE1234", "DASRI-20240115-1A2B3C4D5", "FF-20240115-ABCDE1234", "2024/17", "A 0042", "BSD-1"],
)
def test_a_slip_has_the_number_of_the_national_system_or_that_of_its_issuer(slip: str) -> None:
    assert parse(values.EnteredSlip, slip) == parse(values.Reference, slip) == slip


@pytest.mark.parametrize("slip", ["", "xx", "12", "BSD", "sans numero", "n-a", "---1", "1234 ", "BSD-n°12", "x1" * 33])
def test_what_numbers_no_slip_is_refused(slip: str) -> None:
    assert refused(values.EnteredSlip, slip) == "slip-number"


@given(st.text("aZ09 ./-", max_size=8))
def test_the_number_of_a_slip_is_a_reference_of_some_length_with_a_digit(text: str) -> None:
    reference = re.fullmatch(r"[aZ09]+([ ./-]+[aZ09]+)*", text)
    if reference and len(text) >= 4 and re.search("[0-9]", text):
        assert parse(values.EnteredSlip, text) == text
    else:
        assert refused(values.EnteredSlip, text) == "slip-number"


# Days


def test_a_day_is_an_rfc_3339_full_date() -> None:
    assert parse(Day, "2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize(
    "day",
    ["2023-02-29", "2024-2-9", "2024-02-29T00:00:00", "20240229", "1709164800", 1709164800, "0204-05-13", "", None],
)
def test_what_is_not_a_day_is_refused(day: object) -> None:
    assert refused(Day, day) == "day"


@pytest.mark.parametrize("day", ["1900-01-01", "2024-02-29", "2100-12-31"])
def test_a_day_as_entered_lies_within_reason(day: str) -> None:
    assert parse(EnteredDay, day) == date.fromisoformat(day)


@pytest.mark.parametrize("day", ["1000-01-01", "1899-12-31", "2101-01-01", "9999-12-31"])
def test_a_day_beyond_reason_is_recorded_but_not_entered(day: str) -> None:
    assert parse(Day, day) == date.fromisoformat(day)
    assert refused(EnteredDay, day) == "day-out-of-range"


# Weeks and times of the day


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_is_in_a_week_that_begins_on_its_monday(day: date) -> None:
    year, number, weekday = day.isocalendar()
    week = f"{year}-W{number:02d}"
    assert parse(values.IsoWeek, week) == week
    assert (day - values.monday_of(week)).days == weekday - 1


@pytest.mark.parametrize("week", ["2026-W53", "2020-W53", "2027-W01", "2027-W52"])
def test_weeks_that_exist_are_accepted(week: str) -> None:
    assert parse(values.IsoWeek, week) == week


@pytest.mark.parametrize(
    "week", ["2027-W53", "2027-W00", "2027-W54", "2027W05", "2027-W5", "2027-w05", "2027-02", 5, ""]
)
def test_a_week_that_does_not_exist_is_refused(week: object) -> None:
    assert refused(values.IsoWeek, week) == "iso-week"


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_school_year_ends_on_the_next_31_august(day: date) -> None:
    end = values.school_year_end(day)
    assert (end.month, end.day) == (8, 31)
    assert 0 <= (end - day).days <= 365


@pytest.mark.parametrize("time", ["00:00", "08:30", "23:59"])
def test_a_time_of_the_day_is_accepted(time: str) -> None:
    assert parse(values.TimeOfDay, time) == time


@pytest.mark.parametrize("time", ["24:00", "8:30", "08:60", "08:30:00", "0830", 830, ""])
def test_what_is_no_time_of_the_day_is_refused(time: object) -> None:
    assert refused(values.TimeOfDay, time) == "time-of-day"


# Schools


def test_the_schools_of_the_indre_have_valid_uais() -> None:
    assert len(codes.schools()) == 62
    for uai in codes.schools():
        assert parse(values.Uai, uai) == uai


@given(st.sampled_from(sorted(codes.schools())), st.integers(0, 6), st.integers(1, 9))
def test_a_uai_with_one_wrong_digit_is_refused(uai: str, place: int, by: int) -> None:
    wrong = f"{uai[:place]}{(int(uai[place]) + by) % 10}{uai[place + 1 :]}"
    assert refused(values.Uai, wrong) == "uai"


@pytest.mark.parametrize("uai", ["0360024G", "0360024I", "0360024f", "360024F", "0360024", "0360024FF", 360024, ""])
def test_what_is_not_a_uai_is_refused(uai: object) -> None:
    assert refused(values.Uai, uai) == "uai"


# Certifications


@pytest.mark.parametrize("code", ["RNCP35094", "RNCP1", "RS6229", "RS999999"])
def test_a_number_of_a_directory_of_certifications_is_accepted(code: str) -> None:
    assert parse(values.Certification, code) == code


@pytest.mark.parametrize("code", ["35094", "RNCP", "RNCP1234567", "rncp35094", "RNCP 35094", "RC6229", 35094, ""])
def test_what_is_no_number_of_such_a_directory_is_refused(code: object) -> None:
    assert refused(values.Certification, code) == "certification"


# Size bands


def test_size_bands_begin_where_insee_says() -> None:
    for band, label in codes.size_bands().items():
        if band != "NN":  # which tells apart those who never employed anyone: a headcount cannot
            least = int(re.sub(r"\D", "", re.split(r" à | ou | salarié", label)[0]))
            assert values.size_band(least) == band
            assert values.size_band(least - 0.01) != band or least <= 1


@given(st.floats(0, 1_000_000), st.floats(0, 1_000_000))
def test_a_larger_headcount_is_never_in_a_lower_band(one: float, other: float) -> None:
    assert values.size_band(min(one, other)) <= values.size_band(max(one, other))


# JSON Schema


@pytest.mark.parametrize(
    "value_type",
    [
        values.Siren, values.Siret, values.Naf, values.EnteredNaf, values.LegalForm, values.EnteredLegalForm,
        values.Commune, values.EnteredCommune, values.EnteredZone, values.EnteredParcel, values.Axis, values.Euros,
        values.SomeEuros, values.FullTimeEquivalents, values.Ordinal,
        values.AidRate, values.ShortText, values.EnteredText, values.Zone, values.Funder, values.Scheme,
        values.Reference, values.EnteredSlip, values.IsoWeek, values.Uai, values.TimeOfDay, values.Places,
        values.BreakMinutes, values.Minutes, values.SquareMetres, values.EurosPerSquareMetre, values.Parcel,
        values.PlotCode, values.UnitCode, values.Outline, values.Position, values.CarpoolAreaCode,
        values.Cents, values.SlotPlaces, values.SomePeople, values.SharedServiceCode, values.TravelSurveyCode,
        values.NationalCarpoolId, values.BikeParkingCode, values.OsmId, values.ParkingPlaces, values.SomePlaces,
        values.WebAddress, values.OpeningHours, values.RideMetres, values.RideMinutes, values.Seats,
        values.PassengerKilometres, values.CarbonDioxide, values.EmissionFactor, values.EmissionFactorId,
        values.BikeStationCode, values.BikeCode, values.Docks, values.BikeRange,
        values.Kilometres, values.Trips, values.CalendarYear,
    ],
)  # fmt: skip
def test_a_value_type_describes_itself_with_valid_examples(value_type: Any) -> None:
    schema = TypeAdapter(value_type).json_schema()
    assert schema["description"]
    for example in schema["examples"]:
        assert json.loads(json.dumps(parse(value_type, example))) == json.loads(json.dumps(example))
        if "pattern" in schema:
            assert re.fullmatch(schema["pattern"], example)


def test_a_value_type_says_the_same_in_both_languages_whatever_breaks_its_rule() -> None:
    with pytest.raises(ValidationError) as error:
        TypeAdapter(values.Siret).validate_python("1")
    said = values.SENTENCES[error.value.errors()[0]["type"]]
    assert error.value.errors()[0]["msg"] == said.en
    assert said.fr.startswith("un SIRET compte 14 chiffres")
    for slug, sentence in values.SENTENCES.items():
        assert not sentence.places, slug
        assert sentence.en != sentence.fr, slug


def test_there_is_one_sentence_of_one_slug() -> None:
    said = list(values._said())  # noqa: SLF001 -- what the mapping is made of
    assert len({each.slug for each in said}) == len({(each.slug, each.sentence) for each in said})
