"""The cluster of kubectl's current context, by kubectl itself."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from devstack.child import Child, DevstackError
from devstack.ports import free_port

LOCAL: Final = Path("deploy/k8s/overlays/local")
NAMESPACE: Final = "territory-local"
"""Of that overlay."""
PATIENCE: Final = 300
"""Seconds that anything may take to come about in the cluster."""


def context() -> str:
    """The name of the current context. Raises DevstackError where there is none."""
    return _run("config", "current-context").strip()


def kubectl(*arguments: str, given: str | None = None) -> str:
    """What a command of kubectl prints, in our namespace. Raises DevstackError with the end of what it complains of."""
    return _run("--namespace", NAMESPACE, *arguments, given=given)


def read(kind: str, *, labels: str = "") -> list[dict[str, Any]]:
    """Objects of a kind that have these labels."""
    answer = json.loads(kubectl("get", kind, "--output", "json", *(["--selector", labels] if labels else [])))
    return list(answer["items"])


def apply(objects: Sequence[dict[str, Any]]) -> None:
    """Makes objects, or changes them."""
    kubectl("apply", "--filename", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def rolled_out(*names: str) -> None:
    """Waits until workloads such as `deployment/companies-api` are all of their newest kind, and ready."""
    for name in names:
        kubectl("rollout", "status", name, f"--timeout={PATIENCE}s")


def workloads() -> list[str]:
    """The deployments of our services."""
    return [
        f"deployment/{each['metadata']['name']}"
        for each in read("deployment", labels="app.kubernetes.io/part-of=territory")
    ]


def logs(pod: str) -> str:
    """The end of what a pod writes."""
    return kubectl("logs", pod, "--tail=5", "--all-containers")


@contextmanager
def forwarded(service: str) -> Iterator[str]:
    """The address of a Service on this machine."""
    port = free_port()
    with TemporaryDirectory() as folder:
        command = [_program(), "--namespace", NAMESPACE, "port-forward", f"service/{service}", f"{port}:http"]
        log = Path(folder) / "forward.log"
        child = Child("kubectl port-forward", command, log=log, marker=f"{port}:http")
        try:
            child.await_ready(lambda: "Forwarding" in log.read_text(), seconds=30)
            yield f"http://127.0.0.1:{port}"
        finally:
            child.kill()


def _run(*arguments: str, given: str | None = None) -> str:
    done = subprocess.run([_program(), *arguments], input=given, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise DevstackError(f"kubectl {' '.join(arguments)} failed: {' '.join(said[-3:])}")
    return done.stdout


def _program() -> str:
    if (path := shutil.which("kubectl")) is None:
        raise DevstackError("kubectl was not found: install it, and point it at the cluster to use.")
    return path
