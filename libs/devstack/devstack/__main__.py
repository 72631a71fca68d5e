"""The commands behind the Makefile: `python -m devstack up|token|env|topic|verify|publish|clean-state`."""

import argparse
import logging
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from contracts import REGISTRY, package_of
from devstack.child import DevstackError
from devstack.issuer import ROLES
from devstack.running import SCOPES, SERVICES, Running, forget, variable_of

_ACTS_FOR = {"company": "SIRET", "school": "UAI", "training_body": "SIRET"}
"""The roles that act for an organisation, and what that is known by."""


def _up(_: argparse.Namespace) -> int:
    from devstack.up import up

    # Kafka's client logs each attempt while topics come about; what remains a failure is said by us.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return up(Console(highlight=False))


def _token(arguments: argparse.Namespace) -> int:
    if not arguments.scopes:
        raise DevstackError('Say what the token is for: make token SCOPES="companies:read companies:write".')
    unknown = set(arguments.scopes.split()) - set(SCOPES)
    if unknown:
        raise DevstackError(f"There is no scope {', '.join(sorted(unknown))}: choose from {', '.join(SCOPES)}.")
    unknown = set(arguments.roles.split()) - set(ROLES)
    if unknown:
        raise DevstackError(f"There is no role {', '.join(sorted(unknown))}: choose from {', '.join(ROLES)}.")
    roles = arguments.roles.split() or ROLES
    organisations: dict[str, Any] = {role: getattr(arguments, role) or None for role in _ACTS_FOR}
    print(Running.find().issuer.token(arguments.scopes, roles, **organisations))
    for role, organisation in organisations.items():
        if role in arguments.roles.split() and organisation is None:
            print(f"The role {role} acts for nobody yet: add {role.upper()}=<its {_ACTS_FOR[role]}>.", file=sys.stderr)
    return 0


def _env(_: argparse.Namespace) -> int:
    running = Running.find()
    assignments = {"BASE_URL": running.base_url, "KAFKA_BOOTSTRAP": running.kafka_bootstrap}
    assignments["METRICS_URL"] = running.metrics_url
    assignments |= {variable_of(name): running.databases[name] for name in SERVICES}
    settings = running.environment(SERVICES[0])
    assignments |= {name: settings[name] for name in settings if name.startswith(("OIDC_", "PERSONAL_", "TERRITORY"))}
    for name, value in assignments.items():
        print(f"{name}={shlex.quote(value)}")
    return 0


def _topic(arguments: argparse.Namespace) -> int:
    from devstack.reading import print_topics

    # What fails is said by us.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if arguments.first and not arguments.first.isdecimal():
        raise DevstackError(f"FROM is {arguments.first}, which is not a position: give a whole number.")
    if arguments.service not in SERVICES:
        raise DevstackError(f"There is no service {arguments.service}: choose from {', '.join(SERVICES)}.")
    running = Running.find()
    settings = running.settings(arguments.service)
    topics = [settings.topic(name) for name in REGISTRY.topics_of(arguments.service)]
    if arguments.topic:
        topics = [arguments.topic]
    print_topics(settings.brokers, topics, first=int(arguments.first or 1), follow=arguments.follow)
    return 0


def _verify(_: argparse.Namespace) -> int:
    running = Running.find()
    for service in SERVICES:
        verify = [sys.executable, "-m", package_of(service), "verify"]
        status = subprocess.run(verify, env={**os.environ, **running.environment(service)}, check=False).returncode
        if status:
            return status
    return 0


def _publish(_: argparse.Namespace) -> int:
    from devstack import golden, publishing
    from devstack.host import service_of

    added = publishing.publish(Path("libs/contracts/published"), REGISTRY)
    for name in SERVICES:
        folder = Path("services") / name / "tests" / "golden"
        for resource in service_of(name).resources:
            added += golden.publish(resource.decider, folder)
    print(*(f"Added: {each}" for each in added), sep="\n", end="\n" if added else "")
    return 0


def _clean_state(_: argparse.Namespace) -> int:
    forget()
    print("Forgotten. Servers given by DATABASE_URL and KAFKA_BOOTSTRAP keep their databases and topics.")
    return 0


def main() -> int:
    """Runs one command; what stops it is said in one sentence, with exit status 1."""
    parser = argparse.ArgumentParser(prog="python -m devstack", description=__doc__)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("up", help="run everything until Ctrl-C").set_defaults(run=_up)
    token = commands.add_parser("token", help="print a token of the development issuer")
    token.add_argument("--scopes", default="", help="separated by spaces")
    token.add_argument("--roles", default="", help="separated by spaces; all unless given")
    for role, kind in _ACTS_FOR.items():
        token.add_argument(f"--{role.replace('_', '-')}", default="", help=f"the {kind} that the role {role} acts for")
    token.set_defaults(run=_token)
    commands.add_parser("env", help="print addresses as shell assignments").set_defaults(run=_env)
    topic = commands.add_parser("topic", help="print the events of a service, or of a topic, as lines of JSON")
    topic.add_argument("--service", default="companies", help="the service whose topics; companies unless given")
    topic.add_argument("--topic", default="", help="the name of one topic; those of the service unless given")
    topic.add_argument("--from", dest="first", default="", help="the position to begin at")
    topic.add_argument("--follow", action="store_true", help="go on with what is published")
    topic.set_defaults(run=_topic)
    verify = commands.add_parser("verify", help="compare stores, topics and figures")
    verify.set_defaults(run=_verify)
    publish = commands.add_parser("publish", help="write down the events that are new, once and for all")
    publish.set_defaults(run=_publish)
    commands.add_parser("clean-state", help="forget the data").set_defaults(run=_clean_state)
    arguments = parser.parse_args()
    # Until a command says otherwise, Ctrl-C just ends it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        status: int = arguments.run(arguments)
    except DevstackError as error:
        print(error, file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
