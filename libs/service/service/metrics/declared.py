"""Every metric of every service, in the order of the page for ops; those of one service alone are declared with it."""

from collections.abc import Iterable
from typing import Final

from service.metrics.metric import Metric

REQUESTS: Final = Metric(
    "http_server_request_duration_seconds",
    "histogram",
    "Requests by how long each took until it was answered. What is asked at no path of ours is one route, empty.",
    ("http_request_method", "http_route", "http_response_status_code"),
)
ACTIVE_REQUESTS: Final = Metric("http_server_active_requests", "gauge", "Requests that are being answered.")
OPEN_CONNECTIONS: Final = Metric("http_server_open_connections", "gauge", "Connections of clients that are open.")
CONNECTIONS_LIMIT: Final = Metric(
    "http_server_open_connections_limit", "gauge", "Connections that may be open (MAX_CONNECTIONS)."
)

COMMANDS: Final = Metric(
    "eventstore_commands_total",
    "counter",
    "Commands by what came of each, whoever asked: a client, a file, a reaction, or a day that has come.",
    ("category", "decision", "outcome"),
)
APPEND_SIZES: Final = Metric("eventstore_append_group_size", "histogram", "Commands that were stored in one statement.")
APPEND_SECONDS: Final = Metric(
    "eventstore_append_duration_seconds", "histogram", "Statements that store commands, with their commit."
)
LOAD_SIZES: Final = Metric("eventstore_load_group_size", "histogram", "Reads of streams that were one statement.")
LOAD_SECONDS: Final = Metric("eventstore_load_duration_seconds", "histogram", "Statements that read streams.")
POOL: Final = Metric(
    "eventstore_pool_connections",
    "gauge",
    "Connections to PostgreSQL that are used, and those that could be had at once (idle), open or not yet.",
    ("state",),
)
DATABASE_ANSWERS: Final = Metric(
    "eventstore_database_answers",
    "gauge",
    "Whether PostgreSQL answers within a second. While it does not, what it would tell is not told.",
)
CONFIRMED: Final = Metric("eventstore_confirmed", "gauge", "Whether the store takes commands.")
LAST_POSITION: Final = Metric("eventstore_last_position", "gauge", "The position of the last event stored.")

RELAY_LEADING: Final = Metric("eventstore_relay_leading", "gauge", "Whether this relay publishes.", by="worker")
RELAY_POSITION: Final = Metric(
    "eventstore_relay_position",
    "gauge",
    "The position of the last event published, told by the relay that leads, or was the last to and fails to go on.",
    by="worker",
)
RELAY_BACKLOG: Final = Metric(
    "eventstore_relay_backlog_events",
    "gauge",
    "Positions stored and not published, told like the position. After a reconciliation some may be of no event.",
    by="worker",
)
RELAY_BACKLOG_AGE: Final = Metric(
    "eventstore_relay_backlog_age_seconds",
    "gauge",
    "Since the first event that is not published was recorded; 0 where all are.",
    by="worker",
)
RELAY_PUBLISHED: Final = Metric("eventstore_relay_published_total", "counter", "Events published.", by="worker")
RELAY_FAILURES: Final = Metric("eventstore_relay_failures_total", "counter", "Times the relay began anew.", by="worker")
RELAY_STOPPED: Final = Metric(
    "eventstore_relay_stopped", "gauge", "Whether it stands before what does not pass by itself.", by="worker"
)

LAG_EVENTS: Final = Metric(
    "eventstore_subscription_lag_events",
    "gauge",
    "Records not handled yet of the partitions that this process reads: events, and what ends their transactions.",
    ("subscription", "topic"),
    by="worker",
)
LAG_SECONDS: Final = Metric(
    "eventstore_subscription_lag_seconds",
    "gauge",
    "Since the oldest event was recorded that is not handled yet, of the partitions that this process reads.",
    ("subscription", "topic"),
    by="worker",
)
PARTITIONS_READ: Final = Metric(
    "eventstore_subscription_partitions_read",
    "gauge",
    "Partitions that this process reads. Over all processes they are all that the topic has, or some are read by none.",
    ("subscription", "topic"),
    by="worker",
)
PARTITIONS: Final = Metric(
    "eventstore_subscription_partitions",
    "gauge",
    "Partitions of the topic.",
    ("subscription", "topic"),
    by="worker",
)
HANDLED: Final = Metric(
    "eventstore_subscription_handled_total", "counter", "Events handled.", ("subscription",), by="worker"
)
SUBSCRIPTION_STOPPED: Final = Metric(
    "eventstore_subscription_stopped",
    "gauge",
    "Whether it, or one of its partitions, stands before what does not pass by itself.",
    ("subscription",),
    by="worker",
)
PARKED_STREAMS: Final = Metric(
    "eventstore_parked_streams",
    "gauge",
    "Streams that wait behind a message that could not be handled, whoever reads them.",
    ("subscription",),
    by="worker",
)
DEAD_LETTERS: Final = Metric(
    "eventstore_dead_letters",
    "gauge",
    "What is parked: commands that were due and refused, and streams behind a message that could not be handled.",
    ("kind",),
)
DUE_BACKLOG: Final = Metric("eventstore_due_backlog", "gauge", "Commands that are due and not issued yet.")
DUE_BACKLOG_AGE: Final = Metric(
    "eventstore_due_backlog_age_seconds", "gauge", "Since the first of them was due; 0 where there is none."
)
REACTIONS: Final = Metric(
    "eventstore_reactions_total",
    "counter",
    "What reactions asked for, by what came of it.",
    ("reaction", "outcome"),
    by="worker",
)

KEYS_AGE: Final = Metric(
    "service_issuer_keys_age_seconds",
    "gauge",
    "Since the issuer of tokens last told its keys. Not told before it first did.",
    by="api",
)
ISSUER_AWAY: Final = Metric(
    "service_issuer_away_seconds",
    "gauge",
    "Since the issuer was first asked for its keys without an answer; 0 where it answered last.",
    by="api",
)
WORK_RUNNING: Final = Metric(
    "service_work_running",
    "gauge",
    "Whether the work goes on; it does not while it has failed.",
    ("work",),
    by="worker",
)
WORK_FAILURES: Final = Metric(
    "service_work_failures_total", "counter", "Times the work failed and was begun again.", ("work",), by="worker"
)
MAIL_WAITING: Final = Metric(
    "service_mail_waiting", "gauge", "Messages that wait to be sent. Told by services that write to people."
)
IMPORTS_WAITING: Final = Metric(
    "service_imports_waiting", "gauge", "Files of commands that have arrived and have not come to their end."
)
INFO: Final = Metric("service_info", "gauge", "1, with the release that runs (RELEASE).", ("release",))

METRICS: Final = tuple(each for each in list(globals().values()) if isinstance(each, Metric))


def table(metrics: Iterable[Metric]) -> str:
    """Metrics as the page for ops shows them."""
    lines = ["| metric | kind | labels | told by | what |", "| --- | --- | --- | --- | --- |"]
    for each in metrics:
        labels = ", ".join(f"`{label}`" for label in each.labels)
        lines.append(f"| `{each.name}` | {each.kind} | {labels} | {each.by} | {each.help} |")
    return "\n".join(lines)
