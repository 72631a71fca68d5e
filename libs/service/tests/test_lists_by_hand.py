"""Whatever is asked of a list, by whomever, it is what filtering and sorting all states by hand gives."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.model import Day
from eventstore.decider import Actor, Decider, State
from eventstore.finding import Finding, words
from eventstore.postgres.appending import Append, NewEvent
from eventstore.postgres.ids import new_id
from eventstore.postgres.store import Store
from service.http.listing import Questions, cursor_of
from service.http.reading import Readers, Reads

pytestmark = pytest.mark.anyio


class Slip(State):
    """A slip with several owners."""

    producer: str
    carriers: tuple[str, ...] = ()
    status: Literal["draft", "sent", "in_transit"]
    urgent: bool
    tonnes: float | None
    pieces: int
    sent_on: Day | None
    label: str


FOUND, SORTED = ("status", "carriers", "urgent", "sent_on"), ("tonnes", "pieces", "sent_on", "label")
PUBLIC = ("status", "label", "pieces")
ONE, OTHER = "00000001800010", "00000002600013"
TEXTS = ["Étang", "etage bas", "L'Étang du bœuf", "Boeuf", "—", "zone 7", "Zone 70 étage"]
DAYS = [date(2024, 5, 13), date(2024, 5, 14), date(1999, 12, 31), date(2030, 1, 1)]

slips = st.fixed_dictionaries(
    {
        "producer": st.sampled_from([ONE, OTHER]),
        "carriers": st.lists(st.sampled_from([ONE, OTHER, "x'\\y"]), max_size=2).map(tuple),
        "status": st.sampled_from(["draft", "sent", "in_transit"]),
        "urgent": st.booleans(),
        "tonnes": st.none() | st.sampled_from([0.0, -1.5, 2.25, 10.0, 9.75]),
        "pieces": st.sampled_from([0, 2, 10, 9, -3]),
        "sent_on": st.none() | st.sampled_from(DAYS),
        "label": st.sampled_from(TEXTS),
    }
)
ranges = st.fixed_dictionaries(
    {},
    optional={
        "tonnes_from": st.sampled_from([-1.5, 0, 2.25]),
        "tonnes_to": st.sampled_from([2.25, 9.75, 100]),
        "pieces_from": st.sampled_from([-3, 0, 9]),
        "sent_on_from": st.sampled_from(DAYS[:3]),
        "sent_on_to": st.sampled_from([DAYS[1], DAYS[3]]),
    },
)
filters = st.fixed_dictionaries(
    {},
    optional={
        "status": st.lists(st.sampled_from(["draft", "sent"]), min_size=1, max_size=2),
        "carriers": st.lists(st.sampled_from([ONE, OTHER, "x'\\y", "nobody"]), min_size=1, max_size=2),
        "urgent": st.lists(st.booleans(), min_size=1, max_size=1),
        "sent_on": st.lists(st.sampled_from(DAYS), min_size=1, max_size=2),
    },
)
searches = st.none() | st.sampled_from(["et", "ÉTAGE", "boeuf l", "zone 7", "z 70", "nowhere", "du bœ"])
orders = st.none() | st.sampled_from([sign + name for name in SORTED for sign in ("", "-")])
readers = st.sampled_from(
    [
        Actor("network", frozenset({"network"})),
        Actor("one", frozenset({"company"}), {"company": ONE}),
        Actor("nameless", frozenset({"company"})),
        Actor("nobody"),
    ]
)


@pytest.fixture
async def store(migrated_database: str) -> AsyncIterator[Store]:
    async with Store.open(migrated_database) as store:
        yield store


async def put(store: Store, decider: Decider[Slip], stream_id: str, before: Slip | None, after: Slip, at: int) -> None:
    labels, order = decider.labelling.changes(before, after)
    event = NewEvent("Written", 1, "{}")
    await store.append(
        Append(
            stream_id,
            decider.category,
            at,
            [event],
            after.model_dump_json(),
            1,
            "{}",
            labels=labels,
            labelling=decider.labelling.mark,
            order=order,
        )
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    made=st.lists(slips, max_size=12),
    changes=st.lists(st.tuples(st.integers(0, 11), slips), max_size=6),
    public=st.sampled_from([PUBLIC, ("producer",), ()]),
    when=st.sampled_from([(), ("sent", "in_transit")]),
    asked=st.lists(st.tuples(filters, ranges, searches, orders, readers, st.integers(1, 4)), min_size=1, max_size=8),
)
async def test_a_list_is_what_filtering_and_sorting_by_hand_gives(
    store: Store,
    made: Sequence[Mapping[str, Any]],
    changes: Sequence[tuple[int, Mapping[str, Any]]],
    public: tuple[str, ...],
    when: tuple[str, ...],
    asked: Sequence[tuple[Mapping[str, Any], Mapping[str, Any], str | None, str | None, Actor, int]],
) -> None:
    # A category of its own for each example: the database is that of all.
    category = f"slip-{new_id().hex[-12:]}"
    decider = Decider(
        category,
        Slip,
        owned_by={"company": ("producer", "carriers")},
        finding=Finding(found_by=FOUND, sorted_by=SORTED, searched_by=("label",)),
    )
    states = [Slip(**each, effective_on=DAYS[0]) for each in made]
    ids = [f"{category}-{n:02d}" for n in range(len(states))]
    await asyncio.gather(*(put(store, decider, *new, 0) for new in zip(ids, [None] * len(ids), states, strict=True)))
    versions = dict.fromkeys(range(len(states)), 1)
    for n, change in changes:
        if n < len(states):
            after = Slip(**change, effective_on=DAYS[0])
            await put(store, decider, ids[n], states[n], after, versions[n])
            states[n] = after
            versions[n] += 1
    readers = Readers(decider, Reads(all=("network",), own=("company",), public=public, public_when=when))
    questions = Questions(decider, readers)
    for found, within, q, sort, reader, limit in asked:
        query = [(name, _spelled(value)) for name, values in found.items() for value in values]
        query += [(name, _spelled(value)) for name, value in within.items()]
        query += [("q", q)] if q else []
        query += [("sort", sort)] if sort else []
        expected = by_hand(dict(zip(ids, states, strict=True)), found, within, q, sort, reader, public, when)
        listed, places, count = await pages(store, questions, query, reader, limit)
        assert listed == expected, query
        assert count == len(expected)
        assert len(set(places)) == len(places)


async def pages(
    store: Store, questions: Questions, query: list[tuple[str, str]], reader: Actor, limit: int
) -> tuple[list[str], list[object], int | None]:
    """All pages, one after the other, by the cursors that they give."""
    listed: list[str] = []
    places: list[object] = []
    more: list[tuple[str, str]] = []
    while True:
        sent = urlencode([*query, ("limit", limit), ("count", "true"), *more]).encode()
        question = questions.read(sent)
        wanted = questions.wanted(question, reader)
        if wanted is None:
            return listed, places, 0
        page = await store.list_streams(wanted)
        listed += [stream.stream_id for stream in page.streams[:limit]]
        places += page.places[:limit]
        if len(page.streams) <= limit:
            return listed, places, page.in_all
        more = [("cursor", cursor_of(question.told(page.places[limit - 1])))]


def by_hand(
    states: Mapping[str, Slip],
    found: Mapping[str, Any],
    within: Mapping[str, Any],
    q: str | None,
    sort: str | None,
    reader: Actor,
    public: tuple[str, ...],
    when: tuple[str, ...],
) -> list[str]:
    field = (sort or "").removeprefix("-")
    spoken_of = {
        *found,
        *(name.rpartition("_")[0] for name in within),
        *(["label"] if q else []),
        *filter(None, [field]),
    }

    def is_shown(slip: Slip) -> bool:
        own = "company" in reader.roles and reader.organisations.get("company") in (slip.producer, *slip.carriers)
        is_public = bool(public) and spoken_of <= {*public} and (not when or slip.status in when)
        return "network" in reader.roles or own or is_public

    def is_found(slip: Slip) -> bool:
        has = [
            not {*values}.isdisjoint(value if isinstance(value := getattr(slip, name), tuple) else (value,))
            for name, values in found.items()
        ]
        for end, bound in within.items():
            name, _, side = end.rpartition("_")
            value = getattr(slip, name)
            has.append(value is not None and (value >= bound if side == "from" else value <= bound))
        has += [any(word.startswith(begins) for word in words(slip.label)) for begins in words(q or "")]
        return all(has)

    shown = [(stream_id, slip) for stream_id, slip in sorted(states.items()) if is_shown(slip) and is_found(slip)]
    if not sort:
        return [stream_id for stream_id, _ in shown]

    def value_of(slip: Slip) -> Any:
        value = getattr(slip, field)
        return (" ".join(words(value)) or None) if isinstance(value, str) else value

    valued = [(value_of(slip), stream_id) for stream_id, slip in shown]
    present = sorted((each for each in valued if each[0] is not None), reverse=sort.startswith("-"))
    absent = sorted((each[1] for each in valued if each[0] is None), reverse=sort.startswith("-"))
    return [*(stream_id for _, stream_id in present), *absent]


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
