"""The trial of an installation: from nothing to a figure, an upgrade under load, pods that die, and nothing left."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import httpx
from rich.console import Console

from contracts import package_of
from contracts.values import sample_siret
from devstack.child import DevstackError
from devstack.cluster import images
from devstack.cluster.kubectl import (
    LOCAL,
    NAMESPACE,
    PATIENCE,
    apply,
    context,
    forwarded,
    kubectl,
    logs,
    read,
    rolled_out,
    workloads,
)
from devstack.cluster.load import Outcome, load
from devstack.cluster.secrets import ISSUER, generated
from devstack.issuer import Issuer
from devstack.running import SCOPES, SERVICES

COMPANY: Final = sample_siret(1)
MEMBER: Final[dict[str, Any]] = {
    "siret": COMPANY,
    "name": "Exemple Usinage de la Théols",
    "legal_form": "5710",
    "naf": "25.62B",
    "commune": "36088",
    "zone": "zi-limoise",
    "headcount": 42.5,
}
AMOUNT: Final = 1_000
INVESTMENT: Final = {"company": COMPANY, "title": "Exemple", "axis": 6, "amount": AMOUNT, "jobs_planned": 1}
PROCESSES: Final = "app.kubernetes.io/component in (api, worker)"
NO_PROCESSES: Final = "app.kubernetes.io/component notin (api, worker)"
MIGRATIONS: Final = "app.kubernetes.io/component=migrate"
MONTH: Final = 30 * 86_400
"""Seconds that the token of an installation that stays is good for: its issuer's key is kept nowhere."""
STEADY: Final = 10.0
"""Seconds of load before and after what is tried under it."""


class Failed(Exception):
    """Something is not as it should be; the message says what."""


class Trial:
    """An installation in the cluster, and what is known of it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._issuer = Issuer(ISSUER)
        self._announced = 0

    def run(self) -> None:
        """All steps in order, or with INSTALL_ONLY the first two. Raises Failed and DevstackError."""
        alone = bool(os.environ.get("INSTALL_ONLY"))
        self._console.print(f"cluster {context()}, namespace {NAMESPACE}", soft_wrap=True)
        if kubectl("get", "namespace", NAMESPACE, "--ignore-not-found"):
            raise DevstackError(
                f"There is a namespace {NAMESPACE} already: kubectl delete namespace {NAMESPACE} first."
            )
        self._step("images", images.load)
        try:
            self._step("install", self._install)
            if not alone:
                self._try()
        except (DevstackError, Failed, httpx.HTTPError):
            self._explain()
            raise
        finally:
            if alone or os.environ.get("KEEP"):
                self._tell()
            else:
                self._step("removal", self._remove)

    def _try(self) -> None:
        with forwarded("entry") as address:
            self._step("journey", lambda: self._journey(address))
            self._step("rolling update", lambda: self._under_load(address, self._upgrade, again=False))
            self._step("scaling", lambda: self._under_load(address, self._scale, again=False))
            self._step("pods killed", lambda: self._under_load(address, self._kill, again=True))
            self._step("figures", lambda: self._figure(address))
        self._step("store, topics and figures compared", self._verify)

    def _tell(self) -> None:
        """How to reach what stays, with a token of every scope and role."""
        self._console.print(
            f"It stays. It is at http://localhost:8000 while this runs:\n\n"
            f"    kubectl --namespace {NAMESPACE} port-forward service/entry 8000:http\n\n"
            f"TOKEN={self._issuer.token(SCOPES, seconds=MONTH)}\n\n"
            f"To take it away: kubectl delete namespace {NAMESPACE}",
            soft_wrap=True,
            markup=False,
        )

    def _step(self, name: str, work: Callable[[], str]) -> None:
        begun = time.monotonic()
        said = work()
        self._console.print(f"{name:<36} {time.monotonic() - begun:5.0f} s  {said}", soft_wrap=True)

    def _install(self) -> str:
        # The namespace first, as what is secret is in it.
        apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
        apply(generated(self._issuer))
        self._bring(images.PLATFORM)
        rolled_out("statefulset/postgres", "statefulset/kafka", "deployment/entry")
        pods = read("pods", labels=PROCESSES)
        restarts = sum(each["status"]["containerStatuses"][0]["restartCount"] for each in pods)
        return f"{len(pods)} pods of {len(SERVICES)} services are ready, after {restarts} restarts"

    def _bring(self, image: str) -> None:
        """A release, the first or the next: its migrations, and then its processes."""
        release = kubectl("kustomize", str(LOCAL)).replace(images.PLATFORM, image)
        kubectl("delete", "job", "--selector", MIGRATIONS, "--ignore-not-found")
        kubectl("apply", "--filename", "-", "--selector", NO_PROCESSES, given=release)
        kubectl("wait", "job", "--selector", MIGRATIONS, "--for=condition=complete", f"--timeout={PATIENCE}s")
        kubectl("apply", "--filename", "-", given=release)
        rolled_out(*workloads())

    def _headers(self) -> dict[str, str]:
        scopes = " ".join(f"{service}:{what}" for service in SERVICES for what in ("read", "write"))
        return {"Authorization": f"Bearer {self._issuer.token(scopes, company=COMPANY)}"}

    def _journey(self, address: str) -> str:
        """A company joins and announces an investment, which comes to its figure."""
        with httpx.Client(base_url=address, headers=self._headers(), timeout=PATIENCE) as client:
            self._does(client, "companies/v1/companies", MEMBER)
            self._does(client, f"companies/v1/companies/{COMPANY}/activate", {})
            begun = time.monotonic()
            self._does(client, "companies/v1/investments", INVESTMENT)
            self._announced += 1
            self._await_figure(client)
            return f"command to figure in {time.monotonic() - begun:.1f} s, its topics and chapter being new"

    def _does(self, client: httpx.Client, path: str, body: dict[str, Any]) -> None:
        """Decides, once the store is confirmed."""
        deadline = time.monotonic() + PATIENCE
        while (answer := client.post(path, json=body)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
            if time.monotonic() > deadline:
                break
            time.sleep(0.5)
        if not answer.is_success:
            raise Failed(f"POST {path} was answered with {answer.status_code} {answer.text}")

    def _await_figure(self, client: httpx.Client) -> None:
        path, value = "indicators/v1/indicators/investment_announced", None
        deadline = time.monotonic() + PATIENCE
        while value != self._announced * AMOUNT:
            if time.monotonic() > deadline:
                raise Failed(f"The figure is {value}, and {self._announced} investments of {AMOUNT} were acknowledged")
            time.sleep(0.2)
            answer = client.get(path)
            value = answer.json()["value"] if answer.is_success else None

    def _figure(self, address: str) -> str:
        with httpx.Client(base_url=address, headers=self._headers(), timeout=PATIENCE) as client:
            self._await_figure(client)
        return f"{self._announced} commands were acknowledged, and the figure counts each of them once"

    def _under_load(self, address: str, change: Callable[[], str], *, again: bool) -> str:
        with load(address, self._headers(), INVESTMENT, again=again) as outcome:
            time.sleep(STEADY)
            said = change()
            time.sleep(STEADY)
        self._announced += outcome.acknowledged
        return self._judged(outcome, said)

    def _judged(self, outcome: Outcome, said: str) -> str:
        if outcome.failed or not outcome.acknowledged:
            raise Failed(f"{said}: {outcome}")
        return f"{said}: {outcome}"

    def _upgrade(self) -> str:
        image = os.environ.get("UPGRADE_TO") or images.PLATFORM
        if image == images.PLATFORM:
            # Where the next release is the same, nothing else tells the cluster to replace its pods.
            kubectl("rollout", "restart", *workloads())
        self._bring(image)
        return f"all pods of {len(workloads())} deployments replaced, by {image}"

    def _scale(self) -> str:
        for api, worker in ((4, 3), (2, 1)):
            kubectl("scale", "deployment/companies-api", f"--replicas={api}")
            kubectl("scale", "deployment/companies-worker", f"--replicas={worker}")
            rolled_out("deployment/companies-api", "deployment/companies-worker")
            # Those that are not wanted any more take their time to end.
            self._until_pods("companies", api + worker)
        return "companies: 2, 4 and 2 APIs, 1, 3 and 1 workers"

    def _until_pods(self, service: str, count: int) -> None:
        labels = f"app.kubernetes.io/name={service},app.kubernetes.io/component in (api, worker)"
        deadline = time.monotonic() + PATIENCE
        while len(read("pods", labels=labels)) != count:
            if time.monotonic() > deadline:
                raise Failed(f"{service} does not come to {count} pods")
            time.sleep(1)

    def _kill(self) -> str:
        for component in ("api", "worker"):
            for service in ("companies", "indicators"):
                labels = f"app.kubernetes.io/name={service},app.kubernetes.io/component={component}"
                pod = read("pods", labels=labels)[0]["metadata"]["name"]
                kubectl("delete", "pod", pod, "--grace-period=0", "--force")
                rolled_out(f"deployment/{service}-{component}")
        for server in ("kafka", "postgres"):
            kubectl("delete", "pod", f"{server}-0")
            rolled_out(f"statefulset/{server}")
        return "an API and a worker of companies and of indicators killed, Kafka and PostgreSQL restarted"

    def _verify(self) -> str:
        for service in SERVICES:
            kubectl("exec", f"deployment/{service}-worker", "--", "python", "-m", package_of(service), "verify")
        return "no difference"

    def _explain(self) -> None:
        with suppress(DevstackError):
            self._console.print(kubectl("get", "pods"), soft_wrap=True)
            for pod in read("pods"):
                states = pod["status"].get("containerStatuses", [])
                if not all(each["ready"] for each in states) and pod["status"]["phase"] != "Succeeded":
                    name = pod["metadata"]["name"]
                    self._console.print(f"{name}:\n{logs(name)}", soft_wrap=True, markup=False)

    def _remove(self) -> str:
        kubectl("delete", "namespace", NAMESPACE, f"--timeout={PATIENCE}s")
        return "the namespace is gone, with all that was in it"
