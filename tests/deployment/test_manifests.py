"""Each overlay renders, its objects are what schemas say, nothing in them is unsafe, and they fit one another."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import certifi
import pytest
import yaml
from manifests.checks import checks
from manifests.configured import environment as environment_of
from manifests.configured import strange, told
from manifests.objects import Manifests, called, labels_of
from manifests.rendering import K8S, OVERLAYS, REPOSITORY, manifests_of, rendered
from manifests.schemas import BUILT_IN, invalid

from canary.settings import Settings as CanarySettings
from canary.settings import load as canary_settings
from devstack.host import service_of
from service.application import own_settings
from service.running.settings import Settings, load

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

WHOLE: Final = ("local", "production", "everything")
"""Overlays that have all that they name."""
KUBERNETES: Final = "1.34"
LONG: Final = REPOSITORY / ".venv" / "long" / "bin"
CHECKOV: Final = REPOSITORY / ".venv" / "checkov" / "bin" / "checkov"
SETTINGS: Final = {
    name.upper().removesuffix("_FILE") for known in (Settings, CanarySettings) for name in known.model_fields
}
A_MAIL_SERVER: Final = "smtps://user:password@server:465"
"""What a store outside says as a whole."""

every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
every_whole_overlay = pytest.mark.parametrize("overlay", WHOLE)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


@every_overlay
def test_kubernetes_knows_every_field_of_what_is_its_own(overlay: str, tmp_path: Path) -> None:
    own = [each for each in manifests_of(OVERLAYS[overlay]).objects if BUILT_IN.fullmatch(each["apiVersion"])]
    assert refused(own, tmp_path) == ""


def test_a_field_that_kubernetes_does_not_know_is_refused(tmp_path: Path) -> None:
    own = [each for each in manifests_of(OVERLAYS["production"]).objects if each["kind"] == "Deployment"]
    own[0]["spec"]["template"]["spec"]["containers"][0]["comand"] = ["python"]
    assert "comand" in refused(own, tmp_path)


def refused(objects: list[dict[str, Any]], folder: Path) -> str:
    """What is wrong with built-in objects, as the schemas of Kubernetes say."""
    path = folder / "objects.yaml"
    path.write_text(yaml.safe_dump_all(objects))
    done = run(LONG / "kubernetes-validate", "--strict", "-k", KUBERNETES, "--quiet", path)
    return done.stdout + done.stderr


@every_overlay
def test_operators_know_every_field_of_what_is_theirs(overlay: str) -> None:
    assert list(invalid(manifests_of(OVERLAYS[overlay]))) == []


@pytest.mark.parametrize(
    ("kind", "name", "path", "value"),
    [
        ("Kafka", "kafka", ("spec", "kafka", "listeners", 0, "authentication", "type"), "scram-sha-256"),
        ("KafkaNodePool", "brokers", ("spec", "roles"), ["brokers"]),
        ("KafkaTopic", "issoudun.companies.v1", ("spec", "partition"), 12),
        ("KafkaUser", "companies", ("spec", "authorization", "acls", 0, "operations"), ["Reads"]),
        ("Cluster", "postgres", ("spec", "postgresql", "synchronous", "method"), "some"),
        ("Database", "companies", ("spec", "cluster"), "postgres"),
        ("ScheduledBackup", "postgres", ("spec", "methods"), "plugin"),
        ("ObjectStore", "postgres", ("spec", "retentionPolicy"), "two weeks"),
        ("ScaledObject", "companies-worker", ("spec", "maxReplicas"), 3),
        ("HTTPRoute", "companies", ("spec", "rules", 0, "timeouts", "request"), "soon"),
        ("Gateway", "territory", ("spec", "listeners", 0, "protocols"), "HTTP"),
        ("Certificate", "gateway", ("spec", "dnsName"), "api.example.org"),
        ("PodMonitor", "territory", ("spec", "podMetricsEndpoints", 0, "interval"), "often"),
        ("PrometheusRule", "territory", ("spec", "groups", 0, "rule"), []),
        ("ExternalSecret", "companies", ("spec", "secretStoreRef", "kind"), "Store"),
    ],
)
def test_what_operators_do_not_know_is_refused(kind: str, name: str, path: tuple[str | int, ...], value: Any) -> None:
    manifests = manifests_of(OVERLAYS["production"])
    place: Any = manifests.named(kind, name)
    *way, last = path
    for step in way:
        place = place[step]
    place[last] = value
    assert [fault for fault in invalid(manifests) if fault.startswith(f"{kind}/{name}: ")]


def test_what_no_operator_knows_is_refused() -> None:
    manifests = Manifests([{"apiVersion": "kafka.strimzi.io/v9", "kind": "Kafka", "metadata": {"name": "kafka"}}])
    assert list(invalid(manifests)) == ["Kafka/kafka: no definition knows kafka.strimzi.io/v9"]


@every_whole_overlay
def test_nothing_is_unsafe(overlay: str, tmp_path: Path) -> None:
    path = tmp_path / "objects.yaml"
    path.write_text(rendered(OVERLAYS[overlay]))
    options = ("--framework", "kubernetes", "--skip-download", "--compact", "--quiet", "-o", "json")
    report = json.loads(run(CHECKOV, "-f", path, *options).stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 0
    assert {(each["check_id"], each["resource"]) for each in report["results"]["failed_checks"]} == set()
    for each in report["results"].get("skipped_checks", ()):
        assert len(each["check_result"]["suppress_comment"]) > len("no reason"), each["check_id"]


def test_yaml_is_written_as_it_should_be() -> None:
    done = run(LONG / "yamllint", "--strict", "-c", REPOSITORY / "deploy" / ".yamllint.yaml", REPOSITORY / "deploy")
    assert done.returncode == 0, done.stdout


@every_whole_overlay
@pytest.mark.parametrize("check", checks("production"))
def test_objects_fit_one_another(overlay: str, check: str) -> None:
    if check in checks(overlay):
        assert list(checks(overlay)[check](manifests_of(OVERLAYS[overlay]))) == []


@every_whole_overlay
def test_every_process_is_told_what_it_needs_and_nothing_that_it_does_not_know(overlay: str) -> None:
    manifests = manifests_of(OVERLAYS[overlay])
    assert list(strange(manifests, SETTINGS)) == []


@pytest.mark.parametrize("overlay", ["production", "everything"])
def test_every_process_takes_what_it_is_told(overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifests = manifests_of(OVERLAYS[overlay])
    for server in ("kafka", "postgres"):
        (tmp_path / server).mkdir()
        (tmp_path / server / "ca.crt").write_text(Path(certifi.where()).read_text())
    for workload in manifests.ours("api", "worker"):
        with monkeypatch.context() as environment:
            for name, value in told(manifests, workload).items():
                environment.setenv(
                    name, A_MAIL_SERVER if name == "SMTP_URL" else value.replace("/run/secrets", str(tmp_path))
                )
            settings = load(Settings)
            service = service_of(labels_of(workload)["app.kubernetes.io/name"])
            assert own_settings(service, settings), called(workload)
    (canary,) = manifests.ours("canary")
    with monkeypatch.context() as environment:
        for name, value in environment_of(manifests, canary).items():
            environment.setenv(name, value)
        assert canary_settings().metrics_port is not None


def test_each_component_is_in_an_overlay_that_is_rendered_and_explained() -> None:
    there = {path.parent.name for path in (K8S / "components").glob("*/kustomization.yaml")}
    rendered_with = {
        Path(component).name
        for overlay in ("production", "everything")
        for component in yaml.safe_load((OVERLAYS[overlay] / "kustomization.yaml").read_text())["components"]
    }
    assert there == rendered_with
    explained = (K8S / "components" / "README.md").read_text()
    assert there == set(re.findall(r"^\| `([a-z-]+)` \|", explained, re.MULTILINE))
