"""Tables of others: CSV files in columns and words that are not ours, each row a command that begins a record.

Table(
    "/v1/lamps",
    "the lamps of the region, edition 3",
    {
        "puissance": Column("watts", needed=True),
        "etat": Column("is_lit", words={"allumé": True, "éteint": False}),
        "saisi_par": Column(),
    },
    given={"label": "lamp"},
)
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from service.http.faults import Fault, fault_of, pointer

Read = Callable[[str], object]
"""What a cell says, as JSON has it. What cannot be read stays as it is, for the field to object to."""
_NO_WORD: Final = frozenset({"literal_error", "bool_type"})
"""How a field objects to what is none of its column's words."""


@dataclass(frozen=True)
class Column:
    """What a column tells of a command. It is passed over where that is nothing.

    Unless told otherwise a cell says what the field takes, as in files in our own columns.
    """

    place: str | None = None
    """The field: `position.0` is the first of several."""
    needed: bool = False
    """Whether a file without it is refused."""
    words: Mapping[str, object] = field(default_factory=dict)
    """All that a cell may say, with what is meant."""
    reads: Read | None = None
    also: Mapping[str, Read] = field(default_factory=dict)
    """Fields that are made of the same cell."""

    @property
    def fields(self) -> Sequence[str]:
        """All that are made of a cell."""
        return (*((self.place,) if self.place else ()), *self.also)

    def readers(self, otherwise: Callable[[str], Read]) -> Iterator[tuple[str, Read]]:
        """How its fields read a cell; `otherwise` says how those do of which nothing is told."""
        if self.place:
            yield self.place, self._read_word if self.words else self.reads or otherwise(self.place)
        yield from self.also.items()

    def _read_word(self, cell: str) -> object:
        # A field with words takes no list: our own word for something is none of the table's.
        return self.words.get(cell, [cell])


@dataclass(frozen=True)
class Table:
    """A table that imports take by its name."""

    path: str
    """Of the resource that each row begins a record of."""
    title: str
    columns: Mapping[str, Column]
    given: Mapping[str, object] = field(default_factory=dict)
    """What a command says where no cell does."""

    def placed(self, faults: Sequence[Fault]) -> Sequence[Fault]:
        """The faults of a command, at the columns that they come from, as far as they do."""
        found = [self._placed(fault) for fault in faults]
        return [*{(fault.where["pointer"], fault.code): fault for fault in found}.values()]

    def _placed(self, fault: Fault) -> Fault:
        place = fault.where["pointer"].split("/")[1:]
        for name, column in self.columns.items():
            if any(_meet(each.split("."), place) for each in column.fields):
                if column.words and fault.code in _NO_WORD:
                    expected = ", ".join(f"'{word}'" for word in column.words)
                    return fault_of({"loc": (name,), "type": "literal_error", "ctx": {"expected": expected}})
                return Fault({"pointer": pointer([name])}, fault.code, fault.said)
        return fault


def _meet(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether one place is the other, or within it."""
    return all(here == there for here, there in zip(one, other, strict=False))
