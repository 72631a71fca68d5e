"""Pods: that they are selected by who means them, may do nothing that they need not, and end in time."""

import re
from collections.abc import Iterator
from typing import Final

from manifests.objects import Manifest, Manifests, called, containers_of, labels_of, selects, template_of

PLAIN_VOLUMES: Final = {
    "configMap",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
"""Volumes that the restricted level of pod security lets be; `csi` is of no use here."""
UNITS: Final = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}


def quantity(written: str | float) -> float:
    """An amount as Kubernetes writes it, `320Mi` or `50m`, in bytes or processors."""
    found = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(written))
    if found is None:
        raise ValueError(written)
    return float(found[1]) * UNITS[found[2]]


def selectors(manifests: Manifests) -> Iterator[str]:
    """A workload's selector selects its own pods and nobody else's; a Service and a budget one workload's."""
    pods = manifests.pods()
    for each in manifests.of("Deployment", "StatefulSet"):
        selected = {pod.owner for pod in pods if selects(each["spec"]["selector"], pod.labels)}
        if selected != {called(each)}:
            yield f"{called(each)}: its selector selects pods of {', '.join(sorted(selected)) or 'nobody'}"
        for spread in template_of(each)["spec"].get("topologySpreadConstraints", ()):
            if not selects(spread["labelSelector"], template_of(each)["metadata"]["labels"]):
                yield f"{called(each)}: it is spread over {spread['topologyKey']} by labels that it does not have"
    for each in manifests.of("Service", "PodDisruptionBudget"):
        selector = each["spec"]["selector"]
        wanted = {"matchLabels": selector} if each["kind"] == "Service" else selector
        selected = {pod.owner for pod in pods if selects(wanted, pod.labels)}
        if len(selected) != 1:
            yield f"{called(each)}: it selects pods of {', '.join(sorted(selected)) or 'nobody'}"


def ports(manifests: Manifests) -> Iterator[str]:
    """What leads to a port by its name leads to one that there is."""
    pods = manifests.pods()
    for service in manifests.of("Service"):
        for port in service["spec"]["ports"]:
            target = port.get("targetPort", port["port"])
            for pod in pods:
                if selects({"matchLabels": service["spec"]["selector"]}, pod.labels) and pod.port(target) is None:
                    yield f"{called(service)}: {pod.owner} has no port {target}"
    for monitor in manifests.of("PodMonitor"):
        asked = [pod for pod in pods if selects(monitor["spec"]["selector"], pod.labels)]
        if not asked:
            yield f"{called(monitor)}: it selects pods of nobody"
        for endpoint in monitor["spec"]["podMetricsEndpoints"]:
            yield from (
                f"{called(monitor)}: {pod.owner} has no port {endpoint['port']}"
                for pod in asked
                if pod.port(endpoint["port"]) is None
            )
    for workload in manifests.workloads():
        for container in containers_of(workload):
            there = {port.get("name") for port in container.get("ports", ())}
            for name in ("startupProbe", "livenessProbe", "readinessProbe"):
                probe = container.get(name, {})
                port = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port")
                if port is not None and port not in there:
                    yield f"{called(workload)}: {name} asks at the port {port}, which {container['name']} does not have"


def probes(manifests: Manifests) -> Iterator[str]:
    """A process that serves is given time to start, is ended only if it does not answer at all, and is asked for more
    before it is led to."""
    for workload in manifests.ours("api", "worker"):
        (container,) = containers_of(workload)
        for name, path in (("startupProbe", "/live"), ("livenessProbe", "/live"), ("readinessProbe", "/ready")):
            asked = container.get(name, {}).get("httpGet", {}).get("path")
            if asked != path:
                yield f"{called(workload)}: {name} asks for {asked}, and {path} is meant for it"


def rollouts(manifests: Manifests) -> Iterator[str]:
    """A new pod comes before an old one goes, and not all are in one place."""
    for workload in manifests.ours("api", "worker"):
        update = workload["spec"].get("strategy", {}).get("rollingUpdate", {})
        if update.get("maxUnavailable") != 0 or not update.get("maxSurge"):
            yield f"{called(workload)}: an update takes a pod away before there is another"
        spread = {each["topologyKey"] for each in template_of(workload)["spec"].get("topologySpreadConstraints", ())}
        if missing := {"topology.kubernetes.io/zone", "kubernetes.io/hostname"} - spread:
            yield f"{called(workload)}: it is not spread over {', '.join(sorted(missing))}"


def resources(manifests: Manifests) -> Iterator[str]:
    """Each container says what it needs and what it may take at most."""
    for workload in manifests.workloads():
        for container in containers_of(workload):
            given = container.get("resources", {})
            for kind in ("cpu", "memory"):
                least, most = given.get("requests", {}).get(kind), given.get("limits", {}).get(kind)
                if least is None or most is None:
                    yield f"{called(workload)}: {container['name']} does not say how much {kind} it needs, and at most"
                elif quantity(least) > quantity(most):
                    yield f"{called(workload)}: {container['name']} needs more {kind} than it may take"


def restricted(manifests: Manifests) -> Iterator[str]:
    """Namespaces enforce the restricted level; pods meet it, write nowhere but to volumes, and know no token."""
    for namespace in manifests.of("Namespace"):
        if labels_of(namespace).get("pod-security.kubernetes.io/enforce") != "restricted":
            yield f"{called(namespace)}: it does not enforce the restricted level of pod security"
    for workload in manifests.workloads():
        spec = template_of(workload)["spec"]
        yield from (f"{called(workload)}: {fault}" for fault in _unsafe(spec))
        for container in containers_of(workload):
            yield from (f"{called(workload)}: {container['name']} {fault}" for fault in _unsafe_container(container))


def _unsafe(spec: Manifest) -> Iterator[str]:
    context = spec.get("securityContext", {})
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        yield "it may run as root"
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "system calls are not restricted"
    if spec.get("automountServiceAccountToken") is not False:
        yield "it is given a token for Kubernetes"
    if any(spec.get(each) for each in ("hostNetwork", "hostPID", "hostIPC")):
        yield "it shares something with its node"
    for volume in spec.get("volumes", ()):
        if strange := volume.keys() - {"name"} - PLAIN_VOLUMES:
            yield f"its volume {volume['name']} is a {', '.join(strange)}"


def _unsafe_container(container: Manifest) -> Iterator[str]:
    context = container.get("securityContext", {})
    if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
        yield "may get more rights"
    if context.get("readOnlyRootFilesystem") is not True:
        yield "may write to its root file system"
    capabilities = context.get("capabilities", {})
    if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
        yield "has capabilities"
    if context.get("runAsUser") == 0 or context.get("runAsNonRoot") is False:
        yield "runs as root"


def stopping(manifests: Manifests, grace: float) -> Iterator[str]:
    """There is time to be led nowhere any more, to drain, and, `grace` seconds, to end what is under way."""
    for workload in manifests.ours("api", "worker"):
        given = template_of(workload)["spec"].get("terminationGracePeriodSeconds", 30)
        (container,) = containers_of(workload)
        slept = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        drain = next((float(each["value"]) for each in container.get("env", ()) if each["name"] == "DRAIN_SECONDS"), 0)
        if given <= slept + drain + grace:
            yield f"{called(workload)}: it has {given} s to end, and takes {slept} + {drain:g} + {grace:g}"
        if labels_of(workload)["app.kubernetes.io/component"] == "api" and not (slept and drain):
            yield f"{called(workload)}: requests still come when it ends"


def digests(manifests: Manifests) -> Iterator[str]:
    """Which image runs is said by its content."""
    for workload in manifests.workloads():
        for container in containers_of(workload):
            if not re.fullmatch(r"[^@]+@sha256:[0-9a-f]{64}", container["image"]):
                yield f"{called(workload)}: {container['image']} may be another tomorrow"
