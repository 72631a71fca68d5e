"""The alerts as deployed, in a hurry: each a number of times faster, and otherwise what it is."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

ALERTS: Final = Path(__file__).parents[2] / "deploy" / "observability" / "alerts"
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_TIME: Final = r"(\d+)([smh])"
_AGE: Final = r"(_seconds\)*) > (\d+)"
"""What is compared with so many seconds. A latency is no age: what takes long takes as long in a hurry."""
_AGES: Final = r"(?<!changes\()\b\w+_seconds\b"
"""Names of gauges in seconds; how often one changes is a number."""


def groups() -> list[dict[str, Any]]:
    """The groups of alerts as deployed."""
    return [group for path in sorted(ALERTS.glob("*.yaml")) for group in yaml.safe_load(path.read_text())["groups"]]


def alerts() -> dict[str, dict[str, Any]]:
    """All alerts by name."""
    return {rule["alert"]: rule for group in groups() for rule in group["rules"]}


def hastened(alert: Mapping[str, Any], times: int) -> dict[str, Any]:
    """An alert with all of its durations and ages divided. Raises AssertionError where it has others than are known."""

    def sooner(number: str, unit: str) -> str:
        return f"{round(1000 * int(number) * _SECONDS[unit] / times)}ms"

    name, expression = alert["alert"], alert["expr"]
    windows = len(re.findall(r"\[|\boffset\b", expression))
    expression, changed = re.subn(
        rf"(\[|\boffset ){_TIME}", lambda found: found[1] + sooner(found[2], found[3]), expression
    )
    assert changed == windows, f"{name} has a window that is written otherwise"
    ages = len(re.findall(_AGES, expression))
    expression, changed = re.subn(_AGE, lambda found: f"{found[1]} > {int(found[2]) / times:g}", expression)
    assert changed == ages, f"{name} has an age that is compared otherwise"
    assert not re.findall(rf"\b{_TIME}\b", expression), f"{name} has a duration that is none of a window"
    whole = re.fullmatch(_TIME, alert["for"])
    assert whole, f"{name} is written otherwise"
    assert alert.keys() == {"alert", "expr", "for", "labels", "annotations"}, f"{name} has more than is known"
    return {**alert, "expr": expression, "for": sooner(whole[1], whole[2])}
