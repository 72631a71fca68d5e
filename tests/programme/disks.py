"""A disk of a fixed size for a part of PostgreSQL's data, which a test fills and frees."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from programme.running import Programme, hand_over

BALLAST: Final = "ballast"
ROOM: Final = 64 * 2**20
"""Bytes that are free on a disk before it is filled."""


class Disk:
    """A disk by the folder that it is mounted at."""

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / BALLAST

    def fill(self) -> None:
        """Takes all that is free."""
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(2**20))
            except OSError:
                return

    def free(self) -> None:
        """Gives it back."""
        self._ballast.unlink()


@contextmanager
def small_disk(programme: Programme, part: str) -> Iterator[Disk]:
    """Moves a folder of PostgreSQL's data (`base`, `pg_wal`) to a disk that is nearly full, for as long as the block
    lasts. The server is started anew before and after. Skips the test where nothing may be mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    postgres = programme.postgres
    folder = (postgres.folder / "data").resolve() / part
    aside = folder.with_name(f"{part}-aside")
    postgres.stop()
    folder.rename(aside)
    folder.mkdir()
    try:
        with _mounted(folder, sum(file.stat().st_blocks * 512 for file in aside.rglob("*")) + ROOM):
            _copy(aside, folder)
            try:
                postgres.start()
                yield Disk(folder)
            finally:
                (folder / BALLAST).unlink(missing_ok=True)
                postgres.stop()
                shutil.rmtree(aside)
                _copy(folder, aside)
    finally:
        folder.rmdir()
        aside.rename(folder)
        postgres.start()


@contextmanager
def _mounted(folder: Path, size: int) -> Iterator[None]:
    """A disk of so many bytes, in memory."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)  # noqa: S607


def _copy(what: Path, to: Path) -> None:
    shutil.copytree(what, to, dirs_exist_ok=True)
    hand_over(to)
