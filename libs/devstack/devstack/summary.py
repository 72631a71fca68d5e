"""What `make up` says when everything runs: the programme's figures, the addresses, what to try next."""

import asyncio
import os
import shlex
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Final

import asyncpg
import httpx
from aiokafka import TopicPartition
from rich.console import Console
from rich.table import Table

from contracts import REGISTRY
from devstack.child import DevstackError
from devstack.host import service_of
from devstack.running import SERVICES, Running, state_folder
from eventstore.kafka.envelope import Origin
from eventstore.kafka.places import Places
from eventstore.kafka.topics import existing_topics, name_of

BEFORE: Final = "2023-12-31"
"""The last day of the first programme."""
_SAMPLE_COMPANY: Final = "00000001800010"


Row = dict[str, Any]


async def figures(running: Running, *, seconds: float = 120) -> tuple[list[Row], list[Row]]:
    """Every indicator once all that was stored counts in it: `name`, `unit`, `value`, and `before`, at the end of 2023;
    and the programme's line of each axis.

    Raises DevstackError when they stay behind for that long.
    """
    headers = {"Authorization": f"Bearer {running.issuer.token('indicators:read')}"}
    try:
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(base_url=f"{running.base_url}/indicators/v1", headers=headers, timeout=seconds) as client,
        ):
            counted = {topic for each in service_of("indicators").subscriptions for topic in each.to}
            published = {
                topic: last
                for name in SERVICES
                for topic, last in (await _published(running, name)).items()
                if topic in counted
            }
            async for _ in _again():
                catalogue = await _get(client, "/indicators")
                if _contains(catalogue, published):
                    break
            rows = [{**entry, "before": await _before(client, entry["name"])} for entry in catalogue["items"]]
            async for _ in _again():
                programme = await _get(client, "/programme")
                if all(_has(programme["positions"], *of, published) for of in _programme_of(published)):
                    break
            return rows, programme["items"]
    except TimeoutError:
        log = state_folder() / "host.log"
        raise DevstackError(f"The figures stay behind what is stored, and {log} may say why.") from None


async def _published(running: Running, service: str) -> dict[str, dict[str, int]]:
    """Per topic of a service and partition of it the last position, once all that the service stored is there."""
    stored = await _last_position(running.databases[service])
    if stored == 0:
        return {}
    settings = running.settings(service)
    origins = [Origin(settings.topic(name), settings.topic_partitions) for name in REGISTRY.topics_of(service)]
    async for _ in _again():
        if len(await existing_topics(settings.brokers, [origin.topic for origin in origins])) == len(origins):
            break
    partitions = [TopicPartition(origin.topic, number) for origin in origins for number in range(origin.partitions)]
    async with Places.open(settings.brokers, partitions, origins) as places:
        async for _ in _again():
            last = await places.last()
            if max((message.position for message in last.values()), default=0) >= stored:
                break
    published: dict[str, dict[str, int]] = {name_of(origin.topic): {} for origin in origins}
    for place, message in last.items():
        published[name_of(place.topic)][str(place.partition)] = message.position
    return published


async def _again() -> AsyncIterator[None]:
    while True:
        yield
        await asyncio.sleep(0.05)


def _contains(catalogue: dict[str, Any], published: dict[str, dict[str, int]]) -> bool:
    """Whether each chapter has come to the end of what the events of its indicators are in."""
    topic_of = {event: topic for name in SERVICES for event, topic in REGISTRY.topic_by_type(name).items()}
    read = {
        (entry["chapter"], topic_of[each])
        for entry in catalogue["items"]
        if not entry["of"]
        for each in entry["events"]
    }
    return not any(entry["catching_up"] for entry in catalogue["items"]) and all(
        _has(catalogue["positions"], chapter, topic, published) for chapter, topic in read
    )


def _has(positions: dict[str, Any], chapter: str, topic: str, published: dict[str, dict[str, int]]) -> bool:
    """Whether a chapter has come to the end of a topic."""
    counted = positions[chapter].get(topic, {"partitions": {}})["partitions"]
    return all(counted.get(partition, 0) >= position for partition, position in published.get(topic, {}).items())


def _programme_of(published: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The chapters and topics of what only the programme's lines are made of."""
    yield from (("actions", "indicators"), ("steering", "indicators"))
    yield from (("partners", topic) for topic in published)


async def _before(client: httpx.AsyncClient, name: str) -> float | None:
    """What an indicator said then; None where its first event is of a later day."""
    figure = await _get(client, f"/indicators/{name}?to={BEFORE}", unless="before-first-event")
    return None if figure is None else figure["value"]


async def _get(client: httpx.AsyncClient, path: str, *, unless: str | None = None) -> Any:
    async for _ in _again():
        answer = await client.get(path)
        # Where topics are new, a chapter that could be asked is folded a moment longer.
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
    if unless and answer.is_error and answer.json()["type"].endswith(f"/{unless}"):
        return None
    if answer.is_error:
        raise DevstackError(f"The figures cannot be read: {path} is answered with {answer.status_code} {answer.text}")
    return answer.json()


async def _last_position(database: str) -> int:
    connection = await asyncpg.connect(database)
    try:
        return int(await connection.fetchval("SELECT coalesce(max(position), 0) FROM events"))
    finally:
        await connection.close()


def show(console: Console, running: Running, rows: list[Row], lines: list[Row]) -> None:
    """Prints the summary."""
    table = Table(title="The programme's figures", title_justify="left", title_style="bold")
    table.add_column("indicator")
    table.add_column("unit")
    table.add_column(f"to {BEFORE}", justify="right")
    table.add_column("now", justify="right")
    for row in rows:
        table.add_row(row["name"], row["unit"], _number(row["before"]), _number(row["value"]))
    console.print(table)
    table = Table(title="The programme, axis by axis", title_justify="left", title_style="bold")
    for column in ("axis", "status", "milestones late", "targets reached", "silent for a quarter"):
        # Where there is little room, who is silent is cut short, and not how an axis stands.
        table.add_column(column, no_wrap=True, min_width=11 if column == "status" else None)
    for each in lines:
        milestones, targets = each["milestones"], each["targets"]
        table.add_row(
            f"{each['axis']} {each['label']['en']}",
            each["status"],
            f"{milestones['late']} of {milestones['planned']}",
            f"{sum(target['status'] == 'reached' for target in targets)} of {len(targets)}",
            ", ".join(partner["role"] for partner in each["partners"] if partner["silent"]) or "–",
        )
    console.print(table)

    def line(text: str = "") -> None:
        console.print(text, soft_wrap=True, markup=False, highlight=False)

    for name in SERVICES:
        line(f"{name:<12} {running.base_url}/{name}/docs")
    topics = [running.settings(name).topic(topic) for name in REGISTRY.services() for topic in REGISTRY.topics_of(name)]
    line(f"{'Kafka':<12} {running.kafka_bootstrap}, topic {' '.join(topics)}")
    line(f"{'PostgreSQL':<12} {' '.join(running.databases.values())}")
    line()
    line('A token for a day: make token SCOPES="companies:read companies:write indicators:read"')
    line("To try, in another terminal, in this folder:")
    line()
    for command in curl_lines(running):
        line(f"  {command}")
    line()
    line("Ctrl-C stops everything; the data stays for the next time (make clean-state forgets it).")


def curl_lines(running: Running) -> tuple[str, str]:
    """Two commands to try as they stand: a figure, and a command that changes others."""
    state = os.environ.get("STATE", ".state")
    make = "make token" if state == ".state" else f"make token STATE={shlex.quote(state)}"
    investment = (
        f'{{"company": "{_SAMPLE_COMPANY}", "title": "Banc de test", "axis": 6, "amount": 250000, "jobs_planned": 1}}'
    )
    read = f'curl -s -H "Authorization: Bearer $({make} SCOPES=indicators:read)"'
    write = f'curl -s -H "Authorization: Bearer $({make} SCOPES=companies:write)"'
    return (
        f'{read} "{running.base_url}/indicators/v1/indicators/jobs_created?to={BEFORE}"',
        f"{write} -H 'Content-Type: application/json' -d '{investment}' {running.base_url}/companies/v1/investments",
    )


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
