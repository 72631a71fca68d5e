"""Kustomize, built from its published module, and what it makes of an overlay."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from manifests.objects import Manifests

REPOSITORY: Final = Path(__file__).parents[3]
K8S: Final = REPOSITORY / "deploy" / "k8s"
MODULES: Final = Path(__file__).parents[1]
GO: Final = "Go 1.26 or later is needed: install it (https://go.dev/doc/install, or golang-go of Debian's backports)"


def kept() -> Path:
    """The folder in which what is fetched and built is kept, per user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "territory-devstack"


def go() -> str:
    """The path of Go; a test that has none fails, and says so."""
    found = shutil.which("go")
    assert found, GO
    return found


@cache
def kustomize() -> Path:
    """The program, built the first time, of the modules that are pinned with their hashes."""
    folder = MODULES / "kustomize"
    pinned = hashlib.sha256((folder / "go.sum").read_bytes()).hexdigest()[:12]
    program = kept() / f"kustomize-{pinned}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        # Renamed when complete: several tests may begin at once.
        with tempfile.TemporaryDirectory(dir=program.parent) as fresh:
            built = Path(fresh) / "kustomize"
            command = [go(), "build", "-mod=readonly", "-o", str(built), "sigs.k8s.io/kustomize/kustomize/v5"]
            subprocess.run(command, cwd=folder, check=True)
            built.rename(program)
    return program


@cache
def rendered(overlay: Path) -> str:
    """What is applied."""
    done = subprocess.run([kustomize(), "build", overlay], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def manifests_of(overlay: Path) -> Manifests:
    """The objects of an overlay, read anew each time, so that they may be changed."""
    return Manifests(list(yaml.load_all(rendered(overlay), yaml.CSafeLoader)))


OVERLAYS: Final[Mapping[str, Path]] = {
    "local": K8S / "overlays" / "local",
    "production": K8S / "overlays" / "production",
    "everything": MODULES / "everything",
    "restored": K8S / "components" / "cloudnative-pg" / "restored",
}
"""What is rendered: `everything` is production with the components that it leaves out."""
