"""The checks find what they are for: a fault is planted, and the check says in which object."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

import pytest
from manifests.checks import checks
from manifests.objects import Manifest, Manifests
from manifests.rendering import OVERLAYS, manifests_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

API: Final = ("Deployment", "companies-api")
WORKER: Final = ("Deployment", "companies-worker")
POD: Final = ("spec", "template", "spec")
CONTAINER: Final = (*POD, "containers", 0)
GONE: Final = object()

Way = tuple[str | int, ...]
Plant = Callable[[Manifests], None]


def put(kind: str, name: str, path: Way, value: Any) -> Plant:
    """Puts a value where the path leads in an object, or takes away what is there."""

    def plant(manifests: Manifests) -> None:
        found = manifests.named(kind, name)
        assert found is not None, f"{kind}/{name}"
        *way, last = path
        place: Any = found
        for step in way:
            place = place[step]
        if value is GONE:
            del place[last]
        else:
            place[last] = value

    return plant


def without(kind: str, name: str) -> Plant:
    """Takes an object away."""

    def plant(manifests: Manifests) -> None:
        found = manifests.named(kind, name)
        assert found is not None, f"{kind}/{name}"
        manifests.objects = [each for each in manifests.objects if each is not found]

    return plant


def another(kind: str, name: str, change: Callable[[Manifest], None]) -> Plant:
    """Adds a changed copy of an object."""

    def plant(manifests: Manifests) -> None:
        copied = deepcopy(manifests.named(kind, name))
        assert copied is not None, f"{kind}/{name}"
        change(copied)
        manifests.objects = [*manifests.objects, copied]

    return plant


def policy(name: str, **spec: Any) -> Plant:
    """Adds a policy."""

    def plant(manifests: Manifests) -> None:
        added = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name},
            "spec": spec,
        }
        manifests.objects = [*manifests.objects, added]

    return plant


def scaled_twice(scaler: Manifest) -> None:
    scaler["kind"] = "ScaledObject"
    scaler["spec"] |= {"minReplicaCount": 1, "maxReplicaCount": 2}


def in_a_secret(configuration: Manifest) -> None:
    configuration["kind"] = "Secret"


ANYBODY: Final = [{"ports": [{"port": 8000}]}]
ANYHOW: Final = [{"from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/component": "api"}}}]}]
TO_NOBODY: Final = [{"to": [{"podSelector": {"matchLabels": {"app": "nobody"}}}], "ports": [{"port": 5432}]}]
WORKERS: Final = {"matchLabels": {"app.kubernetes.io/component": "worker"}}
APIS: Final = {"matchLabels": {"app.kubernetes.io/component": "api"}}

PLANTED: Final[list[tuple[str, Plant, str]]] = [
    (
        "selectors",
        put("Service", "companies", ("spec", "selector", "app.kubernetes.io/component"), "apis"),
        "Service/companies",
    ),
    (
        "selectors",
        put("Service", "companies", ("spec", "selector", "app.kubernetes.io/component"), GONE),
        "Service/companies",
    ),
    (
        "selectors",
        put("PodDisruptionBudget", "companies-api", ("spec", "selector", "matchLabels"), {}),
        "PodDisruptionBudget/companies-api",
    ),
    (
        "selectors",
        put(*API, ("spec", "selector", "matchLabels", "app.kubernetes.io/component"), GONE),
        "Deployment/companies-api",
    ),
    (
        "selectors",
        put(*API, (*POD, "topologySpreadConstraints", 0, "labelSelector", "matchLabels"), {"app": "x"}),
        "Deployment/companies-api",
    ),
    ("ports", put("Service", "companies", ("spec", "ports", 0, "targetPort"), "htttp"), "Service/companies"),
    ("ports", put(*API, (*CONTAINER, "readinessProbe", "httpGet", "port"), "htttp"), "Deployment/companies-api"),
    (
        "ports",
        put("PodMonitor", "territory", ("spec", "podMetricsEndpoints", 0, "port"), "metric"),
        "PodMonitor/territory",
    ),
    (
        "ports",
        put("PodMonitor", "territory", ("spec", "selector", "matchLabels"), {"app": "x"}),
        "PodMonitor/territory",
    ),
    ("probes", put(*API, (*CONTAINER, "livenessProbe", "httpGet", "path"), "/ready"), "Deployment/companies-api"),
    ("probes", put(*WORKER, (*CONTAINER, "readinessProbe"), GONE), "Deployment/companies-worker"),
    ("rollouts", put(*API, ("spec", "strategy", "rollingUpdate", "maxUnavailable"), 1), "Deployment/companies-api"),
    ("rollouts", put(*API, (*POD, "topologySpreadConstraints", 0), GONE), "Deployment/companies-api"),
    ("resources", put(*API, (*CONTAINER, "resources", "limits", "memory"), GONE), "Deployment/companies-api"),
    ("resources", put(*API, (*CONTAINER, "resources", "requests", "memory"), "1Gi"), "Deployment/companies-api"),
    ("resources", put("Job", "companies-migrate", (*CONTAINER, "resources"), GONE), "Job/companies-migrate"),
    (
        "restricted",
        put("Namespace", "territory", ("metadata", "labels", "pod-security.kubernetes.io/enforce"), "baseline"),
        "Namespace/territory",
    ),
    ("restricted", put(*API, (*POD, "securityContext", "runAsNonRoot"), GONE), "Deployment/companies-api"),
    ("restricted", put(*API, (*POD, "securityContext", "seccompProfile"), GONE), "Deployment/companies-api"),
    ("restricted", put(*API, (*POD, "automountServiceAccountToken"), GONE), "Deployment/companies-api"),
    ("restricted", put(*API, (*POD, "hostNetwork"), value=True), "Deployment/companies-api"),
    (
        "restricted",
        put(*API, (*POD, "volumes", 0), {"name": "tmp", "hostPath": {"path": "/var/lib"}}),
        "Deployment/companies-api",
    ),
    (
        "restricted",
        put(*API, (*CONTAINER, "securityContext", "readOnlyRootFilesystem"), GONE),
        "Deployment/companies-api",
    ),
    (
        "restricted",
        put(*API, (*CONTAINER, "securityContext", "allowPrivilegeEscalation"), value=True),
        "Deployment/companies-api",
    ),
    (
        "restricted",
        put(*API, (*CONTAINER, "securityContext", "capabilities", "add"), ["NET_ADMIN"]),
        "Deployment/companies-api",
    ),
    ("restricted", put(*API, (*CONTAINER, "securityContext", "runAsUser"), 0), "Deployment/companies-api"),
    ("stopping", put(*API, (*POD, "terminationGracePeriodSeconds"), 28), "Deployment/companies-api"),
    ("stopping", put(*API, (*CONTAINER, "lifecycle"), GONE), "Deployment/companies-api"),
    ("stopping", put(*WORKER, (*POD, "terminationGracePeriodSeconds"), 20), "Deployment/companies-worker"),
    (
        "digests",
        put("Job", "companies-migrate", (*CONTAINER, "image"), "territory-platform:1"),
        "Job/companies-migrate",
    ),
    (
        "autoscalers",
        put("HorizontalPodAutoscaler", "companies-api", ("spec", "minReplicas"), 9),
        "HorizontalPodAutoscaler/companies-api",
    ),
    (
        "autoscalers",
        put("ScaledObject", "companies-worker", ("spec", "minReplicaCount"), 0),
        "ScaledObject/companies-worker",
    ),
    (
        "autoscalers",
        put("ScaledObject", "companies-worker", ("spec", "maxReplicaCount"), 13),
        "Deployment/companies-worker",
    ),
    (
        "autoscalers",
        put("ScaledObject", "companies-worker", ("spec", "fallback", "replicas"), 9),
        "ScaledObject/companies-worker",
    ),
    (
        "autoscalers",
        put("ScaledObject", "companies-worker", ("spec", "scaleTargetRef", "name"), "company"),
        "ScaledObject/companies-worker",
    ),
    ("autoscalers", another("HorizontalPodAutoscaler", "companies-api", scaled_twice), "Deployment/companies-api"),
    ("autoscalers", put(*API, ("spec", "replicas"), 2), "Deployment/companies-api"),
    (
        "budgets",
        put("PodDisruptionBudget", "companies-api", ("spec", "maxUnavailable"), 2),
        "PodDisruptionBudget/companies-api",
    ),
    (
        "budgets",
        put("PodDisruptionBudget", "companies-api", ("spec", "maxUnavailable"), 0),
        "PodDisruptionBudget/companies-api",
    ),
    ("budgets", without("PodDisruptionBudget", "companies-api"), "Deployment/companies-api"),
    (
        "connections",
        put("Cluster", "postgres", ("spec", "postgresql", "parameters", "max_connections"), "100"),
        "Cluster/postgres",
    ),
    ("defaults", without("NetworkPolicy", "nothing-by-default"), "NetworkPolicy"),
    ("defaults", put("NetworkPolicy", "nothing-by-default", ("spec", "policyTypes"), ["Ingress"]), "NetworkPolicy"),
    ("defaults", policy("open", podSelector=APIS, policyTypes=["Ingress"], ingress=ANYBODY), "NetworkPolicy/open"),
    (
        "defaults",
        policy(
            "open",
            podSelector=APIS,
            policyTypes=["Ingress"],
            ingress=[{"from": [{"podSelector": {}}], "ports": [{"port": 8000}]}],
        ),
        "NetworkPolicy/open",
    ),
    ("defaults", policy("open", podSelector=APIS, policyTypes=["Ingress"], ingress=ANYHOW), "NetworkPolicy/open"),
    (
        "defaults",
        put("NetworkPolicy", "services-to-postgres", ("spec", "policyTypes"), ["Ingress"]),
        "NetworkPolicy/services-to-postgres",
    ),
    (
        "reach_nobody",
        put("NetworkPolicy", "services-to-postgres", ("spec", "podSelector", "matchLabels"), {"app": "x"}),
        "NetworkPolicy/services-to-postgres",
    ),
    (
        "reach_nobody",
        put("NetworkPolicy", "services-to-postgres", ("spec", "egress"), TO_NOBODY),
        "NetworkPolicy/services-to-postgres",
    ),
    (
        "reach_nobody",
        put("NetworkPolicy", "gateway-to-apis", ("spec", "ingress", 0, "ports", 0, "port"), "htttp"),
        "NetworkPolicy/gateway-to-apis",
    ),
    (
        "reach_nobody",
        put("NetworkPolicy", "workers-to-kafka", ("spec", "egress", 0, "ports", 0, "port"), 9092),
        "NetworkPolicy/workers-to-kafka",
    ),
    (
        "pairs",
        put("NetworkPolicy", "postgres", ("spec", "ingress", 0), GONE),
        "Deployment/companies-api to Cluster/postgres by 5432: Cluster/postgres lets nobody in",
    ),
    (
        "pairs",
        without("NetworkPolicy", "services-to-postgres"),
        "Deployment/companies-api to Cluster/postgres by 5432: Deployment/companies-api lets nobody out",
    ),
    (
        "pairs",
        put("Kafka", "kafka", ("spec", "kafka", "listeners", 0, "networkPolicyPeers"), [{"podSelector": APIS}]),
        "Deployment/companies-worker to KafkaNodePool/brokers by 9093",
    ),
    (
        "pairs",
        policy(
            "more",
            podSelector=WORKERS,
            policyTypes=["Egress"],
            egress=[{"to": [{"podSelector": APIS}], "ports": [{"port": "http"}]}],
        ),
        "Deployment/companies-worker to Deployment/companies-api by 8000",
    ),
    ("references", without("ExternalSecret", "companies"), "Deployment/companies-api: the Secret companies"),
    ("references", without("ServiceAccount", "companies"), "Deployment/companies-api: the ServiceAccount companies"),
    ("references", without("ExternalSecret", "companies-database"), "Cluster/postgres: the Secret companies-database"),
    ("references", without("ExternalSecret", "backups"), "ObjectStore/postgres: the Secret backups"),
    ("references", without("Certificate", "gateway"), "Gateway/territory: the Secret gateway-tls"),
    ("references", without("Kafka", "kafka"), "KafkaTopic/issoudun.companies.v1: the Kafka kafka"),
    ("references", without("ObjectStore", "postgres"), "Cluster/postgres: the ObjectStore postgres"),
    ("references", without("Service", "companies"), "HTTPRoute/companies: the port 80 of the Service companies"),
    (
        "references",
        put("HTTPRoute", "companies", ("spec", "parentRefs", 0, "sectionName"), "tls"),
        "HTTPRoute/companies: the listener tls",
    ),
    ("references", put("Database", "companies", ("spec", "owner"), "company"), "Database/companies: its owner company"),
    (
        "references",
        put(
            "KafkaUser",
            "companies",
            ("spec", "authentication", "password", "valueFrom", "secretKeyRef", "key"),
            "PASSWORD",
        ),
        "KafkaUser/companies: the Secret companies has no PASSWORD",
    ),
    (
        "references",
        put(*API, (*CONTAINER, "envFrom", 0, "configMapRef", "name"), "platforms"),
        "Deployment/companies-api: the ConfigMap platforms",
    ),
    (
        "references",
        put(*API, (*CONTAINER, "volumeMounts", 0, "name"), "temporary"),
        "Deployment/companies-api: the volume temporary",
    ),
    (
        "references",
        put(*API, (*POD, "volumes", 0), {"name": "tmp", "persistentVolumeClaim": {"claimName": "x"}}),
        "Deployment/companies-api: the PersistentVolumeClaim x",
    ),
    (
        "overwritten",
        put("Kafka", "kafka", ("spec", "entityOperator", "userOperator", "secretPrefix"), ""),
        "KafkaUser/companies",
    ),
    ("no_secrets", another("ConfigMap", "dashboard-companies", in_a_secret), "Secret/dashboard-companies"),
    (
        "no_secrets",
        put("ConfigMap", "dashboard-companies", ("data", "PERSONAL_KEY"), "x" * 32),
        "ConfigMap/dashboard-companies: PERSONAL_KEY",
    ),
    (
        "no_secrets",
        put(*API, (*CONTAINER, "env", 0), {"name": "DATABASE_URL", "value": "postgresql://a:b@c:1/d"}),
        "Deployment/companies-api: DATABASE_URL",
    ),
    ("paths", put(*WORKER, (*CONTAINER, "volumeMounts", 0), GONE), "Deployment/companies-worker: DATABASE_URL_FILE"),
    (
        "paths",
        put("ExternalSecret", "companies", ("spec", "target", "template", "data", "PERSONAL_KEY"), GONE),
        "Deployment/companies-api: PERSONAL_KEY_FILE",
    ),
    (
        "paths",
        put(*WORKER, (*CONTAINER, "volumeMounts", 2), GONE),
        "Deployment/companies-worker: KAFKA_SSL_CA",
    ),
    (
        "addresses",
        without("Cluster", "postgres"),
        "Deployment/companies-api: DATABASE_URL leads to postgres-rw:5432, which is not there",
    ),
    (
        "addresses",
        without("NetworkPolicy", "workers-to-kafka"),
        "Deployment/companies-worker: KAFKA_BOOTSTRAP leads to kafka-kafka-bootstrap:9093, which it may not ask",
    ),
    ("routes", without("HTTPRoute", "companies"), "Deployment/companies-api: nothing leads to /companies"),
    (
        "routes",
        put("HTTPRoute", "companies", ("spec", "rules", 0, "timeouts", "request"), "60s"),
        "HTTPRoute/companies: /companies/v1/imports",
    ),
    (
        "routes",
        put("HTTPRoute", "companies", ("spec", "rules", 1, "timeouts", "request"), "15s"),
        "HTTPRoute/companies: /companies is",
    ),
    (
        "monitored",
        put("PodMonitor", "territory", ("spec", "selector", "matchExpressions", 0, "values"), ["api"]),
        "Deployment/companies-worker",
    ),
    (
        "unused",
        another("ConfigMap", "dashboard-companies", lambda each: each["metadata"].update(name="left", labels={})),
        "ConfigMap/left",
    ),
]


@pytest.mark.parametrize(("check", "plant", "said"), PLANTED, ids=[f"{check}-{said}" for check, _, said in PLANTED])
def test_a_fault_that_is_planted_is_found(check: str, plant: Plant, said: str) -> None:
    manifests = manifests_of(OVERLAYS["production"])
    plant(manifests)
    faults = list(checks("production")[check](manifests))
    assert [fault for fault in faults if fault.startswith(said)], faults


def test_a_fault_is_planted_for_every_check() -> None:
    assert {check for check, _, _ in PLANTED} == checks("production").keys()
