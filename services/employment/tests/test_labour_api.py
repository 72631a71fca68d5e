"""The labour market over HTTP: who records and reads it, what is raced for, and files of published series."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import httpx
import pytest
from replays import calling

from contracts.roles import Role
from devstack.issuer import Issuer
from devstack.prepared import PERSONAL_KEY, prepare
from employment.app import app
from employment.published import UNITS
from eventstore.postgres.store import Store
from service.importing.working import Importing

pytestmark = pytest.mark.anyio

DEFINED: Final = {
    "source": "Insee",
    "definition": "Taux de chômage au sens du BIT",
    "unit": "percent",
}
SERIES: Final[dict[str, Any]] = {
    **DEFINED,
    "code": "chomage-indre",
    "title": "Taux de chômage de l'Indre",
    "kind": "published_rate",
    "area_kind": "department",
    "area": "36",
    "frequency": "quarter",
    "reference": True,
}
OBSERVED: Final[dict[str, Any]] = {**DEFINED, "labour_series": "chomage-indre", "period": "2023-Q4", "value": 7.2}
PROXY: Final[dict[str, Any]] = {
    **SERIES,
    "code": "proxy-issoudun",
    "kind": "proxy_rate",
    "area_kind": "commune",
    "area": "36088",
    "reference": False,
    "counted": ["A"],
}
OF_PROXY: Final[dict[str, Any]] = {
    **DEFINED,
    "labour_series": "proxy-issoudun",
    "period": "2023-Q4",
    "active_residents": 8_153,
    "by_category": [{"category": "A", "seekers": 500}],
    "by_group": [{"group": "youth", "seekers": 7}],
}
ROW: Final = {
    "id": "chomage-indre",
    "source": "Insee",
    "definition": "Taux de chômage au sens du BIT",
    "unit": "%",
    "period": "2023-Q4",
    "value": "7.2",
}


class Observers:
    """Clients of the service, the committee unless told, and the worker that imports what they send."""

    def __init__(self, client: httpx.AsyncClient, issuer: Issuer, store: Store) -> None:
        self._client = client
        self._issuer = issuer
        self._store = store

    def _bearer(self, by: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._issuer.token('employment:read employment:write', [by])}"}

    async def post(self, path: str, by: Role = "steering", **body: Any) -> httpx.Response:
        return await self._client.post(path, json=body, headers=self._bearer(by))

    async def get(self, path: str, by: Role = "steering") -> dict[str, Any]:
        return done(await self._client.get(path, headers=self._bearer(by)))

    async def declared(self, **changes: Any) -> None:
        done(await self.post("/v1/labour-series", **{**SERIES, **changes}), 201)

    async def observed(self, **changes: Any) -> str:
        """An observation; its path."""
        made = done(await self.post("/v1/labour-observations", **{**OBSERVED, **changes}), 201)
        return f"/v1/labour-observations/{made['id']}"

    async def take(
        self, *rows: Mapping[str, str], mode: str = "whole", delimiter: str = ","
    ) -> tuple[str, Sequence[Sequence[tuple[str, str]]]]:
        """How the import of a file ends, and of each row what is wrong with which column."""
        text = io.StringIO()
        writer = csv.DictWriter(text, [*rows[0]], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
        sent = await self._client.post(
            f"/v1/imports?table=labour-series&mode={mode}",
            content=text.getvalue().encode(),
            headers={**self._bearer("france_travail"), "Content-Type": "text/csv"},
        )
        assert sent.status_code == 202, sent.text
        assert await Importing(app, self._store).next()
        path = f"/v1/imports/{sent.json()['id']}"
        lines = (await self.get(f"{path}/report", "france_travail"))["items"]
        wrong = [
            [(fault["pointer"], fault["code"]) for fault in line["problem"]["errors"]] if line["problem"] else []
            for line in lines
        ]
        return (await self.get(path, "france_travail"))["status"], wrong

    async def values(self) -> Mapping[str, float]:
        """What is observed of each period."""
        listed = await self.get("/v1/labour-observations?sort=ends_on&status=observed&status=revised")
        return {each["period"]: each["value"] for each in listed["items"]}


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def slug(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


@pytest.fixture
async def observers(database: str, issuer: Issuer) -> AsyncIterator[Observers]:
    await prepare(database, app.all_migrations)
    async with (
        calling(app, database, issuer) as client,
        Store.open(database, personal_key=PERSONAL_KEY) as store,
    ):
        yield Observers(client, issuer, store)


async def test_of_all_who_record_a_period_at_once_one_does(observers: Observers) -> None:
    await observers.declared()
    answers = await asyncio.gather(
        *(observers.post("/v1/labour-observations", **{**OBSERVED, "value": 7 + n / 100}) for n in range(40))
    )
    assert [each.status_code for each in answers].count(201) == 1
    assert {slug(each) for each in answers if not each.is_success} == {(409, "period-observed-already")}


async def test_of_the_reference_and_the_proxy_there_is_one_however_many_declare_them(observers: Observers) -> None:
    for declared in (SERIES, PROXY):
        answers = await asyncio.gather(
            *(observers.post("/v1/labour-series", **{**declared, "code": f"serie-{n}"}) for n in range(10)),
            *(observers.post("/v1/labour-series", **{**declared, "code": f"{declared['kind'][:4]}-{n}"}) for n in "ab"),
        )
        assert [each.status_code for each in answers].count(201) == 1


async def test_a_baseline_is_one_of_the_reference_and_one_of_the_proxy(observers: Observers) -> None:
    await observers.declared()
    await observers.declared(**PROXY)
    quarters = [await observers.observed(period=f"2023-Q{n}") for n in (1, 2, 3, 4)]
    proxy = done(await observers.post("/v1/labour-observations", **OF_PROXY), 201)
    answers = await asyncio.gather(*(observers.post(f"{path}/choose-baseline") for path in quarters))
    assert [each.status_code for each in answers].count(200) == 1
    assert {slug(each) for each in answers if not each.is_success} == {(409, "baseline-already-chosen")}
    done(await observers.post(f"/v1/labour-observations/{proxy['id']}/choose-baseline"))
    listed = await observers.get("/v1/labour-observations?baseline=true")
    assert sorted(each["kind"] for each in listed["items"]) == ["proxy_rate", "published_rate"]


async def test_who_records_and_who_reads(observers: Observers) -> None:
    assert (await observers.post("/v1/labour-series", "network", **SERIES)).status_code == 403
    done(await observers.post("/v1/labour-series", "france_travail", **SERIES), 201)
    await observers.declared(**PROXY)
    path = f"/v1/labour-observations/{done(await observers.post('/v1/labour-observations', **OF_PROXY), 201)['id']}"
    assert (await observers.post(f"{path}/choose-baseline", "france_travail")).status_code == 403
    assert (await observers.post(f"{path}/withdraw", "network", reason="other")).status_code == 403
    for by in ("steering", "france_travail", "mission_locale", "network", "epci", "state"):
        assert (await observers.get(path, by))["by_group"] == OF_PROXY["by_group"]
    public = await observers.get(path, "school")
    assert (public["value"], public["seekers"], public["active_residents"]) == (6.13, 500, 8_153)
    assert public.keys().isdisjoint({"by_group", "by_category"})
    assert (await observers.get("/v1/labour-series/proxy-issoudun", "school"))["counted"] == ["A"]


async def test_what_was_known_before_stays_in_the_history(observers: Observers) -> None:
    await observers.declared()
    path = await observers.observed()
    done(await observers.post(f"{path}/revise", "france_travail", value=7.1, reason="revised_by_source"))
    done(await observers.post(f"{path}/revise", "france_travail", value=7.0, reason="revised_by_source"))
    assert await observers.values() == {"2023-Q4": 7.0}
    history = (await observers.get(f"{path}/events"))["items"]
    assert [(each["data"].get("value_before"), each["data"]["value"]) for each in history] == [
        (None, 7.2),
        (7.2, 7.1),
        (7.1, 7.0),
    ]
    done(await observers.post(f"{path}/withdraw", reason="wrong_series"))
    await observers.observed(value=6.9)
    assert await observers.values() == {"2023-Q4": 6.9}


async def test_screens_find_series_and_their_periods_in_order(observers: Observers) -> None:
    await observers.declared()
    await observers.declared(**PROXY)
    for period in ("2024-Q1", "2023-Q3", "2023-Q4"):
        await observers.observed(period=period)
    found = await observers.get(
        "/v1/labour-observations?labour_series=chomage-indre&sort=ends_on&ends_on_from=2023-01-01"
    )
    assert [each["period"] for each in found["items"]] == ["2023-Q3", "2023-Q4", "2024-Q1"]
    (one,) = (await observers.get("/v1/labour-observations?labour_series=chomage-indre&period=2023-Q4"))["items"]
    assert one["value"] == 7.2
    (series,) = (await observers.get("/v1/labour-series?kind=proxy_rate&q=indre"))["items"]
    assert series["labour_series"] == "proxy-issoudun"


# Files


async def test_a_file_of_a_published_series_is_recorded(observers: Observers) -> None:
    await observers.declared()
    rows = [{**ROW, "period": f"2023-Q{n}", "value": f"7,{n}", "published_on": "2024-03-14"} for n in (3, 1, 4, 2)]
    assert await observers.take(*rows, delimiter=";") == ("done", [[]] * 4)
    assert await observers.values() == {"2023-Q1": 7.1, "2023-Q2": 7.2, "2023-Q3": 7.3, "2023-Q4": 7.4}
    listed = await observers.get("/v1/labour-observations?period=2023-Q1")
    assert listed["items"][0]["observed_on"] == "2024-03-14"


async def test_what_publishers_call_a_unit_is_understood(observers: Observers) -> None:
    await observers.declared()
    percent = [word for word, unit in UNITS.items() if unit == "percent"]
    rows = [{**ROW, "period": f"20{n}-Q1", "unit": word} for n, word in enumerate(percent, 20)]
    assert await observers.take(*rows) == ("done", [[]] * len(rows))


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"id": "chomage-cher"}, ("#/id", "labour-series-unknown")),
        ({"id": "Chômage"}, ("#/id", "labour-series-code")),
        ({"source": "Dares"}, ("#/source", "source-differs")),
        ({"definition": "Au sens du recensement"}, ("#/definition", "definition-differs")),
        ({"unit": "personnes"}, ("#/unit", "unit-differs")),
        ({"unit": "points"}, ("#/unit", "literal_error")),
        ({"period": "2023-12"}, ("#/period", "period-of-another-length")),
        ({"period": "T4 2023"}, ("#/period", "calendar-period")),
        ({"period": "2098-Q4"}, ("#/period", "period-not-over")),
        ({"value": "101"}, ("#/value", "rate-above-100")),
        ({"value": "-1"}, ("#/value", "observed-value")),
        ({"value": ""}, ("#/value", "value-missing")),
        ({"value": "n.d."}, ("#/value", "observed-value")),
    ],
)
async def test_what_is_wrong_with_a_row_is_told_by_its_column(
    observers: Observers, changes: Mapping[str, str], wrong: tuple[str, str]
) -> None:
    await observers.declared()
    right = {**ROW, "period": "2023-Q3"}
    assert await observers.take(right, {**ROW, **changes}) == ("refused", [[], [wrong]])
    assert await observers.values() == {}


async def test_a_period_comes_once_in_a_file_and_importing_again_changes_nothing(observers: Observers) -> None:
    await observers.declared()
    known = [("#/period", "period-observed-already")]
    assert await observers.take(ROW, {**ROW, "value": "7.3"}) == ("refused", [[], known])
    assert await observers.take(ROW) == ("done", [[]])
    later = {**ROW, "period": "2024-Q1", "value": "7.1"}
    changed = {**ROW, "value": "7.0"}
    assert await observers.take(changed, later) == ("refused", [known, []])
    # What was published since is recorded, and what is there already stays until somebody revises it.
    assert await observers.take(changed, later, mode="partial") == ("done", [known, []])
    assert await observers.values() == {"2023-Q4": 7.2, "2024-Q1": 7.1}


async def test_values_of_a_proxy_come_from_no_file(observers: Observers) -> None:
    await observers.declared(**PROXY)
    assert await observers.take({**ROW, "id": "proxy-issoudun"}) == ("refused", [[("#/value", "value-computed")]])
