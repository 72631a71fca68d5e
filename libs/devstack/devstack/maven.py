"""What Maven fetches, once per user: a folder for each pom.xml, by its content."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from devstack.child import DevstackError


def fetched(name: str, pom: Path, prepare: Callable[[Path], None] | None = None) -> Path:
    """The folder of a pom's jars, filled the first time, and prepared then. Raises DevstackError."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "territory-devstack"
    folder = cache / f"{name}-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise DevstackError("Maven was not found: install it (on Debian and Ubuntu: apt-get install maven).")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # Renamed when complete: an interrupted or a simultaneous run never leaves half a folder in use.
        with tempfile.TemporaryDirectory(dir=cache) as fresh:
            target = Path(fresh) / "jars"
            command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={target}"]
            resolved = subprocess.run(command, capture_output=True, text=True, check=False)
            if resolved.returncode != 0:
                lines = [line for line in resolved.stdout.splitlines() if "ERROR" in line]
                reason = lines[0] if lines else "it gave no reason"
                raise DevstackError(f"Maven could not fetch {name}, so check its settings and the network: {reason}")
            if prepare is not None:
                prepare(target)
            if not folder.is_dir():
                target.rename(folder)
    except OSError as error:
        raise DevstackError(f"Cannot write to {cache}: make it writable or set XDG_CACHE_HOME ({error}).") from error
    return folder
