"""What ops watch: every alert is tested and explained, and dashboards are what they are made from."""

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

OBSERVABILITY = Path(__file__).parents[1] / "deploy" / "observability"
RUNBOOK = Path(__file__).parents[1] / "docs" / "alerts.md"
GROUPS = sorted((OBSERVABILITY / "alerts").glob("*.yaml"))


def alerts(group: Path) -> list[dict[str, Any]]:
    (only,) = yaml.safe_load(group.read_text())["groups"]
    return list(only["rules"])


def cases(group: Path) -> Iterator[tuple[str, bool]]:
    """The unit tests of a group: of which alert, and whether it fires."""
    for test in yaml.safe_load((group.parent / "tests" / group.name).read_text())["tests"]:
        for case in test["alert_rule_test"]:
            yield case["alertname"], bool(case["exp_alerts"])


every_group = pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.stem)


@every_group
def test_every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not(group: Path) -> None:
    tested = set(cases(group))
    for alert in alerts(group):
        assert {(alert["alert"], True), (alert["alert"], False)} <= tested, alert["alert"]


@every_group
def test_every_alert_says_how_urgent_it_is_and_leads_to_what_to_do(group: Path) -> None:
    sections = re.findall(r"^### (\w+)$", RUNBOOK.read_text(), re.MULTILINE)
    for alert in alerts(group):
        assert alert["labels"]["severity"] in ("page", "ticket"), alert["alert"]
        assert re.fullmatch(r"\d+[smh]", alert["for"]), alert["alert"]
        assert alert["annotations"]["summary"], alert["alert"]
        assert alert["annotations"]["description"], alert["alert"]
        assert alert["annotations"]["runbook_url"] == f"docs/alerts.md#{alert['alert'].lower()}"
        assert sections.count(alert["alert"]) == 1, f"{alert['alert']} has no section of its own in {RUNBOOK.name}"


def test_the_runbook_is_about_alerts_that_there_are() -> None:
    there = {alert["alert"] for group in GROUPS for alert in alerts(group)}
    assert set(re.findall(r"^### (\w+)$", RUNBOOK.read_text(), re.MULTILINE)) == there


def dashboards() -> dict[str, str]:
    """The dashboards as they should be, by the name of their files."""
    spec = importlib.util.spec_from_file_location("dashboards", OBSERVABILITY / "dashboards.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written: dict[str, str] = module.written()
    return written


def test_dashboards_are_what_they_are_made_from() -> None:
    found = {path.name: path.read_text() for path in (OBSERVABILITY / "dashboards").glob("*.json")}
    assert found == dashboards(), "make them anew: .venv/bin/python deploy/observability/dashboards.py"


def promtool(*arguments: str | Path) -> None:
    """Runs promtool, which says what is wrong."""
    tool = shutil.which("promtool")
    assert tool, "the Debian package prometheus is needed, which has promtool"
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@every_group
def test_prometheus_takes_the_alerts_and_they_fire_as_their_tests_say(group: Path) -> None:
    promtool("check", "rules", group)
    promtool("test", "rules", group.parent / "tests" / group.name)


def expressions() -> Iterator[tuple[str, str]]:
    """What each panel shows, with its variables filled in as Grafana does."""
    for name, text in dashboards().items():
        for panel in json.loads(text)["panels"]:
            for target in panel.get("targets", ()):
                yield f"{name}: {panel['title']}", target["expr"].replace("$namespace", ".*")


@pytest.mark.long
def test_prometheus_can_read_what_dashboards_show(tmp_path: Path) -> None:
    rules = [{"record": f"shown:number:{n}", "expr": expression} for n, (_, expression) in enumerate(expressions())]
    written = tmp_path / "shown.yaml"
    written.write_text(yaml.safe_dump({"groups": [{"name": "shown", "rules": rules}]}))
    promtool("check", "rules", written)
