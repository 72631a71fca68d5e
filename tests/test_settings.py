"""What a deployment may set is what the page for who runs it says."""

import re
from pathlib import Path

import pytest

from canary.settings import Settings as OfCanary
from devstack.host import service_of
from devstack.running import SERVICES
from service.running.settings import Settings

PAGE = (Path(__file__).parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")
ROWS = {
    name: row.rstrip("| ").rpartition("| ")[2]
    for row in PAGE.splitlines()
    if (names := re.match(r"\| ((`[A-Z_]+`(, )?)+) \|", row))
    for name in re.findall(r"[A-Z_]+", names[1])
}
"""What the page says of a variable's default."""


def test_every_setting_of_all_services_is_on_the_page() -> None:
    assert {name.upper() for name in Settings.model_fields} <= ROWS.keys()


def test_every_setting_of_the_canary_is_on_the_page() -> None:
    assert {name.upper() for name in OfCanary.model_fields} <= ROWS.keys()


@pytest.mark.parametrize("name", SERVICES)
def test_every_setting_of_a_service_s_own_is_on_the_page_with_its_default(name: str) -> None:
    service = service_of(name)
    fields = {**service.bounds.model_fields, **service.settings.model_fields}
    declared = {
        field.upper(): "none" if about.default in (None, ()) else f"`{about.default}`"
        for field, about in fields.items()
    }
    assert {variable: ROWS.get(variable) for variable in declared} == declared
    assert all(about.description for about in fields.values())
    assert not declared.keys() & {each.upper() for each in Settings.model_fields}
