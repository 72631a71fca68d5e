"""What things are classified by: activity, legal form, place, axis of the programme.

Of what a code list decides there are two types: the form, of what was recorded and stays readable whatever becomes of
the list, and `Entered...`, which must be in today's list.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

from contracts import codes
from contracts.language import Sentence
from contracts.values.saying import Says
from contracts.values.words import SLUG


def _listed(listed: Callable[[], Mapping[str, object]], *, also: Callable[[str], str] = str) -> AfterValidator:
    """Accepts the codes of a list, also written in another way, and gives them as the list does."""

    @lru_cache
    def spellings() -> Mapping[str, str]:
        return {spelling: code for code in listed() for spelling in (code, also(code))}

    def official(value: str) -> str:
        try:
            return spellings()[value]
        except KeyError:
            raise ValueError from None

    return AfterValidator(official)


_NAF = Sentence(
    "not a sub-class of NAF rev. 2, such as 25.62B", "ce n'est pas une sous-classe de la NAF rév. 2, comme 25.62B"
)
Naf = Annotated[
    str,
    Field(max_length=6, pattern=r"^[0-9]{2}\.[0-9]{2}[A-Z]$"),
    Says("naf", _NAF, "A sub-class of NAF rev. 2, `dd.ddL`.", ("25.62B", "30.30Z")),
]
EnteredNaf = Annotated[
    str,
    Field(max_length=6, pattern=r"^[0-9]{2}\.?[0-9]{2}[A-Z]$"),
    _listed(codes.naf, also=lambda code: code.replace(".", "")),
    Says(
        "naf",
        _NAF,
        "A sub-class of NAF rev. 2, `dd.ddL`; `ddddL` is accepted and becomes it.",
        ("25.62B", "30.30Z"),
    ),
]

_LEGAL_FORM = Says(
    "legal-form",
    Sentence(
        "not a legal form of INSEE's list, such as 5710",
        "ce n'est pas une catégorie juridique de la liste de l'INSEE, comme 5710",
    ),
    "INSEE's legal form.",
    ("5710", "5499"),
)
LegalForm = Annotated[str, Field(max_length=4, pattern=r"^[0-9]{4}$"), _LEGAL_FORM]
EnteredLegalForm = Annotated[str, Field(max_length=4, pattern=r"^[0-9]{4}$"), _listed(codes.legal_forms), _LEGAL_FORM]

_ROME = Says(
    "rome",
    Sentence("not an occupation of ROME 4.0, such as H2902", "ce n'est pas un métier du ROME 4.0, comme H2902"),
    "An occupation, by its code in ROME 4.0 [répertoire opérationnel des métiers et des emplois].",
    ("H2902", "H2903"),
)
Rome = Annotated[str, Field(max_length=5, pattern=r"^[A-N][0-9]{4}$"), _ROME]
EnteredRome = Annotated[str, Field(max_length=5, pattern=r"^[A-N][0-9]{4}$"), _listed(codes.rome), _ROME]

_WASTE = Sentence(
    "not in the European list of waste: six digits, with a star where it is hazardous, such as 120109*",
    "ce code n'est pas dans la liste européenne des déchets : six chiffres, avec une étoile pour un déchet dangereux, "
    "comme 120109*",
)
WasteCode = Annotated[
    str,
    Field(max_length=7, pattern=r"^[0-9]{6}\*?$"),
    Says(
        "waste-code",
        _WASTE,
        "What kind of waste, by its code in the European list; the star says hazardous.",
        ("120109*", "120101"),
    ),
]
EnteredWaste = Annotated[
    str,
    Field(max_length=9, pattern=r"^[0-9]{2} ?[0-9]{2} ?[0-9]{2}\*?$"),
    _listed(codes.waste, also=lambda code: f"{code[:2]} {code[2:4]} {code[4:]}"),
    Says(
        "waste-code",
        _WASTE,
        "What kind of waste, by its code in the European list; `12 01 09*` is accepted and becomes `120109*`. The star "
        "says hazardous, and belongs to the code.",
        ("120109*", "120101"),
    ),
]

_TREATMENT = Says(
    "treatment-code",
    Sentence(
        "not a treatment operation of the list, D1 to D15 or R1 to R13, such as R4",
        "ce n'est pas une opération de traitement de la liste, de D1 à D15 ou de R1 à R13, comme R4",
    ),
    "A treatment operation, by its code: disposal D, recovery R (directive 2008/98/EC, annexes I and II).",
    ("R4", "D10"),
)
TreatmentCode = Annotated[str, Field(max_length=3, pattern=r"^(D([1-9]|1[0-5])|R([1-9]|1[0-3]))$"), _TREATMENT]
EnteredTreatment = Annotated[
    str,
    Field(max_length=3, pattern=r"^(D([1-9]|1[0-5])|R([1-9]|1[0-3]))$"),
    _listed(codes.treatments),
    _TREATMENT,
]

_COMMUNE = Says(
    "commune",
    Sentence(
        'not a commune of INSEE\'s list of today: its INSEE code is a text of 5 characters, such as "36088"',
        "ce n'est pas une commune de la liste actuelle de l'INSEE : son code INSEE est un texte de 5 caractères, comme "
        '"36088"',
    ),
    "A commune's INSEE code, which is not its postal code.",
    ("36088", "18055"),
)
Commune = Annotated[str, Field(max_length=5, pattern=r"^([013-9][0-9]|2[AB1-9])[0-9]{3}$"), _COMMUNE]
EnteredCommune = Annotated[
    str,
    Field(max_length=5, pattern=r"^([013-9][0-9]|2[AB1-9])[0-9]{3}$"),
    _listed(codes.communes),
    _COMMUNE,
]
"""A commune that there is today. Those that were merged since are refused as unknown, also on a day long ago: what was
recorded of them is a `Commune`, and stays readable."""

_ZONE = Says(
    "zone",
    Sentence(
        f"no zone of the territory: its zones are {', '.join(codes.zones())}",
        f"ce n'est pas une zone du territoire : ses zones sont {', '.join(codes.zones())}",
    ),
    "A business zone [zone d'activité].",
    ("zi-limoise",),
)
Zone = Annotated[str, Field(max_length=64, pattern=SLUG), _ZONE]
EnteredZone = Annotated[str, Field(max_length=64, pattern=SLUG), _listed(codes.zones), _ZONE]
Axis = Annotated[
    int,
    Field(ge=1, le=7),
    Says(
        "axis",
        Sentence(
            "an axis is a whole number (not a text) from 1 to 7",
            "un axe est un nombre entier de 1 à 7 (et non un texte)",
        ),
        "The programme's axis, from 1 to 7.",
        (2, 6),
    ),
]
AreaCode = Annotated[
    str,
    Field(max_length=9, pattern=r"^[0-9][0-9AB][0-9]{0,7}$"),
    Says(
        "area-code",
        Sentence(
            "an area is told by its official code, such as 36088 for a commune, 243600236 for a community of communes "
            "or 36 for a department",
            "un territoire se désigne par son code officiel, comme 36088 pour une commune, 243600236 pour une "
            "communauté de communes ou 36 pour un département",
        ),
        "A commune, a community of communes, an employment zone or a department, by INSEE's code of it.",
        ("36088", "36"),
    ),
]
