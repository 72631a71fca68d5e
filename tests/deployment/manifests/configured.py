"""What processes are told: every name is a setting, every setting that is needed is given, every address is reached."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from manifests.objects import Manifest, Manifests, called, containers_of, labels_of, selects
from manifests.policies import may_enter, may_leave

STANDARD: Final = re.compile(r"OTEL_[A-Z_]+")
"""Those that a library reads for itself."""
UNTOLD: Final = "what-is-secret-and-long-enough-for-all"
OF_OPERATORS: Final = (
    ("Cluster", r"(.+)-rw", "cnpg.io/cluster"),
    ("Kafka", r"(.+)-kafka-bootstrap", "strimzi.io/cluster"),
)
"""Services that operators make, by the names of what they make them for, and the label of the pods behind them."""


def told(manifests: Manifests, workload: Manifest) -> Mapping[str, str]:
    """The environment of a workload's container, with something in the place of what is secret."""
    (container,) = containers_of(workload)
    environment: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        if "configMapRef" in source and (found := manifests.named("ConfigMap", source["configMapRef"]["name"])):
            environment |= found["data"]
        if "secretRef" in source and (found := manifests.named("ExternalSecret", source["secretRef"]["name"])):
            template = found["spec"]["target"]["template"]["data"]
            environment |= {key: re.sub(r"{{.*?}}", UNTOLD, value) for key, value in template.items()}
    return environment | {each["name"]: each["value"] for each in container.get("env", ()) if "value" in each}


def strange(manifests: Manifests, known: set[str]) -> Iterator[str]:
    """No name is misspelt."""
    for workload in manifests.ours():
        for name in sorted(told(manifests, workload).keys() - known):
            if not STANDARD.fullmatch(name):
                yield f"{called(workload)}: {name} is no setting"


def paths(manifests: Manifests) -> Iterator[str]:
    """A file that a setting names is there."""
    for workload in manifests.ours("api", "worker"):
        (container,) = containers_of(workload)
        mounts = [mount["mountPath"] for mount in container.get("volumeMounts", ())]
        for name, value in told(manifests, workload).items():
            for path in re.findall(r"(?:^|=)(/[^&\s]+)", value):
                if not any(path.startswith(f"{mount}/") for mount in mounts):
                    yield f"{called(workload)}: {name} names {path}, and nothing is there"


def addresses(manifests: Manifests) -> Iterator[str]:
    """Who is asked is there, and may be asked."""
    for workload in manifests.ours("api", "worker"):
        environment = told(manifests, workload)
        asked = [("DATABASE_URL", *_place(environment["DATABASE_URL"]))] if "DATABASE_URL" in environment else []
        if labels_of(workload)["app.kubernetes.io/component"] == "worker":
            places = environment.get("KAFKA_BOOTSTRAP", "").split(",")
            asked += [("KAFKA_BOOTSTRAP", *_place(f"kafka://{place}")) for place in places]
        for name, host, port in asked:
            if fault := _unreachable(manifests, called(workload), host, port):
                yield f"{called(workload)}: {name} leads to {host}:{port}, {fault}"


def _place(url: str) -> tuple[str, int]:
    found = re.search(r"://(?:[^@/]*@)?([^:/]+):(\d+)", url)
    if found is None:
        raise ValueError(url)
    return found[1], int(found[2])


def _unreachable(manifests: Manifests, source: str, host: str, port: int) -> str | None:
    pods = manifests.pods()
    (asking,) = [pod for pod in pods if pod.owner == source]
    if service := manifests.named("Service", host):
        behind = {"matchLabels": service["spec"]["selector"]}
        targets = {each["port"]: each.get("targetPort", each["port"]) for each in service["spec"]["ports"]}
    else:
        behind = {"matchLabels": dict(_made(manifests, host))}
        targets = {port: port}
    answering = [
        (pod, number)
        for pod in pods
        if behind["matchLabels"] and selects(behind, pod.labels) and (number := pod.port(targets.get(port, port)))
    ]
    if not answering:
        return "which is not there"
    if not all(may_leave(manifests, asking, *each) and may_enter(manifests, asking, *each) for each in answering):
        return "which it may not ask"
    return None


def _made(manifests: Manifests, host: str) -> Iterator[tuple[str, str]]:
    for kind, pattern, label in OF_OPERATORS:
        found = re.fullmatch(pattern, host)
        if found and manifests.named(kind, found[1]):
            yield label, found[1]


def routes(manifests: Manifests, request: float, importing: float) -> Iterator[str]:
    """Each API is led to under its name, and given longer than it gives itself."""
    if not manifests.of("Gateway"):
        return
    for api in manifests.ours("api"):
        name = labels_of(api)["app.kubernetes.io/name"]
        route = manifests.named("HTTPRoute", name)
        rules = route["spec"]["rules"] if route else []
        for path, least in ((f"/{name}", request), (f"/{name}/v1/imports", importing)):
            given = [
                float(rule["timeouts"]["request"].removesuffix("s"))
                for rule in rules
                for match in rule["matches"]
                if match["path"]["value"] == path and rule["backendRefs"] == [{"name": name, "port": 80}]
            ]
            if not given:
                yield f"{called(api)}: nothing leads to {path}"
            elif min(given) <= least:
                yield f"HTTPRoute/{name}: {path} is given up after {min(given):g} s, and may take {least:g}"


def monitored(manifests: Manifests) -> Iterator[str]:
    """Every process is asked for its metrics."""
    monitors = manifests.of("PodMonitor")
    for pod in manifests.pods():
        ours = pod.labels.get("app.kubernetes.io/component") in ("api", "worker")
        if monitors and ours and not any(selects(each["spec"]["selector"], pod.labels) for each in monitors):
            yield f"{pod.owner}: no PodMonitor selects it"


def unused(manifests: Manifests) -> Iterator[str]:
    """No ConfigMap is left over; dashboards are taken by their label."""
    used = {
        reference["name"]
        for workload in manifests.workloads()
        for container in containers_of(workload)
        for source in container.get("envFrom", ())
        for reference in source.values()
    }
    used |= {
        volume["configMap"]["name"]
        for workload in manifests.workloads()
        for volume in workload["spec"]["template"]["spec"].get("volumes", ())
        if "configMap" in volume
    }
    for each in manifests.of("ConfigMap"):
        if each["metadata"]["name"] not in used and "grafana_dashboard" not in labels_of(each):
            yield f"{called(each)}: nobody reads it"
