"""The pod in which an operator's command runs may do what the worker may that it is made of, and serves nobody."""

import importlib.util
from typing import Any, Final

import pytest
from manifests.checks import checks
from manifests.objects import Manifest, Manifests, labels_of
from manifests.rendering import K8S, OVERLAYS, manifests_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

HOLDING: Final = ("resources", "restricted", "reach_nobody", "pairs", "references", "paths", "addresses", "digests")
"""Checks of all that does not serve."""


def pod_of(worker: Manifest, arguments: list[str]) -> Manifest:
    spec = importlib.util.spec_from_file_location("command", K8S / "command.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Manifest = module.pod_of(worker, arguments)
    return made


def with_commands(overlay: str) -> Manifests:
    """An overlay, with a command of each service beside its workers: a pod is what a Job's template is."""
    manifests = manifests_of(OVERLAYS[overlay])
    pods = [pod_of(worker, ["reconcile"]) for worker in manifests.ours("worker")]
    jobs: list[dict[str, Any]] = [
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": pod["metadata"], "spec": {"template": pod}}
        for pod in pods
    ]
    manifests.objects = [*manifests.objects, *jobs]
    return manifests


@pytest.mark.parametrize("overlay", ["local", "production", "everything"])
@pytest.mark.parametrize("check", HOLDING)
def test_a_command_may_do_what_a_worker_may(overlay: str, check: str) -> None:
    if check in checks(overlay):
        assert list(checks(overlay)[check](with_commands(overlay))) == []


def test_a_command_is_asked_for_nothing_and_ends() -> None:
    worker = manifests_of(OVERLAYS["production"]).named("Deployment", "youth-events-worker")
    assert worker is not None
    pod = pod_of(worker, ["reconcile", "--beyond", "1000000"])
    (container,) = pod["spec"]["containers"]
    assert pod["metadata"]["name"] == "youth-events-reconcile"
    assert labels_of(pod) == labels_of(worker["spec"]["template"])
    assert pod["spec"]["restartPolicy"] == "Never"
    assert container["command"] == ["python", "-m", "youth_events", "reconcile", "--beyond", "1000000"]
    assert not {"ports", "startupProbe", "livenessProbe", "readinessProbe", "lifecycle"} & container.keys()
    assert worker["spec"]["template"]["spec"]["containers"][0]["command"][3] == "worker"
