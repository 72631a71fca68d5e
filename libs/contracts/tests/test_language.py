"""Sentences in two languages."""

import pytest

from contracts.language import LANGUAGES, Sentence


def test_a_sentence_is_told_in_each_language() -> None:
    sentence = Sentence("{aid_rate:.1%} of {base} EUR", "{aid_rate:.1%} de {base} EUR")
    assert [sentence.told(language, aid_rate=0.3, base=100) for language in LANGUAGES] == [
        "30.0% of 100 EUR",
        "30.0% de 100 EUR",
    ]


@pytest.mark.parametrize(("english", "french"), [("{a}", "{b}"), ("{a} {b}", "{a}"), ("{}", "{}")])
def test_places_that_differ_are_refused(english: str, french: str) -> None:
    with pytest.raises(TypeError, match="places"):
        Sentence(english, french)
