"""How many pods there are, and what that asks of others."""

from collections.abc import Iterator

from manifests.objects import Manifest, Manifests, called, labels_of, selects, template_of


def bounds_of(manifests: Manifests, workload: Manifest) -> tuple[int, int]:
    """The least and the most pods that there are of a workload."""
    for scaler in _scalers_of(manifests, workload):
        least, most = _bounds(scaler)
        return least, most
    replicas = workload["spec"].get("replicas", 1)
    return replicas, replicas


def _scalers_of(manifests: Manifests, workload: Manifest) -> list[Manifest]:
    return [
        each
        for each in manifests.of("HorizontalPodAutoscaler", "ScaledObject")
        if each["spec"]["scaleTargetRef"].get("kind", "Deployment") == workload["kind"]
        and each["spec"]["scaleTargetRef"]["name"] == workload["metadata"]["name"]
    ]


def _bounds(scaler: Manifest) -> tuple[int, int]:
    if scaler["kind"] == "ScaledObject":
        return scaler["spec"].get("minReplicaCount", 0), scaler["spec"].get("maxReplicaCount", 100)
    return scaler["spec"].get("minReplicas", 1), scaler["spec"]["maxReplicas"]


def autoscalers(manifests: Manifests, partitions: int) -> Iterator[str]:
    """Each scales one workload, which nobody else does; workers not above the partitions that they share."""
    scaled = manifests.of("Deployment")
    for scaler in manifests.of("HorizontalPodAutoscaler", "ScaledObject"):
        least, most = _bounds(scaler)
        if not 1 <= least <= most:
            yield f"{called(scaler)}: there are {least} to {most}"
        fallback = scaler["spec"].get("fallback", {}).get("replicas", least)
        if not least <= fallback <= most:
            yield f"{called(scaler)}: there are {fallback} where it cannot tell, and {least} to {most} where it can"
        if not any(scaler in _scalers_of(manifests, workload) for workload in scaled):
            yield f"{called(scaler)}: it scales {scaler['spec']['scaleTargetRef']['name']}, which is not there"
    for workload in scaled:
        scalers = _scalers_of(manifests, workload)
        if len(scalers) > 1:
            yield f"{called(workload)}: it is scaled by {' and '.join(map(called, scalers))}"
        if scalers and "replicas" in workload["spec"]:
            yield f"{called(workload)}: how many there are is said here, and by {called(scalers[0])}"
        most = bounds_of(manifests, workload)[1]
        if labels_of(workload).get("app.kubernetes.io/component") == "worker" and most > partitions:
            yield f"{called(workload)}: there are {most} at most, for {partitions} partitions"


def budgets(manifests: Manifests) -> Iterator[str]:
    """Of what there are several, a node may be emptied of one, and is not of all."""
    for workload in manifests.of("Deployment"):
        labels = template_of(workload)["metadata"]["labels"]
        of_it = [each for each in manifests.of("PodDisruptionBudget") if selects(each["spec"]["selector"], labels)]
        least = bounds_of(manifests, workload)[0]
        if least > 1 and len(of_it) != 1:
            yield f"{called(workload)}: it has {len(of_it)} budgets"
        for budget in of_it:
            spec = budget["spec"]
            taken = spec["maxUnavailable"] if "maxUnavailable" in spec else least - spec["minAvailable"]
            if taken < 1:
                yield f"{called(budget)}: no node can be emptied while there are {least}"
            elif least > 1 and taken >= least:
                yield f"{called(budget)}: all {least} may be taken away at once"


def connections(manifests: Manifests, each: int) -> Iterator[str]:
    """PostgreSQL has room for all processes, those that are replaced included, of which each holds so many at most."""
    for cluster in manifests.of("Cluster"):
        room = int(cluster["spec"]["postgresql"]["parameters"].get("max_connections", 100))
        wanted = sum(
            (bounds_of(manifests, workload)[1] + workload["spec"]["strategy"]["rollingUpdate"]["maxSurge"]) * each
            for workload in manifests.ours("api", "worker")
        )
        if wanted > room:
            yield f"{called(cluster)}: there is room for {room} connections, and {wanted} may be asked for"
