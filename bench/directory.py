"""What lists are asked of: 200,000 companies, 25 in each commune and 20 of each name; what is found are 20 of them."""

import random
from functools import cache
from itertools import product
from typing import Final

from bench.sample import company
from companies.company import Company
from contracts.model import Event
from contracts.values import sample_siret
from eventstore.finding import words

IN_A_COMMUNE: Final = 25
COMMUNES: Final = 8_000
COMPANIES: Final = COMMUNES * IN_A_COMMUNE
FOUND: Final = 20
PAGE: Final = 51
"""A page of 50, and one more that tells whether there is another page."""

_TRADES: Final = (
    *("Câblage", "Carrosserie", "Chaudronnerie", "Décolletage", "Emballage", "Fonderie", "Imprimerie", "Maroquinerie"),
    *("Mécanique", "Menuiserie", "Outillage", "Plasturgie", "Robotique", "Sellerie", "Serrurerie", "Teinturerie"),
    *("Tôlerie", "Tournage", "Usinage", "Verrerie"),
)


def listed(number: int, communes: int = COMMUNES) -> tuple[Company, list[Event]]:
    """A company, and its events: of the 25 in a commune, 20 are active and the others have applied."""
    round_, commune = divmod(number, communes)
    return company(
        sample_siret(number),
        name=f"{_TRADES[number % len(_TRADES)]} de {_places()[number // len(_TRADES) % len(_places())]}",
        commune=_code(commune),
        active=round_ % 5 != 0,
    )


def some_commune(communes: int = COMMUNES) -> str:
    """A commune."""
    return _code(random.randrange(communes))


def some_name() -> list[str]:
    """The beginnings of the words that a name is searched by, folded: `chaud bari` for Chaudronnerie de Barigny."""
    return words(f"{random.choice(_TRADES)[:5]} {random.choice(_places())[:4]}")


def _code(commune: int) -> str:
    return f"{30_000 + commune}"


@cache
def _places() -> list[str]:
    """500 places, apart by their first four letters."""
    return [f"{''.join(letters).capitalize()}igny" for letters in product("bcdflmnrst", "aeiou", "bcdflmnrst")]
