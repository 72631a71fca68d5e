"""All checks, by their names, with what they take from the services and from the overlay."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from devstack.running import SERVICES
from eventstore.postgres.connection import open_pool
from eventstore.postgres.store import LISTS_AT_ONCE
from manifests import configured, policies, references, scaling, workloads
from manifests.objects import Manifests
from manifests.references import Keys
from service.running.settings import Settings

Check = Callable[[Manifests], Iterator[str]]

OWN_CONNECTIONS: Final = 5
"""Of a process beside its pools: to append, to load, the relay's two, and a command's that an operator enters."""
CONNECTIONS: Final = inspect.signature(open_pool).parameters["size"].default + LISTS_AT_ONCE + OWN_CONNECTIONS
"""What a process holds of its database, at most."""

MADE_ELSEWHERE: Final[Mapping[str, Keys]] = {
    "local": {
        **{("Secret", name): None for name in (*SERVICES, "postgres")},
        ("ConfigMap", "issuer"): None,
    }
}
"""What `make k8s-e2e` makes as it applies an overlay, since it is secret."""


def _told_of(field: str) -> float:
    value: float = Settings.model_fields[field].default
    return value


def checks(overlay: str) -> dict[str, Check]:
    """Those that an overlay has to pass: only one for trying names images by what anybody may change."""
    elsewhere = MADE_ELSEWHERE.get(overlay, {})
    every: dict[str, Check] = {
        "selectors": workloads.selectors,
        "ports": workloads.ports,
        "probes": workloads.probes,
        "rollouts": workloads.rollouts,
        "resources": workloads.resources,
        "restricted": workloads.restricted,
        "stopping": partial(workloads.stopping, grace=int(_told_of("grace_seconds"))),
        "autoscalers": partial(scaling.autoscalers, partitions=int(_told_of("topic_partitions"))),
        "budgets": scaling.budgets,
        "connections": partial(scaling.connections, each=CONNECTIONS),
        "defaults": policies.defaults,
        "reach_nobody": policies.reach_nobody,
        "pairs": policies.pairs,
        "references": partial(references.references, elsewhere=elsewhere),
        "overwritten": references.overwritten,
        "no_secrets": references.no_secrets,
        "paths": partial(configured.paths, elsewhere=elsewhere),
        "addresses": configured.addresses,
        "routes": partial(configured.routes, request=_told_of("request_timeout"), importing=_told_of("import_timeout")),
        "monitored": configured.monitored,
        "unused": configured.unused,
    }
    return every if overlay == "local" else every | {"digests": workloads.digests}
