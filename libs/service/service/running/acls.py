"""What Kafka's users may do: `python -m <package> acls`, derived from what the service is made of.

A user is named like its service. What is not printed is forbidden, where brokers have an authorizer and
`allow.everyone.if.no.acl.found` is false.
"""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from service.definition import Service
from service.running.settings import Names

USAGE: Final = "usage: acls [commands] [analyst-<organisation>]"
READING: Final = ("Read", "Describe")
OWNING: Final = ("Create", "Describe", "Read", "Write", "DescribeConfigs", "AlterConfigs")
"""A relay makes its topics, looks after their settings, and reads what they end with."""


@dataclass(frozen=True)
class Access:
    """What may be done with a topic, a group or a `transactional.id`, or all that begin with a name."""

    kind: Literal["topic", "group", "transactionalId"]
    name: str
    operations: Sequence[str]
    prefix: bool = False

    @property
    def strimzi(self) -> dict[str, Any]:
        """As one of `spec.authorization.acls` of a KafkaUser."""
        pattern = "prefix" if self.prefix else "literal"
        resource = {"type": self.kind, "name": self.name, "patternType": pattern}
        return {"resource": resource, "operations": [*self.operations]}

    def command(self, user: str) -> str:
        """As arguments of `kafka-acls.sh`."""
        option = {"topic": "--topic", "group": "--group", "transactionalId": "--transactional-id"}[self.kind]
        pattern = "prefixed" if self.prefix else "literal"
        operations = [part for operation in self.operations for part in ("--operation", operation)]
        where = [option, self.name, "--resource-pattern-type", pattern]
        return shlex.join(["--add", "--allow-principal", f"User:{user}", *operations, *where])


def of_service(service: Service, names: Names) -> list[Access]:
    """What a service does with Kafka: all of it, and nothing else."""
    own = _own(service, names)
    reads = {names.topic(topic) for topic in _reads(service)} - {*own}
    found = [Access("topic", topic, OWNING) for topic in own]
    if own:
        # The relay's, named like the first topic (`Publisher`): whoever may write by it fences the relay off.
        found.append(Access("transactionalId", f"{own[0]}.relay", ("Describe", "Write")))
    found += [Access("topic", topic, READING) for topic in sorted(reads)]
    prefix = f"{names.group(service.name)}-"
    groups = {names.group(subscription.begin(names)[0]) for subscription in service.subscriptions}
    if groups or service.mirrors or service.reactions:
        # Those of chapters are named by what they are folded by, which a release changes.
        found.append(Access("group", prefix, READING, prefix=True))
    return found + [Access("group", group, READING) for group in sorted(groups) if not group.startswith(prefix)]


def of_analyst(user: str, service: Service, names: Names) -> list[Access]:
    """What an analyst may do with the events of a service: read those that are about nobody, in groups of its own."""
    return [
        *(Access("topic", topic, READING) for topic in _own(service, names)[:1]),
        Access("group", f"{user}-", READING, prefix=True),
    ]


def _own(service: Service, names: Names) -> tuple[str, ...]:
    """The service's topics, the one about nobody first."""
    if not service.resources:
        return ()
    first = names.topic(service.name)
    return (first, *sorted({*(service.topic_by_type(names) or {}).values()} - {first}))


def _reads(service: Service) -> Iterator[str]:
    """The topics of others that it follows, as categories name them."""
    yield from (mirror.of.topic for mirror in service.mirrors)
    yield from service.reacts_to
    for subscription in service.subscriptions:
        yield from subscription.to


def printed(service: Service, names: Names, arguments: Sequence[str]) -> str | None:
    """What the command prints; None where its arguments make no sense."""
    rest = [*arguments]
    as_commands = rest[:1] == ["commands"]
    del rest[: int(as_commands)]
    match rest:
        case []:
            user, access = service.name, of_service(service, names)
        case [name] if re.fullmatch(r"analyst-[a-z0-9-]+", name):
            user, access = name, of_analyst(name, service, names)
        case _:
            return None
    if as_commands:
        return "\n".join(each.command(user) for each in access)
    return json.dumps({"user": user, "acls": [each.strimzi for each in access]}, indent=2)
