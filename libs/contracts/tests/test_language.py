"""Sentences in two languages."""

from datetime import UTC, date, datetime
from typing import get_args

import pytest

from contracts.labels import ROLES, called
from contracts.language import LANGUAGES, Sentence, written
from contracts.roles import Role


def test_a_sentence_is_told_in_each_language() -> None:
    sentence = Sentence("{aid_rate:.1%} of {base} EUR", "{aid_rate:.1%} de {base} EUR")
    assert [sentence.told(language, aid_rate=0.305, base=1_000) for language in LANGUAGES] == [
        "30.5% of 1,000 EUR",
        "30,5\u00a0% de 1\u202f000 EUR",
    ]


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (2.4, "2.4", "2,4"),
        (12.0, "12", "12"),
        (0.001, "0.001", "0,001"),
        (-1_234_567.25, "-1,234,567.25", "-1\u202f234\u202f567,25"),
        (22_000_000, "22,000,000", "22\u202f000\u202f000"),
        (999, "999", "999"),
        (date(2024, 5, 31), "2024-05-31", "31/05/2024"),
        ([date(2024, 5, 31), 1.5], "2024-05-31, 1.5", "31/05/2024, 1,5"),
        (("zi-limoise", "a.b,c"), "zi-limoise, a.b,c", "zi-limoise, a.b,c"),
        ("2024-05-31", "2024-05-31", "2024-05-31"),
        (True, "True", "True"),
        (datetime(2024, 5, 31, 8, tzinfo=UTC), "2024-05-31 08:00:00+00:00", "2024-05-31 08:00:00+00:00"),
    ],
)
def test_values_are_written_as_each_language_does(value: object, english: str, french: str) -> None:
    assert [written(value, language) for language in LANGUAGES] == [english, french]
    assert Sentence("it is {it}", "c'est {it}").told("fr", it=value) == f"c'est {french}"


@pytest.mark.parametrize(
    ("count", "english", "french"),
    [
        (0, "0 days are", "0 jour est"),
        (1, "1 day is", "1 jour est"),
        (1.5, "1.5 days are", "1,5 jour est"),
        (2, "2 days are", "2 jours sont"),
        (1_001, "1,001 days are", "1\u202f001 jours sont"),
    ],
)
def test_one_is_not_several(count: float, english: str, french: str) -> None:
    sentence = Sentence("{days} {days:day is|days are}", "{days} {days:jour est|jours sont}")
    assert [sentence.told(language, days=count) for language in LANGUAGES] == [english, french]


def test_lists_are_counted() -> None:
    sentence = Sentence("{of:the role|the roles} {of}", "{of:le rôle|les rôles} {of}")
    assert [sentence.told("fr", of=of) for of in (["a"], ("a", "b"))] == ["le rôle a", "les rôles a, b"]


def test_each_role_has_a_name() -> None:
    assert ROLES.keys() == {*get_args(Role)}
    assert called(get_args(Role), "company", "fr") == "Entreprise"


@pytest.mark.parametrize(("english", "french"), [("{a}", "{b}"), ("{a} {b}", "{a}"), ("{}", "{}")])
def test_places_that_differ_are_refused(english: str, french: str) -> None:
    with pytest.raises(TypeError, match="places"):
        Sentence(english, french)
