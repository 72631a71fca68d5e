"""What files say of secrets, which whoever deploys may renew beside processes that run."""

import os
from errno import EILSEQ
from pathlib import Path


class File:
    """What a file says, whenever it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> str:
        """Its content, less the line break that editors end it with. Raises OSError, also where it is no text."""
        try:
            return self.path.read_text(encoding="utf-8").removesuffix("\n")
        except UnicodeDecodeError:
            raise OSError(EILSEQ, os.strerror(EILSEQ), str(self.path)) from None


Told = str | File
"""Something said once and for all, or what a file says at the time."""


def resolve(by: Told) -> str:
    """What is said now. Raises OSError where a file does not say."""
    return by.read() if isinstance(by, File) else by
