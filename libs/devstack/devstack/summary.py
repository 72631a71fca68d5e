"""What `make up` says when everything runs: the programme's figures, the addresses, what to try next."""

import asyncio
import os
import shlex
import time
from typing import Any, Final

import asyncpg
import httpx
from rich.console import Console
from rich.table import Table

from devstack.child import DevstackError
from devstack.running import SERVICES, Running, state_folder

FIRST_PROGRAMME_ENDED: Final = "2023-12-31"
_SAMPLE_COMPANY: Final = "00000001800010"


async def figures(running: Running, *, seconds: float = 60) -> list[dict[str, Any]]:
    """Every indicator once all that was stored counts in it: `name`, `unit`, `value`, and `before`, at the end of 2023.

    Raises DevstackError when they stay behind for that long.
    """
    stored = await _last_position(running.databases["companies"])
    headers = {"Authorization": f"Bearer {running.issuer.token('indicators:read')}"}
    deadline = time.monotonic() + seconds
    async with httpx.AsyncClient(base_url=f"{running.base_url}/indicators/v1", headers=headers) as client:
        while (catalogue := await _get(client, "/indicators"))["positions"].get("companies", 0) < stored:
            if time.monotonic() > deadline:
                raise DevstackError(f"The figures stay behind what is stored: see {state_folder() / 'host.log'}.")
            await asyncio.sleep(0.1)
        return [
            {
                **entry,
                "before": (await _get(client, f"/indicators/{entry['name']}?to={FIRST_PROGRAMME_ENDED}"))["value"],
            }
            for entry in catalogue["items"]
        ]


async def _get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path)
    if answer.is_error:
        raise DevstackError(f"The figures cannot be read: {path} is answered with {answer.status_code} {answer.text}")
    return answer.json()


async def _last_position(database: str) -> int:
    connection = await asyncpg.connect(database)
    try:
        return int(await connection.fetchval("SELECT coalesce(max(position), 0) FROM events"))
    finally:
        await connection.close()


def show(console: Console, running: Running, rows: list[dict[str, Any]]) -> None:
    """Prints the summary."""
    table = Table(title="The programme's figures", title_justify="left", title_style="bold")
    table.add_column("indicator")
    table.add_column("unit")
    table.add_column(f"to {FIRST_PROGRAMME_ENDED}", justify="right")
    table.add_column("now", justify="right")
    for row in rows:
        table.add_row(row["name"], row["unit"], _number(row["before"]), _number(row["value"]))
    console.print(table)

    def line(text: str = "") -> None:
        console.print(text, soft_wrap=True, markup=False, highlight=False)

    for name in SERVICES:
        line(f"{name:<12} {running.base_url}/{name}/docs")
    line(f"{'Kafka':<12} {running.kafka_bootstrap}")
    line(f"{'PostgreSQL':<12} {' '.join(running.databases.values())}")
    line()
    line('A token:     make token SCOPES="companies:read companies:write" (for an hour or a day of trying things)')
    line("To try, from this folder, in another terminal:")
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
        f'{read} "{running.base_url}/indicators/v1/indicators/jobs_created?to={FIRST_PROGRAMME_ENDED}"',
        f"{write} -H 'Content-Type: application/json' -d '{investment}' {running.base_url}/companies/v1/investments",
    )


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
