"""Apache Kafka's published jars, resolved once per user by Maven, and the Java that runs them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from devstack.child import DevstackError
from devstack.maven import fetched

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
    """The folder of Kafka's jars. Raises DevstackError."""
    return fetched("kafka", POM)
