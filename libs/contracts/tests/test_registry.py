"""Every event is found by type and version, survives JSON, refuses what it does not know, and describes itself."""

import json
import subprocess
import sys
from datetime import date
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

from contracts import REGISTRY, Correction, Event, UnknownEvent, decode, json_schema
from contracts.companies.company import CompanyApplied
from contracts.companies.investment import (
    DayCorrected,
    GrantAwarded,
    GrantCorrected,
    InvestmentAnnounced,
    InvestmentCancelled,
    JobsAudited,
)
from contracts.model import Category, Model
from contracts.registry import CATEGORIES, category_of, registered

MEANINGFUL: dict[str, Any] = {
    "effective_on": "2024-05-13", "company": "00000001800010", "naf": "25.62B", "commune": "36088",
    "zone": "zi-limoise", "axis": 6, "name": "Fonderie de la Théols", "legal_form": "5710",
    "title": "Ligne de peinture robotisée", "headcount": 42.5, "headcount_before": 40.0, "size_band": "12",
    "jobs_planned": 4.0,
    "amount": 450_000, "amount_before": 400_000, "amount_spent": 440_000, "amount_spent_before": 430_000,
    "created_before": 0.0, "created": 4.0, "maintained_before": 0.0, "maintained": 38.0, "audited_before": None,
    "evidence": {"kind": "dsn", "reference": "DSN-2024-04", "dated": "2024-04-30"},
    "status_before": "approved", "announced_on": "2024-01-15", "committed_on": None, "completed_on": "2024-04-02",
    "awarded_on": "2024-03-01", "step": "approved", "day_before": "2024-02-01", "day": "2024-02-02",
    "grants_awarded": 90_000, "grants_disbursed": 30_000, "disbursed": 30_000,
    "grants": [{"funder": "state", "scheme": "france-relance", "amount": 90_000, "disbursed": 30_000}],
    "funder": "state", "scheme": "france-relance", "eligible_base": 300_000, "aid_rate": 0.3,
    "payment": 1, "paid_before": "2024-04-10", "paid_on": "2024-04-08", "awarded_before": "2024-03-02",
    "repayment": 1, "repaid": 10_000, "repaid_before": "2024-06-10", "repaid_on": "2024-06-08",
    "cancelled_on": "2024-05-02",
}  # fmt: skip
REASONS = {
    "CompanyRejected": "incomplete_file",
    "CompanySuspended": "fee_unpaid",
    "CompanyLeft": "moved",
    "InvestmentCancelled": "permit",
}

MODELS = [published.model for published in REGISTRY.values()]
every_event = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


def meaningful(model: type[Event]) -> dict[str, Any]:
    facts = {**MEANINGFUL, "reason": REASONS.get(model.__name__, "typing_error")}
    return {name: facts[name] for name in model.model_fields}


def required(model: type[Event]) -> set[str]:
    return {name for name, field in model.model_fields.items() if field.is_required()}


def test_the_registry_holds_every_event() -> None:
    assert {model.__name__ for model in MODELS} == {
        "CompanyApplied", "CompanyActivated", "CompanyRejected", "CompanySuspended", "CompanyReinstated", "CompanyLeft",
        "HeadcountReported", "InvestmentAnnounced", "InvestmentApproved", "InvestmentCommitted", "InvestmentStarted",
        "InvestmentCompleted", "JobsAudited", "InvestmentCancelled", "GrantAwarded", "GrantDisbursed",
        "AmountCorrected", "AmountSpentCorrected", "DayCorrected", "GrantCorrected",
        "GrantRepaid", "PaymentCorrected", "RepaymentCorrected",
    }  # fmt: skip
    assert list(REGISTRY) == [(model.event_type, model.schema_version) for model in MODELS]
    assert {category.address for category in CATEGORIES.values()} == {
        "/companies/v1/companies",
        "/companies/v1/investments",
    }


@every_event
def test_an_event_survives_json(model: type[Event]) -> None:
    event = model.model_validate(meaningful(model), strict=False)
    assert decode(model.__name__, model.schema_version, event.model_dump_json()) == event
    assert decode(model.__name__, model.schema_version, event.model_dump_json().encode()) == event


@every_event
def test_a_field_of_a_later_release_is_passed_over(model: type[Event]) -> None:
    told = meaningful(model)
    for part in ("evidence", "grants"):
        if part in told:
            told[part] = json.loads(json.dumps(told[part]).replace("}", ', "weight": 1}'))
    event = model.model_validate(meaningful(model), strict=False)
    assert decode(model.event_type, model.schema_version, json.dumps({**told, "weight": 1})) == event


def test_versions_of_one_type_live_side_by_side() -> None:
    class BellRung1(Event, type="BellRung", version=1):
        times: int

        def upcast(self) -> "BellRung2":
            return BellRung2(strokes=2 * self.times, effective_on=self.effective_on)

    class BellRung2(Event, type="BellRung", version=2, replaces=BellRung1):
        strokes: int

        def upcast(self) -> "BellRung":
            return BellRung(strokes=self.strokes, hour=None, effective_on=self.effective_on)

    class BellRung(Event, version=3, replaces=BellRung2):
        strokes: int
        hour: int | None

    assert [model.schema_version for model in BellRung.versions()] == [3, 2, 1]
    day = date(2026, 5, 4)
    latest = BellRung(strokes=6, hour=None, effective_on=day)
    assert BellRung1(times=3, effective_on=day).latest() == latest
    assert latest.latest() is latest
    for old in (BellRung1, CompanyApplied, BellRung):
        with pytest.raises(TypeError, match="does not follow"):
            type("BellRung", (Event,), {}, version=3, replaces=old)


def test_an_event_is_published_once_and_in_a_module_that_tells_its_category() -> None:
    bells, tolls = ModuleType("bells"), ModuleType("tolls")
    for module in (bells, tolls):
        module.__dict__["Rung"] = type("Rung", (Event,), {"__module__": module.__name__}, version=1)
    with pytest.raises(TypeError, match="bells tells no CATEGORY"):
        registered(iter([bells]))
    bells.__dict__["CATEGORY"] = Category("bell", service="bells", path="/v1/bells")
    tolls.__dict__["CATEGORY"] = Category("toll", service="bells", path="/v1/tolls")
    with pytest.raises(TypeError, match="tolls: there are two events Rung, version 1"):
        registered(iter([bells, tolls]))
    tolls.__dict__["CATEGORY"] = Category("toll", service="bells", path="/v1/bells")
    with pytest.raises(TypeError, match="tolls: the name or the path of its category"):
        registered(iter([bells, tolls]))


@pytest.mark.parametrize(("name", "path"), [("Bell", "/v1/bells"), ("bell", "v1/bells"), ("bell", "/v1/bells/")])
def test_a_category_can_stand_in_ids_and_addresses(name: str, path: str) -> None:
    with pytest.raises(TypeError, match="made of lower-case"):
        Category(name, service="bells", path=path)


def test_a_stream_is_of_the_category_that_its_id_begins_with() -> None:
    assert category_of("investment-1-2").path == "/v1/investments"
    with pytest.raises(LookupError):
        category_of("bell-1")


@every_event
def test_an_event_needs_each_of_its_fields(model: type[Event]) -> None:
    for field in required(model):
        lacking = {name: value for name, value in meaningful(model).items() if name != field}
        with pytest.raises(ValidationError, match="Field required"):
            model.model_validate(lacking, strict=False)


@every_event
def test_an_event_does_not_change(model: type[Event]) -> None:
    event = model.model_validate(meaningful(model), strict=False)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(event, "effective_on", date(2025, 1, 1))  # noqa: B010 -- the type checker refuses a plain assignment


@every_event
def test_an_event_says_which_company_and_place_it_counts_for(model: type[Event]) -> None:
    assert {"effective_on", "company", "naf", "commune", "zone"} <= model.model_fields.keys()


@every_event
def test_an_event_describes_itself(model: type[Event]) -> None:
    schema = json_schema(model.__name__, model.schema_version)
    assert schema["$id"] == f"urn:territoires-industrie:{model.__name__}:1"
    objects = [schema, *schema.get("$defs", {}).values()]
    assert not any("additionalProperties" in each for each in objects), "readers are told that fields appear"
    assert schema["description"].endswith(".")
    assert set(schema["required"]) == required(model)


@every_event
def test_what_is_called_corrected_is_a_correction(model: type[Event]) -> None:
    assert issubclass(model, Correction) == model.__name__.endswith("Corrected")


@pytest.mark.parametrize(
    ("model", "later"),
    [(DayCorrected, {"created", "maintained"}), (GrantCorrected, {"awarded_before", "eligible_base", "aid_rate"})],
)
def test_an_event_recorded_before_a_field_was_added_is_still_read(model: type[Event], later: set[str]) -> None:
    told = model.model_validate(meaningful(model), strict=False).model_dump_json(exclude=later)
    assert {getattr(decode(model.__name__, 1, told), field) for field in later} == {None}


def test_an_event_of_an_impossible_day_or_an_unseen_name_is_still_read() -> None:
    told = {**meaningful(CompanyApplied), "effective_on": "1000-01-01", "name": "\u200b"}
    event = CompanyApplied.model_validate(told, strict=False)
    assert decode("CompanyApplied", 1, event.model_dump_json()) == event


@pytest.mark.parametrize("key", [("InvestmentAnnounced", 2), ("PlotSold", 1), ("_Company", 1), ("Event", 1)])
def test_an_event_nobody_told_us_of_is_unknown(key: tuple[str, int]) -> None:
    with pytest.raises(UnknownEvent, match=f"no event {key[0]}, version {key[1]}"):
        decode(*key, "{}")


@pytest.mark.parametrize(
    ("model", "field", "value", "slug"),
    [
        (CompanyApplied, "company", "00000001800011", "siret"),
        (CompanyApplied, "naf", "25.62Z", "naf"),
        (CompanyApplied, "size_band", "NN", "literal_error"),
        (InvestmentAnnounced, "amount", 0, "some-euros"),
        (InvestmentAnnounced, "effective_on", "2024-02-30", "day"),
        (InvestmentCancelled, "status_before", "started", "literal_error"),
        (JobsAudited, "created", 1.234, "full-time-equivalents"),
        (GrantAwarded, "aid_rate", 30, "aid-rate"),
    ],
)
def test_an_event_holds_only_true_values(model: type[Event], field: str, value: object, slug: str) -> None:
    with pytest.raises(ValidationError) as error:
        model.model_validate({**meaningful(model), field: value}, strict=False)
    assert [(fault["loc"][0], fault["type"]) for fault in error.value.errors()] == [(field, slug)]


def test_contracts_need_nothing_else_of_the_platform() -> None:
    """Its own process: here the other packages may be imported already."""
    script = (
        "import contracts, sys; "
        "found = {'eventstore', 'service', 'asyncpg', 'aiokafka', 'fastapi'} & sys.modules.keys(); "
        "assert not found, found; "
        "assert contracts.codes.naf.cache_info().currsize == 0, 'the code lists are read on first use'"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_models_are_strict() -> None:
    class Count(Model):
        count: int

    with pytest.raises(ValidationError):
        Count.model_validate_json('{"count": "12"}')
