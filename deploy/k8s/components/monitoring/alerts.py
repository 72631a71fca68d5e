"""The alerts as the Prometheus operator takes them, made from `deploy/observability/alerts` into `alerts.yaml`.

.venv/bin/python deploy/k8s/components/monitoring/alerts.py
"""

from pathlib import Path
from typing import Any, Final

import yaml

WRITTEN: Final = Path(__file__).with_suffix(".yaml")
GROUPS: Final = Path(__file__).parents[3] / "observability" / "alerts"


class _Dumper(yaml.SafeDumper):
    """Expressions of several lines stay what they look like."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def written() -> str:
    """All groups in one object."""
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "territory"},
        "spec": {
            "groups": [
                group for path in sorted(GROUPS.glob("*.yaml")) for group in yaml.safe_load(path.read_text())["groups"]
            ]
        },
    }
    told = f"# Made by {Path(__file__).name} beside it.\n"
    return told + yaml.dump(rule, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096)


if __name__ == "__main__":
    WRITTEN.write_text(written())
