"""The images that `overlays/local` runs, and the way they come to the cluster's nodes."""

import os
import shlex
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from devstack.child import DevstackError

PLATFORM: Final = "territory-platform:local"
"""As `overlays/local` has it."""


def load() -> str:
    """Builds the platform's image and loads it, or loads the archives of a folder; returns what it did.

    `LOAD_IMAGE` is the command that brings an archive to the nodes, which stands in it as `{archive}`; without it the
    cluster sees the images of this machine's Docker. `ARCHIVES` is a folder with archives of images, as `docker save`
    writes them, of the platform and of whatever the nodes cannot pull. Raises DevstackError.
    """
    loading, folder = os.environ.get("LOAD_IMAGE"), os.environ.get("ARCHIVES")
    if folder:
        archives = sorted(Path(folder).glob("*.tar"))
        if not loading or not archives:
            raise DevstackError(f"ARCHIVES needs archives (*.tar) in {folder}, and a command LOAD_IMAGE for them.")
        for archive in archives:
            _load(loading, archive)
        return f"{', '.join(archive.stem for archive in archives)} loaded"
    release = _run(["git", "describe", "--always", "--dirty"])
    _run(["docker", "build", "--quiet", "--build-arg", f"RELEASE={release}", "--tag", PLATFORM, "."])
    if not loading:
        return f"{PLATFORM} built"
    with TemporaryDirectory() as place:
        archive = Path(place) / "platform.tar"
        _run(["docker", "save", "--output", str(archive), PLATFORM])
        _load(loading, archive)
    return f"{PLATFORM} built and loaded"


def _load(command: str, archive: Path) -> None:
    if "{archive}" not in command:
        raise DevstackError(
            "LOAD_IMAGE says {archive} where the archive's path belongs: kind load image-archive {archive}."
        )
    _run([part.replace("{archive}", str(archive)) for part in shlex.split(command)])


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise DevstackError(f"{command[0]} was not found: install it, or load images in another way.") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise DevstackError(f"{' '.join(command)} failed: {' '.join(said[-3:])}")
    return done.stdout.strip()
