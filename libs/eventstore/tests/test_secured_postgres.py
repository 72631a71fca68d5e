"""PostgreSQL over TLS: who is believed, who is refused and in which words, and what is renewed while it is used."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from devstack.certificates import Authority
from devstack.postgres_secured import CERTIFIED, SecuredPostgres
from devstack.servers import Postgres
from eventstore.files import File
from eventstore.postgres.connection import DatabaseRefused, Line, StoreUnavailable, connect, open_pool

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PASSWORD = "p@ss/wo?rd"  # noqa: S105


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
async def postgres(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> AsyncIterator[SecuredPostgres]:
    with SecuredPostgres(tmp_path_factory.mktemp("postgres"), authority) as postgres:
        await execute(
            postgres,
            f"CREATE ROLE lamps LOGIN PASSWORD '{PASSWORD}'",
            f"CREATE ROLE {CERTIFIED}",
            f"CREATE ROLE posts LOGIN IN ROLE {CERTIFIED}",
        )
        yield postgres


async def execute(postgres: SecuredPostgres, *statements: str) -> None:
    connection = await connect(postgres.url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def is_encrypted(url: str | File) -> bool:
    connection = await connect(url, timeout=60)
    try:
        return bool(await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
    finally:
        await connection.close()


async def refusal(url: str) -> str:
    """Why an address is refused at once, for what does not pass by itself."""
    with pytest.raises(DatabaseRefused) as refused:
        async with asyncio.timeout(60):
            await connect(url)
    return str(refused.value)


@pytest.mark.parametrize("mode", ["prefer", "require", "verify-ca", "verify-full"])
async def test_connections_are_encrypted_as_the_address_says(postgres: SecuredPostgres, mode: str) -> None:
    assert await is_encrypted(postgres.url_of("lamps", "postgres", PASSWORD, sslmode=mode))


async def test_a_certificate_lets_in_whom_it_names(postgres: SecuredPostgres, authority: Authority) -> None:
    issued = authority.issue("posts")
    own = {"sslcert": str(issued.certificate), "sslkey": str(issued.key)}
    assert await is_encrypted(postgres.url_of("posts", "postgres", **own))
    assert "requires a valid client certificate" in await refusal(postgres.url_of("posts", "postgres"))


async def test_what_does_not_pass_by_itself_is_said_at_once(postgres: SecuredPostgres, tmp_path: Path) -> None:
    place = f"PostgreSQL at localhost:{postgres.port} cannot be used"
    stranger = Authority(tmp_path / "stranger", "stranger").certificate
    wrong_authority = await refusal(postgres.url_of("lamps", "postgres", PASSWORD, sslrootcert=str(stranger)))
    assert wrong_authority == f"{place} (its certificate is not believed: self-signed certificate in certificate chain)"
    wrong_password = await refusal(postgres.url_of("lamps", "postgres", "hunter2"))
    assert wrong_password == f'{place} (password authentication failed for user "lamps")'
    in_the_clear = await refusal(postgres.url_of("lamps", "postgres", PASSWORD, sslmode="disable"))
    assert in_the_clear.endswith("no encryption)")


async def test_a_server_without_tls_is_refused_where_the_address_asks_for_it(tmp_path: Path) -> None:
    with Postgres(tmp_path, durable=False) as plain:
        url = f"postgresql://postgres@localhost:{plain.port}/postgres?sslmode=require"
        assert await refusal(url) == (
            f"PostgreSQL at localhost:{plain.port} cannot be used (it has no TLS, which the address asks for)"
        )


async def test_a_certificate_of_another_host_is_refused_and_one_that_is_renewed_serves(
    postgres: SecuredPostgres,
) -> None:
    url = postgres.url_of("lamps", "postgres", PASSWORD)
    postgres.renew_certificate("elsewhere.test")
    admin = await connect(postgres.url_of("postgres", "postgres", sslmode="verify-ca"))
    try:
        await admin.fetchval("SELECT pg_reload_conf()")
        while "Hostname mismatch" not in await _why_refused(url):  # noqa: ASYNC110  the server loads it when it comes to it
            await asyncio.sleep(0.05)
        postgres.renew_certificate()
        await admin.fetchval("SELECT pg_reload_conf()")
    finally:
        await admin.close()
    async with asyncio.timeout(60):
        while await _why_refused(url):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def _why_refused(url: str) -> str:
    try:
        await is_encrypted(url)
    except DatabaseRefused as refused:
        return str(refused)
    return ""


async def test_a_password_that_is_renewed_in_the_file_serves_the_next_connection_and_those_that_are_open_live_on(
    postgres: SecuredPostgres, tmp_path: Path
) -> None:
    await execute(postgres, "CREATE ROLE changing LOGIN PASSWORD 'before'")
    address = File(tmp_path / "url")
    address.path.write_text(postgres.url_of("changing", "postgres", "before") + "\n")
    line = Line(address, "test")
    async with open_pool(address, 3) as pool, pool.acquire() as first:
        ((pid,),) = await line.fetch("SELECT pg_backend_pid()")
        await execute(postgres, "ALTER ROLE changing PASSWORD 'after'")

        # What is open goes on; a new connection is refused, which passes once the file is renewed.
        ((still,),) = await line.fetch("SELECT pg_backend_pid()")
        assert still == pid
        assert await first.fetchval("SELECT 1") == 1
        with pytest.raises(StoreUnavailable) as refused:
            await pool.acquire()
        assert not isinstance(refused.value, DatabaseRefused)
        assert 'refuses what a file says (password authentication failed for user "changing")' in str(refused.value)

        address.path.write_text(postgres.url_of("changing", "postgres", "after") + "\n")
        async with pool.acquire() as second:
            assert await second.fetchval("SELECT pg_backend_pid()") != await first.fetchval("SELECT pg_backend_pid()")
    await line.close()


async def test_an_address_that_a_file_no_longer_has_is_waited_for(tmp_path: Path) -> None:
    address = File(tmp_path / "url")
    with pytest.raises(StoreUnavailable, match="cannot be used \\(No such file or directory\\)"):
        await connect(address)
    address.path.write_text("hunter2")
    with pytest.raises(StoreUnavailable) as unusable:
        await connect(address)
    assert "hunter2" not in str(unusable.value)
    assert isinstance(unusable.value.__cause__, ValueError | asyncpg.InterfaceError)
