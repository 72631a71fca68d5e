"""The facts of every definition are those that its version has always made."""

import copy
import json
from typing import Any, Final

import golden_facts
import pytest

from indicators import network
from indicators.catalogue import catalogue

LOG: Final[Any] = json.loads(golden_facts.LOG.read_text(encoding="utf-8"))


def test_every_event_counts_for_what_it_did() -> None:
    assert golden_facts.problems(LOG) == []


@pytest.mark.parametrize("name", [measure.name for measure in catalogue.measures])
def test_the_log_has_an_event_that_counts_in_each(name: str) -> None:
    assert any(name in event["facts"] for event in LOG["events"])


def test_facts_that_change_under_the_same_version_are_told() -> None:
    log = copy.deepcopy(LOG)
    changed = next(event for event in log["events"] if event["type"] == "HeadcountReported")
    changed["facts"]["headcount"][0]["value"] = "1"
    [problem] = golden_facts.problems(log)
    assert "HeadcountReported counted in headcount for" in problem
    assert "raise its version" in problem


def test_a_raised_version_and_an_event_that_is_not_there_are_written_down() -> None:
    log = copy.deepcopy(LOG)
    log["definitions"]["headcount"]["version"] = network.headcount.version - 1
    log["events"] = [event for event in log["events"] if event["type"] != "CompanyLeft"]
    assert len(golden_facts.problems(log)) == 2
    added = golden_facts.publish(log)
    assert added == ["CompanyLeft, version 1, to the log of figures", "the facts of headcount, version 1"]
    assert golden_facts.problems(log) == []
