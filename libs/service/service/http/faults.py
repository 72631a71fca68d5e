"""The faults of a request's form, in our words: pydantic finds them, and its English is not shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import to_jsonable_python

from contracts import values
from contracts.language import Language, Sentence
from service.http.sentences import Said, Told

_TEXT: Final = Sentence("a text is expected", "une chaîne de caractères est attendue")
_WHOLE: Final = Sentence("a whole number is expected", "un nombre entier est attendu")
_NUMBER: Final = Sentence("a number is expected", "un nombre est attendu")
_BOOLEAN: Final = Sentence("true or false is expected", "la valeur attendue est true ou false")
_CHOICE: Final = Sentence("possible values: {expected}", "valeurs possibles : {expected}")
_DAY: Final = Sentence("a day such as 2024-05-13 is expected", "une date telle que 2024-05-13 est attendue")
_TIME: Final = Sentence(
    "a time such as 2024-05-13T09:30:00+02:00 is expected",
    "un horodatage tel que 2024-05-13T09:30:00+02:00 est attendu",
)
_OBJECT: Final = Sentence("an object is expected", "un objet est attendu")
_ARRAY: Final = Sentence("an array is expected", "un tableau est attendu")
_UUID: Final = Sentence("a UUID is expected", "un UUID est attendu")
_ADDRESS: Final = Sentence("an address (URL) is expected", "une adresse (URL) est attendue")
_JSON: Final = Sentence("this is not JSON that can be read", "ce n'est pas du JSON lisible")
_JSON_AT: Final = Sentence(
    "this is not JSON that can be read, from line {line}, column {column} on",
    "ce n'est pas du JSON lisible, à partir de la ligne {line}, colonne {column}",
)
_JSON_IN_LINE: Final = Sentence(
    "this is not JSON that can be read, from column {column} of this line on",
    "ce n'est pas du JSON lisible, à partir de la colonne {column} de cette ligne",
)
_OTHER: Final = Sentence("this value is not accepted", "cette valeur n'est pas admise")

SENTENCES: Final[Mapping[str, Sentence]] = {
    "missing": Sentence("required, but missing", "valeur obligatoire, mais absente"),
    "extra_forbidden": Sentence("there is no such field", "ce champ n'existe pas"),
    "none_required": Sentence("null is expected", "la valeur attendue est null"),
    "string_type": _TEXT,
    "string_unicode": Sentence("the text is not UTF-8", "le texte n'est pas en UTF-8"),
    "string_not_ascii": Sentence("only ASCII characters are allowed", "seuls les caractères ASCII sont admis"),
    "string_too_short": Sentence(
        "the text is too short: its least length is {min_length}",
        "le texte est trop court : la longueur minimale est de {min_length}",
    ),
    "string_too_long": Sentence(
        "the text is too long: its greatest length is {max_length}",
        "le texte est trop long : la longueur maximale est de {max_length}",
    ),
    "string_pattern_mismatch": Sentence(
        "the text does not have the form {pattern}", "le texte n'a pas la forme {pattern}"
    ),
    "nul": Sentence("a NUL character is not allowed", "le caractère NUL n'est pas admis"),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": Sentence("the number has too many digits", "le nombre a trop de chiffres"),
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": Sentence("a finite number is expected", "un nombre fini est attendu"),
    "greater_than": Sentence("the number must be above {gt}", "le nombre doit être supérieur à {gt}"),
    "greater_than_equal": Sentence("the number must be at least {ge}", "le nombre doit être au moins égal à {ge}"),
    "less_than": Sentence("the number must be below {lt}", "le nombre doit être inférieur à {lt}"),
    "less_than_equal": Sentence("the number must be at most {le}", "le nombre doit être au plus égal à {le}"),
    "multiple_of": Sentence(
        "the number must be a multiple of {multiple_of}", "le nombre doit être un multiple de {multiple_of}"
    ),
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "literal_error": _CHOICE,
    "enum": _CHOICE,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "datetime_from_date_parsing": _TIME,
    "timezone_aware": _TIME,
    "timezone_naive": Sentence("a time without an offset is expected", "un horodatage sans décalage est attendu"),
    "json_invalid": _JSON,
    "json_type": _JSON,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "list_type": _ARRAY,
    "tuple_type": _ARRAY,
    "set_type": _ARRAY,
    "frozen_set_type": _ARRAY,
    "iterable_type": _ARRAY,
    "too_short": Sentence(
        "too few: the least number is {min_length}", "pas assez d'éléments : le minimum est de {min_length}"
    ),
    "too_long": Sentence(
        "too many: the greatest number is {max_length}", "trop d'éléments : le maximum est de {max_length}"
    ),
    "union_tag_invalid": Sentence(
        "possible values of {discriminator}: {expected_tags}", "valeurs possibles de {discriminator} : {expected_tags}"
    ),
    "union_tag_not_found": Sentence("{discriminator} is missing", "{discriminator} est absent"),
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": _UUID,
    "url_type": _ADDRESS,
    "url_parsing": _ADDRESS,
    "url_syntax_violation": _ADDRESS,
    "value_error": _OTHER,
    "assertion_error": _OTHER,
}
"""By type of error, what is wrong; the places are those of the error's context."""

_ONE: Final = Sentence("{where}: {fault}", "{where} : {fault}")
_MORE: Final = Sentence(
    "{where}: {fault} (and {others} more {others:fault|faults})",
    "{where} : {fault} (et {others} {others:autre erreur|autres erreurs})",
)

_PLACE_IN_JSON: Final = re.compile(r"line (\d+) column (\d+)$")


@dataclass(frozen=True)
class Fault:
    """One fault: where it is, and what."""

    where: Mapping[str, str]
    """A `pointer` into the body, or the name of a `parameter`."""
    code: str
    said: Told

    def written(self, language: Language) -> dict[str, Any]:
        """The fault as an item of `errors`."""
        said = {"detail": self.said.told(language), "code": self.code}
        parameters = {"parameters": to_jsonable_python(self.said.parameters)} if self.said.parameters else {}
        return {**self.where, **said, **parameters}


@dataclass(frozen=True)
class Faults:
    """All faults of a request, told by the first one."""

    faults: Sequence[Fault]

    @property
    def parameters(self) -> Mapping[str, object]:
        """None: each fault has its own."""
        return {}

    def told(self, language: Language) -> str:
        """Where the first one is, what, and how many others there are."""
        first, others = self.faults[0], len(self.faults) - 1
        sentence = _MORE if others else _ONE
        (where,) = first.where.values()
        return sentence.told(language, where=where, fault=first.said.told(language), others=others)


def fault_of(error: Mapping[str, Any], *, in_line: bool = False) -> Fault:
    """The fault that one of pydantic's errors tells of; with `in_line`, of JSON that is one line of a file."""
    return Fault(_where(error), error["type"], _said(error, in_line=in_line))


def _said(error: Mapping[str, Any], *, in_line: bool) -> Said:
    kind, context = error["type"], error.get("ctx", {})
    sentence = SENTENCES.get(kind) or values.SENTENCES.get(kind, _OTHER)
    if sentence is _JSON and (place := _PLACE_IN_JSON.search(str(context.get("error", "")))):
        column = int(place[2])
        return Said(_JSON_IN_LINE, column=column) if in_line else Said(_JSON_AT, line=int(place[1]), column=column)
    places = {name: context[name] for name in sentence.places}
    if sentence is _CHOICE:
        places["expected"] = places["expected"].replace(" or ", ", ")
    return Said(sentence, **places)


def _where(error: Mapping[str, Any]) -> Mapping[str, str]:
    location: Sequence[str | int] = error["loc"]
    if error["type"] == "json_invalid":
        return {"pointer": "#"}
    match location:
        case ("query" | "path" | "header" | "cookie", name, *_):
            return {"parameter": str(name)}
        case ("body", *inside):
            return {"pointer": pointer(inside)}
    return {"pointer": pointer(location)}


def pointer(location: Sequence[str | int]) -> str:
    """A JSON pointer in its URI fragment form, as RFC 9457 writes them: `#/evidence/dated`."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
