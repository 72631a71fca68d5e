"""Room for a PostgreSQL that root started: it becomes another user, whom closed folders keep out.

What that user could not reach, programs below root's home or data in a private folder, is lodged where it can. No
folder is opened to anybody for that, and the user gets no right that it has not.
"""

import os
import pwd
import shutil
import tempfile
from pathlib import Path
from typing import Final

from devstack.child import DevstackError

LODGINGS: Final = Path("/var/lib/territory-devstack")


def programs(installed: Path, name: str, *beside: Path) -> Path:
    """A folder of programs that everyone may run: the installed one, or a copy of it and of what lies beside it.

    The copy is kept under a name. Raises DevstackError.
    """
    if _everyone_may_run(installed / "bin" / "postgres"):
        return installed
    copy = _lodgings(installed) / f"programs-{name}"
    if not copy.is_dir():
        # Renamed when complete: an interrupted or a simultaneous run never leaves half a folder in use.
        with tempfile.TemporaryDirectory(dir=LODGINGS) as fresh:
            for needed in (installed, *beside):
                target = Path(fresh) / "copy" / needed.relative_to(installed.parents[1])
                shutil.copytree(needed, target, symlinks=True)
            _open(Path(fresh) / "copy")
            if not copy.is_dir():
                (Path(fresh) / "copy").rename(copy)
    return copy / installed.relative_to(installed.parents[1])


def data(asked: Path, user: str) -> Path:
    """Where data is that should be in a folder, which is then a link if its user could not come there.

    Raises DevstackError.
    """
    if asked.is_symlink():
        lodged = asked.readlink()
        if not lodged.parent.is_dir():
            raise DevstackError(f"The data of {asked} is gone from {lodged}: make clean-state begins anew.")
        return lodged
    if _everyone_may_run(asked.parent):
        return asked
    room = Path(tempfile.mkdtemp(prefix="data-", dir=_lodgings(asked.parent)))
    room.chmod(0o711)
    lodged = room / "data"
    if asked.exists():
        shutil.move(asked, lodged)
        give(lodged, user)
    asked.symlink_to(lodged)
    return lodged


def leave(asked: Path) -> None:
    """Removes the data that is lodged for a folder, if any."""
    if asked.is_symlink() and asked.readlink().parent.parent == LODGINGS:
        shutil.rmtree(asked.readlink().parent, ignore_errors=True)
        asked.unlink()


def give(folder: Path, user: str) -> None:
    """Makes a folder and all in it the user's."""
    account = pwd.getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _lodgings(closed: Path) -> Path:
    try:
        LODGINGS.mkdir(parents=True, exist_ok=True)
        LODGINGS.chmod(0o755)
    except OSError as error:
        raise DevstackError(
            f"PostgreSQL does not run as root, and the user nobody may not enter {closed}: use a folder that everybody "
            f"may enter, or another user than root ({LODGINGS} cannot be used: {error.strerror})."
        ) from error
    return LODGINGS


def _open(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _everyone_may_run(path: Path) -> bool:
    """Whether everyone may run a program, or enter a folder."""
    return all(step.stat().st_mode & 0o001 for step in (path.resolve(), *path.resolve().parents))
