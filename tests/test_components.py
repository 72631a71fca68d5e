"""What operators are asked for is what the services are: read as written, without any tool."""

import importlib.util
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from devstack.host import service_of
from devstack.running import SERVICES
from eventstore.kafka.topics import SETTINGS
from service.definition import Service
from service.running.settings import Settings

DEPLOY: Final = Path(__file__).parents[1] / "deploy"
COMPONENTS: Final = DEPLOY / "k8s" / "components"
CONFIGURED: Final = Settings(
    database_url="postgresql://user@server/companies",
    kafka_bootstrap="broker:9092",
    oidc_issuer="https://issuer.example.org",
    oidc_audience="territory",
    oidc_jwks_url="https://issuer.example.org/keys",
)
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


def own(service: Service) -> set[str]:
    """The topics that its relay writes."""
    return {CONFIGURED.topic(service.name), *(service.topic_by_type(CONFIGURED) or {}).values()}


def subscriptions(service: Service) -> Iterator[tuple[str, set[str]]]:
    """The consumer groups that its workers are in, each with the topics that it reads."""
    for mirror in service.mirrors:
        yield CONFIGURED.group(f"{service.name}-{mirror.subscription}"), {CONFIGURED.topic(mirror.of.topic)}
    if service.reactions:
        yield CONFIGURED.group(f"{service.name}-reactions"), {CONFIGURED.topic(each) for each in service.reacts_to}
    for subscribes in service.subscriptions:
        yield CONFIGURED.group(subscribes.begin(CONFIGURED)[0]), {CONFIGURED.topic(each) for each in subscribes.to}


@every_service
def test_a_user_of_kafka_may_do_what_its_service_does_and_no_more(service: Service) -> None:
    written, groups = own(service), dict(subscriptions(service))
    read = set().union(*groups.values()) - written
    given = rules(COMPONENTS / "strimzi/users.yaml", service.name)
    assert {rule for rule in given if rule[0] != "group"} == {
        *(("topic", name, False, frozenset({"Read", "Write", "Describe", "DescribeConfigs"})) for name in written),
        *(("topic", name, False, frozenset({"Read", "Describe"})) for name in read),
        ("transactionalId", f"{CONFIGURED.topic(service.name)}.relay", False, frozenset({"Write", "Describe"})),
    }
    in_groups = {rule for rule in given if rule[0] == "group"}
    assert {rule[3] for rule in in_groups} == {frozenset({"Read", "Describe"})}
    for group in groups:
        assert any(covers(rule, group) for rule in in_groups), f"{group} cannot be joined"
    for rule in in_groups:
        assert any(covers(rule, group) for group in groups), f"{rule[1]} is no group of the service's"


def covers(rule: Rule, name: str) -> bool:
    return name.startswith(rule[1]) if rule[2] else name == rule[1]


def test_no_service_may_join_a_group_of_another() -> None:
    groups = {name: dict(subscriptions(service_of(name))) for name in SERVICES}
    for user in SERVICES:
        for rule in rules(COMPONENTS / "strimzi/users.yaml", user):
            for service in SERVICES:
                if rule[0] == "group" and service != user:
                    assert not [group for group in groups[service] if covers(rule, group)], (user, service)


def test_topics_are_what_relays_would_make() -> None:
    topics = documents(COMPONENTS / "strimzi/topics.yaml")
    assert {each["metadata"]["name"] for each in topics} == set().union(*(own(service_of(name)) for name in SERVICES))
    for each in topics:
        assert each["spec"]["partitions"] == CONFIGURED.topic_partitions
        assert each["spec"]["config"] == SETTINGS
        assert each["spec"]["replicas"] == 3


def test_an_analyst_reads_what_is_about_no_person_in_groups_of_its_own_and_with_bounds() -> None:
    path = COMPONENTS / "analysts/users.yaml"
    topics = {CONFIGURED.topic(name) for name in SERVICES}
    for each in documents(path):
        name = each["metadata"]["name"]
        assert re.fullmatch(r"analyst-[a-z0-9-]+", name)
        may = frozenset({"Read", "Describe"})
        assert rules(path, name) == {
            *(("topic", topic, False, may) for topic in topics),
            ("group", f"{name}-", True, may),
        }
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
