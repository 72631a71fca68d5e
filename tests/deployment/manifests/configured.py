"""What processes are told: every name is a setting, every setting that is needed is given, every address is reached."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from manifests.objects import Manifest, Manifests, called, containers_of, labels_of, selects, template_of
from manifests.policies import may_enter, may_leave
from manifests.references import Keys, holders, sources

STANDARD: Final = re.compile(r"OTEL_[A-Z_]+")
"""Those that a library reads for itself."""
UNTOLD: Final = "what-is-secret-and-long-enough-for-all"
OF_OPERATORS: Final = (
    ("Cluster", r"(.+)-rw", "cnpg.io/cluster"),
    ("Kafka", r"(.+)-kafka-bootstrap", "strimzi.io/cluster"),
)
"""Services that operators make, by the names of what they make them for, and the label of the pods behind them."""


def environment(manifests: Manifests, workload: Manifest) -> Mapping[str, str]:
    """The environment of a workload's container."""
    (container,) = containers_of(workload)
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        if platform := manifests.named("ConfigMap", source["configMapRef"]["name"]):
            found |= platform["data"]
    labels = template_of(workload)["metadata"]["labels"]
    for each in container.get("env", ()):
        field = each.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath", "")
        named = re.fullmatch(r"metadata\.labels\['(.+)'\]", field)
        found[each["name"]] = labels[named[1]] if named else each["value"]
    return found


def told(manifests: Manifests, workload: Manifest) -> Mapping[str, str]:
    """The settings of a process: those of files have what these hold, with something in the place of what is secret."""
    return {
        name.removesuffix("_FILE"): (_content(manifests, workload, value) or UNTOLD)
        if name.endswith("_FILE")
        else value
        for name, value in environment(manifests, workload).items()
    }


def _content(manifests: Manifests, workload: Manifest, path: str) -> str | None:
    """What a file holds that is of a Secret from a store outside; None where that is not known."""
    for _, name, key in _behind(workload, path):
        secret = manifests.named("ExternalSecret", name)
        template = secret["spec"]["target"]["template"]["data"] if secret else {}
        if key in template:
            return re.sub(r"{{.*?}}", UNTOLD, template[key])
    return None


def _behind(workload: Manifest, path: str) -> Iterator[tuple[str, str, str]]:
    """The ConfigMaps or Secrets of which a file may be: kind, name and key."""
    (container,) = containers_of(workload)
    volumes = {volume["name"]: volume for volume in template_of(workload)["spec"].get("volumes", ())}
    for mount in container.get("volumeMounts", ()):
        if path.startswith(f"{mount['mountPath']}/") and mount["name"] in volumes:
            file = path.removeprefix(f"{mount['mountPath']}/")
            for kind, name, items in sources(volumes[mount["name"]]):
                if not items or file in items:
                    yield kind, name, items.get(file, file)


def strange(manifests: Manifests, known: set[str]) -> Iterator[str]:
    """No name is misspelt."""
    for workload in manifests.ours():
        for name in sorted(told(manifests, workload).keys() - known):
            if not STANDARD.fullmatch(name):
                yield f"{called(workload)}: {name} is no setting"


def paths(manifests: Manifests, elsewhere: Keys) -> Iterator[str]:
    """A file that a setting names is there."""
    there = holders(manifests, elsewhere)
    for workload in manifests.ours():
        for name, value in {**told(manifests, workload), **environment(manifests, workload)}.items():
            # Of what all are told, migrating takes where its database is, and the canary nothing of Kafka.
            if workload["kind"] == "Job" and not name.startswith("DATABASE_URL"):
                continue
            if labels_of(workload)["app.kubernetes.io/component"] == "canary" and name.startswith("KAFKA_"):
                continue
            for path in re.findall(r"(?:^|=)(/[^&\s]+)", value):
                keys = [(there.get((kind, holder)), key) for kind, holder, key in _behind(workload, path)]
                if not any(known is None or key in known for known, key in keys):
                    yield f"{called(workload)}: {name} names {path}, and nothing is there"


def addresses(manifests: Manifests) -> Iterator[str]:
    """Who is asked is there, and may be asked."""
    for workload in manifests.ours("api", "worker"):
        settings = told(manifests, workload)
        # What is made elsewhere is not known here.
        asked = [("DATABASE_URL", *_place(url)) for url in (settings["DATABASE_URL"],) if url != UNTOLD]
        if labels_of(workload)["app.kubernetes.io/component"] == "worker":
            places = settings["KAFKA_BOOTSTRAP"].split(",")
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
        ours = pod.labels.get("app.kubernetes.io/component") in ("api", "worker", "canary")
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
        name
        for workload in manifests.workloads()
        for volume in template_of(workload)["spec"].get("volumes", ())
        for _, name, _ in sources(volume)
    }
    for each in manifests.of("ConfigMap"):
        if each["metadata"]["name"] not in used and "grafana_dashboard" not in labels_of(each):
            yield f"{called(each)}: nobody reads it"
