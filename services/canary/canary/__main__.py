"""`python -m canary` measures on and on; `python -m canary once` measures once, and prints the seconds."""

import asyncio
import json
import logging
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import httpx
from prometheus_client import Counter, Gauge, Histogram, start_http_server

from canary.failure import Failed, Outcome
from canary.run import Runs
from canary.settings import Settings, SettingsError, load

_BUCKETS: Final = (0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 5, 10, 20, 40, 60, 120)

TOOK: Final = Histogram(
    "canary_command_to_figure_seconds", "From sending a command to figures that know of it.", buckets=_BUCKETS
)
RUNS: Final = Counter("canary_runs", "Runs, by what came of them.", ["outcome"])
SUCCEEDED: Final = Gauge(
    "canary_last_success_timestamp_seconds", "When a run came to its end last, or the canary began where none did yet."
)

log = logging.getLogger("canary")


class _Json(logging.Formatter):
    """A line as the services write theirs where LOG_FORMAT is json."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "service": "canary",
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


async def watch(settings: Settings) -> None:
    """Measures on and on, until cancelled. What comes of runs is logged where it changes."""
    before: Outcome | None = None
    times = 0
    async with httpx.AsyncClient(timeout=settings.patience) as client:
        runs, clock = Runs(settings, client), asyncio.get_running_loop().time
        while True:
            begun = clock()
            outcome: Outcome = "measured"
            reason = ""
            try:
                took = await runs.measure()
                TOOK.observe(took)
                SUCCEEDED.set_to_current_time()
                reason = f"figures knew of a command after {took:.1f} s"
            except Failed as failed:
                outcome, reason = failed.outcome, str(failed)
            RUNS.labels(outcome).inc()
            if outcome != before:
                level = logging.INFO if outcome == "measured" else logging.WARNING
                log.log(level, "%s: %s%s", outcome, reason, f" ({before} {times} times before)" if before else "")
                before, times = outcome, 0
            times += 1
            await asyncio.sleep(max(0.0, begun + settings.period - clock()))


async def once(settings: Settings) -> int:
    """Measures once; the exit status."""
    async with httpx.AsyncClient(timeout=settings.patience) as client:
        try:
            print(f"{await Runs(settings, client).measure():.2f}")
        except Failed as failed:
            print(f"{failed.outcome}: {failed}", file=sys.stderr)
            return 1
    return 0


async def run(settings: Settings) -> None:
    """Measures until SIGTERM."""
    if settings.metrics_port is not None:
        start_http_server(settings.metrics_port, addr=settings.host)
    SUCCEEDED.set_to_current_time()
    watching = asyncio.create_task(watch(settings))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, watching.cancel)
    with suppress(asyncio.CancelledError):
        await watching


def main() -> None:
    """Does what the command line says."""
    if sys.argv[1:] not in ([], ["once"]):
        sys.exit("usage: python -m canary [once]")
    try:
        settings = load()
    except SettingsError as unset:
        sys.exit(str(unset))
    lines = logging.StreamHandler()
    json_wanted = settings.log_format == "json"
    lines.setFormatter(_Json() if json_wanted else logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[lines])
    log.setLevel(logging.INFO)
    if sys.argv[1:]:
        sys.exit(asyncio.run(once(settings)))
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
