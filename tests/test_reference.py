"""Every code that a service asks for or shows in a closed vocabulary has a label in both languages."""

from typing import get_args

import pytest

from companies.app import app as companies
from contracts import codes, labels, roles
from contracts.personal import Ground
from contracts.values import SizeBand
from employment.app import app as employment
from indicators.app import app as indicators
from mobility.app import app as mobility
from service.definition import Service
from service.reference import lists, vocabularies
from training.app import app as training
from youth_events.app import app as youth_events

every_service = pytest.mark.parametrize(
    "service",
    [companies, employment, indicators, mobility, training, youth_events],
    ids=lambda service: str(service.name),
)


@every_service
def test_every_vocabulary_of_commands_and_states_is_labelled(service: Service) -> None:
    listed = [{item.code for item in items} for items in lists(service).values()]
    for vocabulary in vocabularies(service):
        assert {*vocabulary} in listed, vocabulary


@every_service
def test_every_label_is_in_both_languages_unless_the_list_is_french(service: Service) -> None:
    for name, items in lists(service).items():
        assert len({item.code for item in items}) == len(items)
        for item in items:
            assert item.label.fr
            assert item.label.en or name in ("naf", "rome", "legal-forms", "waste")


def test_lists_are_those_that_commands_are_checked_against() -> None:
    shared = {name: {item.code for item in items} for name, items in lists(Service("bare", title="Bare")).items()}
    assert shared["naf"] == {*codes.naf()}
    assert shared["rome"] == {*codes.rome()}
    assert shared["treatments"] == {*codes.treatments()}
    assert shared["waste"] == {*codes.waste()}
    assert shared["grounds"] == {*get_args(Ground)}
    assert shared["funders"] == {*roles.FUNDERS}
    assert shared["axes"] == {*range(1, 8)}
    assert shared["size-bands"] == {*get_args(SizeBand)}
    assert "36088" in shared["communes"]
    assert "0360024F" in shared["schools"]
    assert not shared.keys() & labels.VOCABULARIES.keys()
