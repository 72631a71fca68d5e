"""What operators are asked for is what the services are: read as written, without any tool."""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from devstack.host import service_of
from devstack.running import SERVICES
from eventstore.kafka.topics import SETTINGS
from service.definition import Service
from service.running.acls import Access, of_analyst, of_service
from service.running.settings import Names, Settings

DEPLOY: Final = Path(__file__).parents[1] / "deploy"
COMPONENTS: Final = DEPLOY / "k8s" / "components"
NAMES: Final = Names()
OWN_BUSINESS: Final = (
    ("authorization",),
    ("maxReplicaCount",),
    ("target", "template", "data", "PERSONAL_KEY"),
    ("target", "template", "data", "SMTP_URL"),
)
"""Wherein services differ by more than their names, and what is checked otherwise."""
Rule = tuple[str, str, bool, frozenset[str]]
"""Of an ACL: the kind of resource, its name, whether that is a prefix, and what may be done."""

every_service = pytest.mark.parametrize("service", [service_of(name) for name in SERVICES], ids=lambda each: each.name)


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text()))


def rules(path: Path, user: str) -> set[Rule]:
    (found,) = [each for each in documents(path) if each["metadata"]["name"] == user]
    return {
        (
            rule["resource"]["type"],
            rule["resource"]["name"],
            rule["resource"].get("patternType") == "prefix",
            frozenset(rule["operations"]),
        )
        for rule in found["spec"]["authorization"]["acls"]
    }


def allowed(access: Sequence[Access]) -> set[Rule]:
    return {(each.kind, each.name, each.prefix, frozenset(each.operations)) for each in access}


@every_service
def test_a_user_of_kafka_may_do_what_its_service_does_and_no_more(service: Service) -> None:
    assert rules(COMPONENTS / "strimzi/users.yaml", service.name) == allowed(of_service(service, NAMES))


def test_topics_are_what_relays_would_make() -> None:
    topics = documents(COMPONENTS / "strimzi/topics.yaml")
    assert {each["metadata"]["name"] for each in topics} == {
        access.name
        for name in SERVICES
        for access in of_service(service_of(name), NAMES)
        if access.kind == "topic" and "Write" in access.operations
    }
    for each in topics:
        assert each["spec"]["partitions"] == Settings.model_fields["topic_partitions"].default
        assert each["spec"]["config"] == SETTINGS
        assert each["spec"]["replicas"] == 3


def test_an_analyst_reads_what_is_about_no_person_in_groups_of_its_own_and_with_bounds() -> None:
    path = COMPONENTS / "analysts/users.yaml"
    for each in documents(path):
        name = each["metadata"]["name"]
        assert rules(path, name) == set().union(
            *(allowed(of_analyst(name, service_of(service), NAMES)) for service in SERVICES)
        )
        assert each["spec"]["quotas"]["consumerByteRate"] > 0
        assert 0 < each["spec"]["quotas"]["requestPercentage"] <= 50


@pytest.mark.parametrize(
    "path",
    [
        "autoscaling/apis.yaml",
        "autoscaling/workers.yaml",
        "cloudnative-pg/databases.yaml",
        "external-secrets/databases.yaml",
        "external-secrets/services.yaml",
        "gateway-api/routes.yaml",
        "strimzi/users.yaml",
    ],
)
def test_each_service_has_one_and_all_are_of_one_form(path: str) -> None:
    forms: dict[str, str] = {}
    for each in documents(COMPONENTS / path):
        for service in SERVICES:
            if re.fullmatch(rf"{service}(-api|-worker|-database)?", each["metadata"]["name"]):
                for own_business in OWN_BUSINESS:
                    _without(each["spec"], own_business)
                forms[service] = yaml.dump(each).replace(service, "service")
    assert forms.keys() == set(SERVICES)
    assert len(set(forms.values())) == 1


def _without(spec: dict[str, Any], path: Sequence[str]) -> None:
    *way, last = path
    for step in way:
        spec = spec.get(step, {})
    spec.pop(last, None)


def test_the_operator_of_prometheus_is_given_the_alerts_that_there_are() -> None:
    path = COMPONENTS / "monitoring/alerts.py"
    spec = importlib.util.spec_from_file_location("alerts", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.WRITTEN.read_text() == module.written(), "make them anew: .venv/bin/python " + str(path)


def test_grafana_is_given_every_dashboard() -> None:
    folder = DEPLOY / "observability/dashboards"
    (kustomization,) = documents(folder / "kustomization.yaml")
    given = {name for each in kustomization["configMapGenerator"] for name in each["files"]}
    assert given == {path.name for path in folder.glob("*.json")}
