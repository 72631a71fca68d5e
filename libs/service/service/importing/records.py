"""What arrives in pieces, cut into records: lines, or rows of CSV, in which a quoted cell may go on over several."""

from collections.abc import Iterator
from typing import Final

from contracts.language import Sentence
from eventstore.postgres.importing import Line
from service.http.faults import Fault
from service.http.problems import Problem, invalid
from service.http.sentences import LINE_NOT_TEXT, LINE_TOO_LONG, Said

_BOM: Final = b"\xef\xbb\xbf"


class Records:
    """The records of one file, each behind the number of the line that it begins on; empty ones are passed over."""

    def __init__(self, *, quoted: bool, longest: int) -> None:
        self._quoted = quoted
        self._longest = longest
        self._begun: list[bytes] = []
        """Lines of a record whose quotation marks are not closed."""
        self._size = self._marks = 0
        """How many bytes and quotation marks they have."""
        self._rest = b""
        self._line = 0
        """The number of the line that was read last."""

    def feed(self, piece: bytes) -> Iterator[Line]:
        """The records that a piece completes. Raises Problem for one that is too long, or no text."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            yield from self._read(line)
        if len(self._rest) > self._longest:
            raise _wrong(LINE_TOO_LONG, line=self._line + 1, limit=self._longest)

    def end(self) -> Iterator[Line]:
        """The last record, if nothing ends it. Raises Problem."""
        if self._rest:
            yield from self._read(self._rest)
        if self._begun:
            yield self._text()

    def _read(self, line: bytes) -> Iterator[Line]:
        self._line += 1
        if self._line == 1:
            line = line.removeprefix(_BOM)
        line = line.removesuffix(b"\r")
        self._begun.append(line)
        self._size += len(line) + 1
        self._marks += line.count(b'"')
        if self._size > self._longest:
            raise _wrong(LINE_TOO_LONG, line=self._first(), limit=self._longest)
        if self._quoted and self._marks % 2:
            return
        record = self._text()
        if record[1].strip():
            yield record

    def _text(self) -> Line:
        first = self._first()
        try:
            text = b"\n".join(self._begun).decode()
        except UnicodeDecodeError:
            raise _wrong(LINE_NOT_TEXT, line=first) from None
        self._begun, self._size, self._marks = [], 0, 0
        return first, text

    def _first(self) -> int:
        return self._line - len(self._begun) + 1


def _wrong(sentence: Sentence, **parameters: object) -> Problem:
    return invalid([Fault({"pointer": "#"}, "unreadable_line", Said(sentence, **parameters))])
