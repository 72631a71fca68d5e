"""Each service's README draws the states of its aggregates as their decisions declare them."""

from pathlib import Path

import pytest

from devstack.host import service_of
from devstack.running import SERVICES
from service.documents.diagrams import diagram

REPOSITORY = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("name", "category"),
    [(name, category) for name in SERVICES for category in service_of(name).deciders],
)
def test_the_readme_draws_the_states_as_they_are(name: str, category: str) -> None:
    drawn = diagram(service_of(name).deciders[category])
    readme = (REPOSITORY / "services" / name / "README.md").read_text(encoding="utf-8")
    assert drawn in readme, f"services/{name}/README.md needs this diagram of {category}:\n\n{drawn}"
