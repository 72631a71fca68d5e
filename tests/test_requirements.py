"""What runs in production is a part of what is tested, and all that the packages that are deployed say they need."""

import re
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
LIBRARIES = ("libs/contracts", "libs/eventstore", "libs/service", "sample")


def _locked(name: str) -> set[str]:
    """Each requirement of a lock, with its version and hashes."""
    return set(re.split(r"\n(?! )", (REPOSITORY / name).read_text(encoding="utf-8").strip()))


def _named(requirement: str) -> str:
    found = re.match("[A-Za-z0-9-]+", requirement)
    assert found is not None
    return found[0].lower()


def test_production_has_the_very_packages_that_were_tested() -> None:
    assert _locked("requirements-run.lock") < _locked("requirements.lock")


def test_production_has_what_the_packages_that_are_deployed_declare() -> None:
    declared = {
        _named(requirement)
        for folder in (*map(REPOSITORY.joinpath, LIBRARIES), *REPOSITORY.glob("services/*"))
        for requirement in tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"][
            "dependencies"
        ]
    }
    wanted = (REPOSITORY / "requirements-run.in").read_text(encoding="utf-8").splitlines()
    assert {name for name in declared if not name.startswith("territory-")} == {
        _named(line) for line in wanted if not line.startswith("#")
    }
