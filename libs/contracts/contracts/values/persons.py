"""Persons: the pseudonyms that stand for them, and what is told of them in commands."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from contracts.language import Sentence, folded_words
from contracts.values.saying import Says
from contracts.values.words import UNSEEN, shown


@dataclass(frozen=True)
class Pseudonym:
    """Marks what is the pseudonym of a person."""


Subject = Annotated[
    str,
    Field(max_length=36, pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
    Pseudonym(),
    Says(
        "subject",
        Sentence(
            "a person is known by the pseudonym that the service gave, such as 0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
            "une personne est connue par le pseudonyme que le service lui a donné, comme "
            "0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
        ),
        "A person, by a pseudonym of this service.",
        ("0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d",),
    ),
]
"""A person, by the pseudonym that one service gave. It says nothing to any other."""


def _with_a_letter(name: str) -> str:
    if not folded_words(name):
        raise ValueError
    return name


PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=f"^[^{UNSEEN}0-9]*$"),
    AfterValidator(shown),
    AfterValidator(_with_a_letter),
    Says(
        "person-name",
        Sentence(
            "a name has 1 to 100 characters, each of them seen, letters among them and no digits",
            "un nom compte de 1 à 100 caractères, tous visibles, dont des lettres et aucun chiffre",
        ),
        "A name of a person.",
        ("Exemple",),
    ),
]
EmailAddress = Annotated[
    str,
    Field(max_length=254, pattern=r"^[^\s@\u0000-\u001F\u007F-\u009F]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"),
    Says(
        "email-address",
        Sentence(
            "an e-mail address is written as in a@example.org", "une adresse électronique s'écrit comme a@example.org"
        ),
        "Where a person reads e-mail.",
        ("a@example.org",),
    ),
]
PhoneNumber = Annotated[
    str,
    Field(max_length=16, pattern=r"^\+[1-9][0-9]{6,14}$"),
    Says(
        "phone-number",
        Sentence(
            "a phone number begins with + and the country, as in +33254000000",
            "un numéro de téléphone commence par + et l'indicatif du pays, comme +33254000000",
        ),
        "Where a person can be called (E.164).",
        ("+33254000000",),
    ),
]
