"""The shop's processes for one drill: servers of its own, web, worker and beat, and a provider beside them.

On a SQLite file there are no servers, no broker and no Celery: four processes write, two of the web and two that sweep.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.sandbox.server import SandboxServer
from tooling import services
from tooling.processes import Child, Children, free_port

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "tests.processes.settings"
SWEEP_EVERY = "1"
ROLES = ("web", "worker", "beat")
ROLES_WITHOUT_CELERY = ("web", "sweeper", "other_sweeper")


class Stack:
    """Everything that runs in a drill. A process that has ended is started again by `revive`."""

    postgres: Child
    valkey: Child

    def __init__(self, home: Path, children: Children, sandbox: SandboxServer, *, on_sqlite: bool = False) -> None:
        self.home, self.psp = home, sandbox.control
        self.drill = home / "drill"
        for name in ("warrants", "delivered", "seen"):
            (self.drill / name).mkdir(parents=True)
        self._children = children
        self._account = services._unprivileged_account()
        self.roles = ROLES_WITHOUT_CELERY if on_sqlite else ROLES
        storage = self._file() if on_sqlite else self._servers()
        self.web_url = f"http://127.0.0.1:{free_port()}"
        self.environment = {
            **os.environ,
            **storage,
            "PAGOEFECTIVO_PUBLIC_BASE_URL": self.web_url,
            "PAGOEFECTIVO_SANDBOX_URL": sandbox.url,
            "PAGOEFECTIVO_SWEEP_SECONDS": SWEEP_EVERY,
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "DRILL_FOLDER": str(self.drill),
            "SHOP_MAILBOX_DIR": str(home / "mailbox"),
        }
        self._running: dict[str, Child] = {}
        self.revivals = dict.fromkeys(self.roles, 0)

    def _servers(self) -> dict[str, str]:
        if self._account:
            os.chown(self.home, self._account.pw_uid, self._account.pw_gid)
            self.home.chmod(0o755)
        database = services._start_postgres(self._children, self.home, self._account)
        self.postgres = self._children._running[-1]
        broker = services._start_valkey(self._children, self.home)
        self.valkey = self._children._running[-1]
        cache = broker.replace("/0", "/1")
        return {**database, "PAGOEFECTIVO_BROKER_URL": broker, "PAGOEFECTIVO_CACHE_URL": cache}

    def _file(self) -> dict[str, str]:
        nowhere = dict.fromkeys(("PAGOEFECTIVO_DB_NAME", "PAGOEFECTIVO_BROKER_URL", "PAGOEFECTIVO_CACHE_URL"), "")
        return {**nowhere, "PAGOEFECTIVO_SQLITE_FILE": str(self.home / "shop.sqlite3")}

    def start(self, *roles: str) -> None:
        """Start these, by default all, and wait until a request is answered."""
        self.revive(*roles)
        self._running["web"].wait_until(self._listens, seconds=60)

    def revive(self, *roles: str) -> list[str]:
        """Start again whoever of these, by default of all, has ended; return their roles."""
        gone = [
            role
            for role in roles or self.roles
            if role not in self._running or self._running[role].process.poll() is not None
        ]
        for role in gone:
            self.revivals[role] += role in self._running
            argv = [sys.executable, *getattr(self, f"_{role}")()]
            environment = {**self.environment, "DRILL_ROLE": role}
            log = self.home / f"{role}.log"
            self._running[role] = self._children.add(Child(role, argv, log=log, env=environment, cwd=ROOT))
        return gone

    def end(self, role: str) -> None:
        """SIGKILL a process with all its children."""
        child = self._running[role]
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()

    def restart(self, server: Child) -> Child:
        """Start a server again as it was started, once it has ended."""
        server.process.wait(30)
        arguments: Any = server.process.args
        user = self._account if server is self.postgres else None
        return self._children.add(Child(server.name, arguments, log=server.log, cwd=self.home, user=user))

    @property
    def postgres_program(self) -> Path:
        """Where the server's executable is; `pg_dump` and its like lie beside it."""
        arguments: Any = self.postgres.process.args
        return Path(arguments[0])

    def log(self, role: str) -> str:
        """Return what a process has written."""
        return (self.home / f"{role}.log").read_text(errors="replace")

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", int(self.web_url.rpartition(":")[2])), 1):
            return True
        return False

    def _web(self) -> list[str]:
        bound = ["--bind", self.web_url.removeprefix("http://"), "--worker-class", "gthread", "--preload"]
        return [
            *("-m", "gunicorn", "tests.processes.wsgi:application", *bound),
            *("--workers", "2", "--threads", "4", "--graceful-timeout", "1", "--no-control-socket"),
        ]

    def _worker(self) -> list[str]:
        return [
            *("-m", "celery", "--app", "project.celery", "worker", "--queues", "pagoefectivo", "--loglevel", "WARNING"),
            *("--pool", "threads", "--concurrency", "3", "--without-gossip", "--without-mingle"),
            *("--without-heartbeat",),
        ]

    def _sweeper(self) -> list[str]:
        return ["manage.py", "pagoefectivo", "sweep", "--loop", "--every", SWEEP_EVERY]

    _other_sweeper = _sweeper

    def _beat(self) -> list[str]:
        kept = ["--schedule", str(self.home / "beat"), "--pidfile", ""]
        return ["-m", "celery", "--app", "project.celery", "beat", "--loglevel", "WARNING", *kept]


@contextmanager
def running(*, permissive: bool = True, on_sqlite: bool = False) -> Iterator[Stack]:
    """Yield a stack whose tables exist and whose database this process is connected to; stop all of it at the end."""
    home = Path(tempfile.mkdtemp(prefix="drill-", dir="/tmp"))  # short enough for a socket
    try:
        with SandboxServer(permissive=permissive) as sandbox, Children() as children:
            stack = Stack(home, children, sandbox, on_sqlite=on_sqlite)
            os.environ.update(stack.environment)
            _connect()
            yield stack
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _connect() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def wait_for(holds: Callable[[], Any], *, seconds: float, every: float = 0.1) -> Any:
    """Return the first true answer, or the last one when time is up."""
    deadline = time.monotonic() + seconds
    while not (answer := holds()) and time.monotonic() < deadline:
        time.sleep(every)
    return answer


__all__ = ["ROLES", "Operations", "Stack", "running", "wait_for"]
