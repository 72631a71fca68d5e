"""Runs a command of a service in a pod of its own, whether or not any worker of the service runs.

python3 deploy/k8s/command.py companies reconcile --beyond 1000000

The pod is made of the template of the service's workers, and so has their settings, secrets, volumes and ways. It is
taken away when the command has ended, whose status is that of this one. NAMESPACE is `territory` unless it is set.
"""

import json
import os
import subprocess
import sys
import time
from copy import deepcopy
from typing import Any, Final

SERVING: Final = ("ports", "startupProbe", "livenessProbe", "readinessProbe", "lifecycle")
"""What containers of workers have since they serve: a command is asked for nothing, and need not answer."""
PATIENCE: Final = 300
"""Seconds that a pod may take to start."""
USAGE: Final = "usage: python3 deploy/k8s/command.py SERVICE COMMAND [ARGUMENT ...]"


def pod_of(worker: dict[str, Any], arguments: list[str]) -> dict[str, Any]:
    """The pod that runs a command, such as `["reconcile"]`, instead of the worker of a Deployment."""
    template = deepcopy(worker["spec"]["template"])
    name = f"{template['metadata']['labels']['app.kubernetes.io/name']}-{arguments[0]}"
    spec = template["spec"] | {"restartPolicy": "Never"}
    (container,) = spec["containers"]
    for field in SERVING:
        container.pop(field, None)
    container["command"] = [*container["command"][:3], *arguments]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"] | {"name": name}, "spec": spec}


def main() -> int:
    """The status of the command; 1 where it did not come to run."""
    service, *arguments = sys.argv[1:] or [""]
    if not arguments:
        print(USAGE, file=sys.stderr)
        return 1
    try:
        pod = pod_of(json.loads(_kubectl("get", "deployment", f"{service}-worker", "--output=json")), arguments)
        name = pod["metadata"]["name"]
        _kubectl("create", "--filename=-", given=json.dumps(pod))
        try:
            return _followed(name)
        except KeyboardInterrupt:
            print(
                f"\nThe pod {name} goes on: look with kubectl logs, and delete it when it has ended.", file=sys.stderr
            )
            return 130
    except subprocess.CalledProcessError:
        # kubectl has said why.
        return 1


def _followed(name: str) -> int:
    """Prints what the pod writes until it ends, and takes it away."""
    deadline = time.monotonic() + PATIENCE
    while _status(name)["phase"] == "Pending":
        if time.monotonic() > deadline:
            print(f"The pod {name} does not start: kubectl describe pod {name} says why.", file=sys.stderr)
            return 1
        time.sleep(1)
    subprocess.run([*_program(), "logs", "--follow", name], check=True)
    while (status := _status(name))["phase"] == "Running":
        time.sleep(1)
    (ended,) = status["containerStatuses"]
    _kubectl("delete", "pod", name)
    return int(ended["state"]["terminated"]["exitCode"])


def _status(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_kubectl("get", "pod", name, "--output=json"))["status"]
    return found


def _kubectl(*arguments: str, given: str | None = None) -> str:
    return subprocess.run([*_program(), *arguments], input=given, stdout=subprocess.PIPE, text=True, check=True).stdout


def _program() -> tuple[str, ...]:
    return "kubectl", "--namespace", os.environ.get("NAMESPACE", "territory")


if __name__ == "__main__":
    sys.exit(main())
