"""What objects name by its name: that it is there, with the keys that are asked of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from manifests.objects import Manifest, Manifests, called, containers_of, labels_of, template_of

Keys = Mapping[tuple[str, str], set[str] | None]
"""Of each ConfigMap and Secret that there is, by kind and name, its keys; None where they cannot be told."""
BASIC: Final = {"username", "password"}


def holders(manifests: Manifests, elsewhere: Keys) -> Keys:
    """ConfigMaps and Secrets: those applied, those that operators make of what is applied, and those made elsewhere."""
    found: dict[tuple[str, str], set[str] | None] = dict(elsewhere)
    for each in manifests.of("ConfigMap", "Secret"):
        found[each["kind"], each["metadata"]["name"]] = {*each.get("data", ()), *each.get("stringData", ())}
    for each in manifests.of("ExternalSecret"):
        target = each["spec"].get("target", {})
        name = target.get("name", each["metadata"]["name"])
        found["Secret", name] = set(target["template"]["data"]) if "template" in target else None
    for each in manifests.of("Certificate"):
        found["Secret", each["spec"]["secretName"]] = {"tls.crt", "tls.key"}
    for each in manifests.of("Cluster"):
        found["Secret", f"{each['metadata']['name']}-ca"] = {"ca.crt", "ca.key"}
    for each in manifests.of("Kafka"):
        found["Secret", f"{each['metadata']['name']}-cluster-ca-cert"] = {"ca.crt", "ca.p12", "ca.password"}
        prefix = each["spec"]["entityOperator"]["userOperator"].get("secretPrefix", "")
        for user in manifests.of("KafkaUser"):
            found["Secret", prefix + user["metadata"]["name"]] = {"password", "sasl.jaas.config"}
    return found


def overwritten(manifests: Manifests) -> Iterator[str]:
    """No Secret that an operator makes has the name of one that another makes."""
    made: dict[str, str] = {}
    prefixes = [
        each["spec"]["entityOperator"]["userOperator"].get("secretPrefix", "") for each in manifests.of("Kafka")
    ]
    written = [
        *(
            (each["spec"].get("target", {}).get("name", each["metadata"]["name"]), each)
            for each in manifests.of("ExternalSecret")
        ),
        *((each["spec"]["secretName"], each) for each in manifests.of("Certificate")),
        *(
            (f"{each['metadata']['name']}-{part}", each)
            for each in manifests.of("Cluster")
            for part in ("app", "ca", "server", "replication")
        ),
        *((prefix + each["metadata"]["name"], each) for each in manifests.of("KafkaUser") for prefix in prefixes),
    ]
    for name, each in written:
        if name in made:
            yield f"{called(each)}: its Secret {name} is {made[name]}'s, too"
        made[name] = called(each)


def references(manifests: Manifests, elsewhere: Keys) -> Iterator[str]:
    """Every ConfigMap, Secret, account and claim that is named is there."""
    there = holders(manifests, elsewhere)
    for owner, kind, name, keys in _named(manifests):
        if (kind, name) not in there:
            yield f"{owner}: the {kind} {name} is not there"
        elif missing := keys - (known if (known := there[kind, name]) is not None else keys):
            yield f"{owner}: the {kind} {name} has no {', '.join(sorted(missing))}"
    for workload in manifests.workloads():
        spec = template_of(workload)["spec"]
        account = spec.get("serviceAccountName")
        if account and not manifests.named("ServiceAccount", account):
            yield f"{called(workload)}: the ServiceAccount {account} is not there"
        volumes = {volume["name"] for volume in spec.get("volumes", ())}
        volumes |= {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", ())}
        for container in containers_of(workload):
            for mount in container.get("volumeMounts", ()):
                if mount["name"] not in volumes:
                    yield f"{called(workload)}: the volume {mount['name']} is not there"
        for volume in spec.get("volumes", ()):
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and not manifests.named("PersistentVolumeClaim", claim):
                yield f"{called(workload)}: the PersistentVolumeClaim {claim} is not there"
    yield from _of_resources(manifests)


def sources(volume: Manifest) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Of what the files of a volume are: kind and name, and the keys by file where these are told."""
    for each in [volume, *volume.get("projected", {}).get("sources", ())]:
        for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret")):
            if told := each.get(field):
                items = {item["path"]: item["key"] for item in told.get("items", ())}
                yield kind, told.get("secretName") or told["name"], items


def _named(manifests: Manifests) -> Iterator[tuple[str, str, str, set[str]]]:
    """Who names which ConfigMap or Secret, and which keys of it."""
    for workload in manifests.workloads():
        for volume in template_of(workload)["spec"].get("volumes", ()):
            for kind, name, items in sources(volume):
                yield called(workload), kind, name, set(items.values())
        for container in containers_of(workload):
            for source in container.get("envFrom", ()):
                for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                    if told := source.get(field):
                        yield called(workload), kind, told["name"], set()
            for variable in container.get("env", ()):
                for kind, field in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                    if told := variable.get("valueFrom", {}).get(field):
                        yield called(workload), kind, told["name"], {told["key"]}
    for each in manifests.of("KafkaUser"):
        if told := each["spec"]["authentication"].get("password", {}).get("valueFrom", {}).get("secretKeyRef"):
            yield called(each), "Secret", told["name"], {told["key"]}
    for each in manifests.of("Cluster"):
        for role in each["spec"].get("managed", {}).get("roles", ()):
            yield called(each), "Secret", role["passwordSecret"]["name"], BASIC
    for each in manifests.of("ObjectStore"):
        for told in each["spec"]["configuration"]["s3Credentials"].values():
            yield called(each), "Secret", told["name"], {told["key"]}
    for each in manifests.of("Gateway"):
        for listener in each["spec"]["listeners"]:
            for told in listener.get("tls", {}).get("certificateRefs", ()):
                yield called(each), "Secret", told["name"], {"tls.crt", "tls.key"}


def _of_resources(manifests: Manifests) -> Iterator[str]:
    """What custom resources name of one another."""
    for each in manifests.of("KafkaTopic", "KafkaUser", "KafkaNodePool"):
        cluster = labels_of(each).get("strimzi.io/cluster", "")
        if not manifests.named("Kafka", cluster):
            yield f"{called(each)}: the Kafka {cluster} is not there"
    for each in manifests.of("Database", "ScheduledBackup"):
        cluster = each["spec"]["cluster"]["name"]
        found = manifests.named("Cluster", cluster)
        if not found:
            yield f"{called(each)}: the Cluster {cluster} is not there"
        elif each["kind"] == "Database" and each["spec"]["owner"] not in {
            role["name"] for role in found["spec"].get("managed", {}).get("roles", ())
        }:
            yield f"{called(each)}: its owner {each['spec']['owner']} is no role of the Cluster {cluster}"
    for each in manifests.of("Cluster"):
        for plugin in each["spec"].get("plugins", ()):
            store = plugin["parameters"]["barmanObjectName"]
            if not manifests.named("ObjectStore", store):
                yield f"{called(each)}: the ObjectStore {store} is not there"
    for each in manifests.of("HTTPRoute"):
        for parent in each["spec"]["parentRefs"]:
            gateway = manifests.named("Gateway", parent["name"])
            listeners = gateway["spec"]["listeners"] if gateway else ()
            if parent["sectionName"] not in {listener["name"] for listener in listeners}:
                named = f"the listener {parent['sectionName']} of the Gateway {parent['name']}"
                yield f"{called(each)}: {named} is not there"
        for rule in each["spec"]["rules"]:
            for backend in rule.get("backendRefs", ()):
                service = manifests.named("Service", backend["name"])
                if not service or backend["port"] not in {port["port"] for port in service["spec"]["ports"]}:
                    yield f"{called(each)}: the port {backend['port']} of the Service {backend['name']} is not there"


def no_secrets(manifests: Manifests) -> Iterator[str]:
    """Nothing secret is written down: no Secret is applied, and no password stands in a setting."""
    yield from (f"{called(each)}: what is secret is written down" for each in manifests.of("Secret"))
    written = [(called(each), key, value) for each in manifests.of("ConfigMap") for key, value in each["data"].items()]
    written += [
        (called(workload), variable["name"], variable["value"])
        for workload in manifests.workloads()
        for container in containers_of(workload)
        for variable in container.get("env", ())
        if "value" in variable
    ]
    for owner, key, value in written:
        named = re.search(r"(PASSWORD|SECRET|TOKEN|_KEY)$", key)
        if (named and not value.startswith("/")) or re.search(r"://[^/\s:@]+:[^/\s@]+@", value):
            yield f"{owner}: {key} is secret and written down"
