"""Apache Kafka's published jars, resolved once per user by Maven, and the Java that runs them."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from devstack.child import DevstackError

POM = Path(__file__).with_name("kafka") / "pom.xml"
_MINIMUM_JAVA = 17


def java() -> str:
    """The path of Java. Raises DevstackError where there is none, or one that is too old."""
    home = os.environ.get("JAVA_HOME")
    path = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    advice = f"install Java {_MINIMUM_JAVA} or later (on Debian and Ubuntu: apt-get install openjdk-17-jre-headless)"
    if path is None:
        raise DevstackError(f"Kafka needs Java and none was found: {advice}, or set JAVA_HOME.")
    described = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', described)
    if version is None or int(version[1]) < _MINIMUM_JAVA:
        raise DevstackError(f"Kafka cannot run on the Java at {path}: {advice}, or set JAVA_HOME.")
    return path


def jars() -> Path:
    """The folder of Kafka's jars, filled by Maven the first time. Raises DevstackError."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "territory-devstack"
    folder = cache / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
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
            command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={target}"]
            resolved = subprocess.run(command, capture_output=True, text=True, check=False)
            if resolved.returncode != 0:
                lines = [line for line in resolved.stdout.splitlines() if "ERROR" in line]
                reason = lines[0] if lines else "it gave no reason"
                raise DevstackError(f"Maven could not fetch Kafka, so check its settings and the network: {reason}")
            if not folder.is_dir():
                target.rename(folder)
    except OSError as error:
        raise DevstackError(f"Cannot write to {cache}: make it writable or set XDG_CACHE_HOME ({error}).") from error
    return folder
