"""Grafana's dashboards, made from here into `dashboards/*.json`: programme health, and one for each service.

.venv/bin/python deploy/observability/dashboards.py
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "dashboards"
SERVICES: Final = ("companies", "mobility", "youth-events", "training", "employment", "indicators")
WIDTH: Final = 24
"""Grafana's columns."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Panel:
    """A picture of one or several expressions, by their legends."""

    title: str
    description: str
    shows: dict[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    warns: float | None = None
    """From where on it is yellow."""
    alarms: float | None = None
    """From where on it is red; what is 0 or 1, and should be 1, is red below 1: `inverted`."""
    inverted: bool = False


@dataclass(frozen=True)
class Row:
    """Panels that answer one question."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Dashboard:
    """A page of rows."""

    uid: str
    title: str
    description: str
    rows: Sequence[Row] = field(default_factory=tuple)


def _healthy() -> Iterator[Row]:
    yield Row(
        "Is everything recorded, published and counted?",
        (
            Panel(
                "Alerts",
                "Alerts that fire now; docs/alerts.md says what each means.",
                {"firing": 'count(ALERTS{alertstate="firing"}) or vector(0)'},
                kind="stat",
                width=4,
                alarms=1,
            ),
            Panel(
                "Commands taken",
                "Whether a process of each service has found its store to be whole; 0 means that commands are refused.",
                {"{{service}}": 'max by (service) (eventstore_confirmed{namespace=~"$namespace"})'},
                kind="stat",
                width=5,
                alarms=1,
                inverted=True,
            ),
            Panel(
                "Oldest event not yet published",
                "Seconds since the oldest event was stored that is not in its topic, of the service that is worst.",
                {"age": 'max(eventstore_relay_backlog_age_seconds{namespace=~"$namespace"})'},
                unit="s",
                kind="stat",
                width=5,
                warns=10,
                alarms=60,
            ),
            Panel(
                "Furthest behind",
                "Seconds between the newest event of a topic and the one that the slowest of its readers has come to.",
                {"lag": 'max(eventstore_subscription_lag_seconds{namespace=~"$namespace"})'},
                unit="s",
                kind="stat",
                width=5,
                warns=10,
                alarms=60,
            ),
            Panel(
                "Waiting for a person",
                "Due commands that were refused, and streams behind a message that could not be handled.",
                {
                    "letters": "sum(max by (namespace, service, kind) "
                    '(eventstore_dead_letters{namespace=~"$namespace"}))'
                },
                kind="stat",
                width=5,
                warns=1,
            ),
        ),
    )
    yield Row(
        "From a command to its figure",
        (
            Panel(
                "Seen from outside",
                "Seconds from a command to its figure, as the canary measures them: the median, and what one run in "
                "twenty takes at least.",
                {
                    each: f"histogram_quantile({quantile}, sum by (le) "
                    '(rate(canary_command_to_figure_seconds_bucket{namespace=~"$namespace"}[15m])))'
                    for each, quantile in (("median", "0.5"), ("one in twenty", "0.95"))
                },
                unit="s",
                alarms=10,
            ),
            Panel(
                "Events published",
                "Events a second that reach the topics, by service.",
                {
                    "{{service}}": "sum by (service) "
                    '(rate(eventstore_relay_published_total{namespace=~"$namespace"}[5m]))'
                },
                unit="ops",
            ),
            Panel(
                "Chapters of figures behind",
                "Events that each chapter of figures has still to come to.",
                {"{{chapter}}": 'max by (chapter) (indicators_chapter_behind_events{namespace=~"$namespace"})'},
            ),
        ),
    )
    yield Row(
        "How partners' frontends fare",
        (
            Panel(
                "Requests",
                "Requests a second by service, without probes.",
                {"{{service}}": _requests("service", "")},
                unit="reqps",
            ),
            Panel(
                "Requests that failed",
                "Share of requests answered 500 or above.",
                {
                    "{{service}}": f"{_requests('service', '5..')} / {_requests('service', '')}",
                },
                unit="percentunit",
                alarms=0.05,
            ),
            Panel(
                "Time of answers",
                "Seconds that one request in twenty takes at least.",
                {"{{service}}": _slow("service")},
                unit="s",
                alarms=1,
            ),
        ),
    )
    yield Row(
        "What runs",
        (
            Panel(
                "Processes by release",
                "Two releases side by side mean that an upgrade is under way.",
                {"{{service}} {{release}}": 'count by (service, release) (service_info{namespace=~"$namespace"})'},
            ),
            Panel(
                "Memory",
                "Resident memory of each process.",
                {"{{instance}}": _of_process("process_resident_memory_bytes")},
                unit="bytes",
            ),
            Panel(
                "Processor",
                "Cores that each process uses.",
                {"{{instance}}": _of_process("rate(process_cpu_seconds_total[5m])")},
                unit="none",
            ),
        ),
    )


def _requests(by: str, status: str, service: str = "") -> str:
    """Requests a second, without probes."""
    wanted = [
        'namespace=~"$namespace"',
        'http_route!~"/ready|/live"',
        *([f'service="{service}"'] if service else []),
        *([f'http_response_status_code=~"{status}"'] if status else []),
    ]
    return f"sum by ({by}) (rate(http_server_request_duration_seconds_count{{{','.join(wanted)}}}[5m]))"


def _slow(by: str, service: str = "", quantile: str = "0.95") -> str:
    wanted = ",".join(
        ['namespace=~"$namespace"', 'http_route!~"/ready|/live"', *([f'service="{service}"'] if service else [])]
    )
    rate = f"rate(http_server_request_duration_seconds_bucket{{{wanted}}}[5m])"
    return f"histogram_quantile({quantile}, sum by ({by}, le) ({rate}))"


def _of_process(expression: str, service: str = "") -> str:
    """What the client library tells of a process, of those that run our services."""
    wanted = ",".join(['namespace=~"$namespace"', *([f'service="{service}"'] if service else [])])
    return f"{expression} * on (namespace, job, instance) group_left (service) (service_info{{{wanted}}} * 0 + 1)"


def _of(service: str) -> Iterator[Row]:
    its = f'{{namespace=~"$namespace",service="{service}"}}'

    def rate(metric: str, by: str, labels: str = "") -> str:
        return f"sum by ({by}) (rate({metric}{its[:-1]}{labels}}}[5m]))"

    def slowest(metric: str) -> str:
        return f"histogram_quantile(0.95, sum by (le) (rate({metric}_bucket{its}[5m])))"

    def mean(metric: str) -> str:
        return f"sum(rate({metric}_sum{its}[5m])) / sum(rate({metric}_count{its}[5m]))"

    refused = rate("eventstore_commands_total", "category, decision", ',outcome="refused"')
    yield Row(
        "Requests",
        (
            Panel(
                "By status",
                "Requests a second by the status of their answer, without probes.",
                {"{{http_response_status_code}}": _requests("http_response_status_code", "", service)},
                unit="reqps",
            ),
            Panel(
                "Slowest routes",
                "Seconds that one request in twenty takes at least, of the five slowest routes.",
                {
                    "{{http_request_method}} {{http_route}}": "topk(5, "
                    f"{_slow('http_request_method, http_route', service)})"
                },
                unit="s",
                alarms=1,
            ),
            Panel(
                "Open at once",
                "Requests under way, and connections, of all processes together.",
                {
                    "requests": f"sum(http_server_active_requests{its})",
                    "connections": f"sum(http_server_open_connections{its})",
                },
            ),
        ),
    )
    yield Row(
        "Commands",
        (
            Panel(
                "By outcome",
                "Commands a second, of people and of the platform alike.",
                {"{{outcome}}": rate("eventstore_commands_total", "outcome")},
                unit="ops",
            ),
            Panel(
                "Refused",
                "Commands a second that their decisions refused, of the five that are refused most.",
                {
                    "{{category}} {{decision}}": f"topk(5, {refused})",
                },
                unit="ops",
            ),
            Panel(
                "Of reactions",
                "What came of commands that follow from events, a second.",
                {"{{reaction}} {{outcome}}": rate("eventstore_reactions_total", "reaction, outcome")},
                unit="ops",
            ),
        ),
    )
    yield Row(
        "The store",
        (
            Panel(
                "Time of a group",
                "Seconds that one group in twenty takes at least.",
                {
                    "appends": slowest("eventstore_append_duration_seconds"),
                    "loads": slowest("eventstore_load_duration_seconds"),
                },
                unit="s",
                alarms=0.5,
            ),
            Panel(
                "Size of a group",
                "Commands appended, and streams loaded, by one statement on the average: both grow with load.",
                {"appends": mean("eventstore_append_group_size"), "loads": mean("eventstore_load_group_size")},
            ),
            Panel(
                "Database",
                "Whether it answers each process (1), and the connections that are in use.",
                {
                    "answers {{instance}}": f"eventstore_database_answers{its}",
                    "used {{instance}}": f'eventstore_pool_connections{its[:-1]},state="used"}}',
                },
            ),
        ),
    )
    yield Row(
        "Publishing",
        (
            Panel(
                "Not yet published",
                "Events that are stored and not in their topic.",
                {"events": f"max(eventstore_relay_backlog_events{its})"},
            ),
            Panel(
                "Age of the oldest",
                "Seconds since the oldest of them was stored.",
                {"age": f"max(eventstore_relay_backlog_age_seconds{its})"},
                unit="s",
                warns=10,
                alarms=60,
            ),
            Panel(
                "Who leads",
                "1 of the worker whose relay publishes; exactly one should.",
                {"{{instance}}": f"eventstore_relay_leading{its}"},
            ),
        ),
    )
    yield Row(
        "Reading",
        (
            Panel(
                "Seconds behind",
                "Between the newest event of a topic and the one that was handled last.",
                {"{{subscription}}": f"max by (subscription) (eventstore_subscription_lag_seconds{its})"},
                unit="s",
                warns=10,
                alarms=60,
            ),
            Panel(
                "Events behind",
                "Events of a topic that are still to be handled.",
                {
                    "{{subscription}} {{topic}}": "max by (subscription, topic) "
                    f"(eventstore_subscription_lag_events{its})"
                },
            ),
            Panel(
                "Parked",
                "Streams that wait behind a message that could not be handled, and due commands that were refused.",
                {
                    "{{subscription}}": f"max by (subscription) (eventstore_parked_streams{its})",
                    "due": f'max(eventstore_dead_letters{its[:-1]},kind="due"}})',
                },
                warns=1,
            ),
        ),
    )
    yield Row(
        "What the platform does by itself",
        (
            Panel(
                "Due and not yet done",
                "Commands whose day or hour has come.",
                {"commands": f"max(eventstore_due_backlog{its})"},
            ),
            Panel(
                "Work that runs",
                "Pieces of work that run in some process (1), or fail (0).",
                {"{{work}}": f"max by (work) (service_work_running{its})"},
            ),
            Panel(
                "Waiting",
                "Messages to be sent, and files of commands that are not done.",
                {"mail": f"max(service_mail_waiting{its})", "imports": f"max(service_imports_waiting{its})"},
            ),
        ),
    )
    yield Row(
        "Processes",
        (
            Panel(
                "Memory",
                "Resident memory of each process.",
                {"{{instance}}": _of_process("process_resident_memory_bytes", service)},
                unit="bytes",
            ),
            Panel(
                "Processor",
                "Cores that each process uses.",
                {"{{instance}}": _of_process("rate(process_cpu_seconds_total[5m])", service)},
                unit="none",
            ),
            Panel(
                "Age of the issuer's keys",
                "Seconds since the keys were fetched by which tokens are checked.",
                {"{{instance}}": f"service_issuer_keys_age_seconds{its}"},
                unit="s",
            ),
        ),
    )


def dashboards() -> Iterator[Dashboard]:
    """All of them."""
    yield Dashboard(
        "territory-programme",
        "Programme health",
        "Whether what partners record is stored, published and counted, over all services.",
        tuple(_healthy()),
    )
    for service in SERVICES:
        yield Dashboard(f"territory-{service}", f"Service {service}", f"Everything of {service}.", tuple(_of(service)))


def _written(panel: Panel, number: int, x: int, y: int, height: int) -> Json:
    steps: list[Json] = [{"color": "red" if panel.inverted else "green", "value": None}]
    if panel.warns is not None:
        steps.append({"color": "yellow", "value": panel.warns})
    if panel.alarms is not None:
        steps.append({"color": "green" if panel.inverted else "red", "value": panel.alarms})
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": height},
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
                "color": {"mode": "thresholds" if panel.kind == "stat" else "palette-classic"},
            },
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + index), "expr": expression, "legendFormat": legend}
            for index, (legend, expression) in enumerate(panel.shows.items())
        ],
    }


def _page(dashboard: Dashboard) -> Json:
    panels: list[Json] = []
    y = 0
    for row in dashboard.rows:
        panels.append(
            {
                "id": len(panels) + 1,
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
                "panels": [],
            }
        )
        y += 1
        height = 4 if all(panel.kind == "stat" for panel in row.panels) else 8
        x = 0
        for panel in row.panels:
            panels.append(_written(panel, len(panels) + 1, x, y, height))
            x += panel.width
        y += height
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["territory"],
        "schemaVersion": 39,
        "editable": False,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "timezone": "browser",
        "templating": {
            "list": [
                {"name": "datasource", "label": "Source", "type": "datasource", "query": "prometheus"},
                {
                    "name": "namespace",
                    "label": "Territory",
                    "description": "The namespace that the territory runs in; empty outside Kubernetes.",
                    "type": "query",
                    "datasource": {"type": "prometheus", "uid": "${datasource}"},
                    "query": "label_values(service_info, namespace)",
                    "includeAll": True,
                    "allValue": ".*",
                    "current": {"text": "All", "value": "$__all"},
                    "refresh": 2,
                },
            ]
        },
        "links": [{"title": "Territory", "type": "dashboards", "tags": ["territory"], "asDropdown": True}],
        "panels": panels,
    }


def written() -> dict[str, str]:
    """The files by their names, as they should be."""
    return {
        f"{dashboard.uid.removeprefix('territory-')}.json": json.dumps(_page(dashboard), indent=1) + "\n"
        for dashboard in dashboards()
    }


if __name__ == "__main__":
    for name, text in written().items():
        (FOLDER / name).write_text(text)
