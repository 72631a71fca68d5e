"""Rendered objects, and the pods that come of them: those of our own workloads, and those that operators make."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Manifest = dict[str, Any]
Labels = Mapping[str, str]

POSTGRES_PORTS: Final = (5432, 8000)
"""PostgreSQL, and what CloudNativePG asks about it."""
KAFKA_PORTS: Final = (9090, 9091)
"""Of controllers, and among brokers."""


def called(manifest: Manifest) -> str:
    """`Deployment/companies-api`."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def labels_of(manifest: Manifest) -> Labels:
    """The labels of an object."""
    found: Labels = manifest["metadata"].get("labels", {})
    return found


@dataclass(frozen=True)
class Pod:
    """Pods of one kind. `ports` are those it listens on, by their name where they have one, else by their number."""

    owner: str
    labels: Labels
    ports: Mapping[str | int, int]

    def port(self, asked: str | int) -> int | None:
        """The number of a port that is asked for by name or number; None where it has none."""
        return self.ports.get(asked) or next((number for number in self.ports.values() if number == asked), None)


class Manifests:
    """All objects of an overlay."""

    def __init__(self, objects: Sequence[Manifest]) -> None:
        """Objects as they are applied."""
        self.objects = objects

    def of(self, *kinds: str) -> list[Manifest]:
        """The objects of these kinds."""
        return [each for each in self.objects if each["kind"] in kinds]

    def named(self, kind: str, name: str) -> Manifest | None:
        """The object of that kind and name, if there is one."""
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)

    def workloads(self) -> list[Manifest]:
        """What pods are made of."""
        return self.of("Deployment", "StatefulSet", "Job")

    def ours(self, *components: str) -> list[Manifest]:
        """Those that run our image: all, or those of these components."""
        return [
            each
            for each in self.workloads()
            if labels_of(each).get("app.kubernetes.io/part-of") == "territory"
            and (not components or labels_of(each).get("app.kubernetes.io/component") in components)
        ]

    def pods(self) -> list[Pod]:
        """Pods of each kind that there will be."""
        return [*(_pod(each) for each in self.workloads()), *self._of_operators()]

    def _of_operators(self) -> Iterator[Pod]:
        for cluster in self.of("Cluster"):
            name = cluster["metadata"]["name"]
            yield Pod(called(cluster), {"cnpg.io/cluster": name}, {port: port for port in POSTGRES_PORTS})
        for kafka in self.of("Kafka"):
            name = kafka["metadata"]["name"]
            listeners = [listener["port"] for listener in kafka["spec"]["kafka"]["listeners"]]
            of_it = {"strimzi.io/cluster": name}
            for pool in self.of("KafkaNodePool"):
                if labels_of(pool).get("strimzi.io/cluster") == name:
                    ports = [*KAFKA_PORTS, *(listeners if "broker" in pool["spec"]["roles"] else ())]
                    labels = {
                        **of_it,
                        "strimzi.io/name": f"{name}-kafka",
                        "strimzi.io/pool-name": pool["metadata"]["name"],
                    }
                    yield Pod(called(pool), labels, {port: port for port in ports})
            yield Pod(called(kafka), of_it | {"strimzi.io/name": f"{name}-entity-operator"}, {})


def template_of(workload: Manifest) -> Manifest:
    """The template of a workload's pods."""
    found: Manifest = workload["spec"]["template"]
    return found


def containers_of(workload: Manifest) -> list[Manifest]:
    """The containers of a workload's pods, those that come first included."""
    spec = template_of(workload)["spec"]
    return [*spec.get("initContainers", ()), *spec["containers"]]


def _pod(workload: Manifest) -> Pod:
    template = template_of(workload)
    ports = {
        port.get("name", port["containerPort"]): port["containerPort"]
        for container in template["spec"]["containers"]
        for port in container.get("ports", ())
    }
    return Pod(called(workload), template["metadata"].get("labels", {}), ports)


def selects(selector: Manifest, labels: Labels) -> bool:
    """Whether a label selector, which selects everything when it is empty, selects what has these labels."""
    plain = selector.get("matchLabels", {})
    if not plain.items() <= labels.items():
        return False
    return all(_holds(expression, labels) for expression in selector.get("matchExpressions", ()))


def _holds(expression: Manifest, labels: Labels) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case unknown:
            raise ValueError(unknown)
