"""Tables for spreadsheets: what each language opens, and what none may compute."""

import csv
import io

import pytest

from contracts.language import LANGUAGES, Language
from service.http.spreadsheets import BOM, FORMULA, as_csv, heading

COLUMNS = {"name": "Nom", "tonnes": "Quantité (t)"}


def test_each_language_has_its_table() -> None:
    rows: list[list[object]] = [["zinc; étain, « plomb »", 1234.5], ['dit "gris"\nclair', 12], [None, 0.25]]
    english, french = (heading(COLUMNS, language) + as_csv(rows, language) for language in LANGUAGES)
    assert english == 'name,tonnes\n"zinc; étain, « plomb »",1234.5\n"dit ""gris""\nclair",12\n,0.25\n'
    assert french == (f'{BOM}Nom;Quantité (t)\n"zinc; étain, « plomb »";1234,5\n"dit ""gris""\nclair";12\n;0,25\n')
    assert french.encode().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_begins_a_formula_is_told_from_a_number(language: Language) -> None:
    written = as_csv([[f"{sign}1;2,3" for sign in FORMULA], [-1.5, None, "R3", "a=1", "'-1"]], language)
    formulas, others = csv.reader(io.StringIO(written, newline=""), delimiter=";" if language == "fr" else ",")
    assert formulas == [f"'{sign}1;2,3" for sign in FORMULA]
    assert others == ["-1,5" if language == "fr" else "-1.5", "", "R3", "a=1", "'-1"]
