"""Streams of every published event and version add up to the states they always added up to."""

from pathlib import Path
from typing import Any

import pytest

from devstack import golden
from eventstore.decider import Decider
from training.app import app


@pytest.mark.parametrize("decider", [resource.decider for resource in app.resources], ids=lambda each: each.category)
def test_golden_streams_add_up_to_what_they_did(decider: Decider[Any]) -> None:
    assert not golden.problems(decider, Path(__file__).parent / "golden")
