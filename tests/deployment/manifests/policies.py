"""Who may talk to whom: each way is allowed on both its sides, nothing is allowed that is not named."""

from collections.abc import Iterator

from manifests.objects import KAFKA_PORTS, Manifest, Manifests, Pod, called, selects

BOTH = {"Ingress", "Egress"}
SIDES = (("Egress", "egress", "to"), ("Ingress", "ingress", "from"))


def defaults(manifests: Manifests) -> Iterator[str]:
    """Nothing comes in and nothing goes out by itself, and no rule takes that back."""
    nothing = [
        each
        for each in manifests.of("NetworkPolicy")
        if each["spec"]["podSelector"] == {}
        and set(each["spec"]["policyTypes"]) == BOTH
        and not any(each["spec"].get(key) for _, key, _ in SIDES)
    ]
    if not nothing:
        yield "NetworkPolicy: none says that nothing comes in and nothing goes out"
    for policy in manifests.of("NetworkPolicy"):
        for kind, key, peers in SIDES:
            if policy["spec"].get(key) and kind not in policy["spec"]["policyTypes"]:
                yield f"{called(policy)}: it has rules of {key}, and does not apply to it"
            for rule in policy["spec"].get(key, ()):
                if not rule.get("ports"):
                    yield f"{called(policy)}: it allows {key} by all ports"
                if not rule.get(peers) or any(peer == {} or peer.get("podSelector") == {} for peer in rule[peers]):
                    yield f"{called(policy)}: it allows {key} {peers} everybody"


def reach_nobody(manifests: Manifests) -> Iterator[str]:
    """A policy applies to pods that there are; its peers in this namespace are there, with the ports it names."""
    pods = manifests.pods()
    for policy in manifests.of("NetworkPolicy"):
        own = [pod for pod in pods if selects(policy["spec"]["podSelector"], pod.labels)]
        if not own:
            yield f"{called(policy)}: it applies to nobody"
        for _, key, peers in SIDES:
            for rule in policy["spec"].get(key, ()):
                for peer in rule.get(peers, ()):
                    if set(peer) != {"podSelector"}:
                        continue
                    others = [pod for pod in pods if selects(peer["podSelector"], pod.labels)]
                    if not others:
                        yield f"{called(policy)}: {key} {peers} pods that there are not"
                    targets = others if key == "egress" else own
                    for port in rule.get("ports", ()):
                        if targets and all(pod.port(port["port"]) is None for pod in targets):
                            yield f"{called(policy)}: {key} by the port {port['port']}, which is not there"
                if key == "ingress":
                    for port in rule.get("ports", ()):
                        if own and all(pod.port(port["port"]) is None for pod in own):
                            yield f"{called(policy)}: ingress by the port {port['port']}, which is not there"


def pairs(manifests: Manifests) -> Iterator[str]:
    """What one pod may ask of another, that one may be asked by it, and the other way round."""
    for source in manifests.pods():
        for target in manifests.pods():
            for port in sorted(set(target.ports.values())):
                leaves, enters = may_leave(manifests, source, target, port), may_enter(manifests, source, target, port)
                if leaves != enters:
                    shut, side = (target, "in") if leaves else (source, "out")
                    yield f"{source.owner} to {target.owner} by {port}: {shut.owner} lets nobody {side}"


def may_leave(manifests: Manifests, source: Pod, target: Pod, port: int) -> bool:
    """Whether the source's policies let it ask the target."""
    return _allowed(manifests.of("NetworkPolicy"), "egress", "to", source, target, target, port)


def may_enter(manifests: Manifests, source: Pod, target: Pod, port: int) -> bool:
    """Whether the target's policies let the source ask."""
    written = [*manifests.of("NetworkPolicy"), *_of_strimzi(manifests)]
    return _allowed(written, "ingress", "from", target, source, target, port)


def _allowed(policies: list[Manifest], key: str, peers: str, own: Pod, other: Pod, target: Pod, port: int) -> bool:
    return any(
        selects(policy["spec"]["podSelector"], own.labels)
        and any(set(peer) == {"podSelector"} and selects(peer["podSelector"], other.labels) for peer in rule[peers])
        and any(target.port(each["port"]) == port for each in rule["ports"])
        for policy in policies
        for rule in policy["spec"].get(key, ())
        if rule.get(peers) and rule.get("ports")
    )


def _of_strimzi(manifests: Manifests) -> Iterator[Manifest]:
    """Strimzi itself lets in whom the listeners of a cluster name, and the cluster's own pods."""
    for kafka in manifests.of("Kafka"):
        own = {"matchLabels": {"strimzi.io/cluster": kafka["metadata"]["name"]}}
        rules: list[Manifest] = [
            {"from": [{"podSelector": own}], "ports": [{"port": port} for port in KAFKA_PORTS]},
            *(
                {"from": listener["networkPolicyPeers"], "ports": [{"port": listener["port"]}]}
                for listener in kafka["spec"]["kafka"]["listeners"]
            ),
        ]
        brokers = {**own["matchLabels"], "strimzi.io/name": f"{kafka['metadata']['name']}-kafka"}
        yield {"spec": {"podSelector": {"matchLabels": brokers}, "ingress": rules}}
