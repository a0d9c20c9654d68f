"""The demo's processes: started in order, stopped in reverse, and counted when they are gone."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django
import requests
from django.core.management import call_command
from django.db import connections

from tooling.processes import Child, ChildFailed, Children, free_port

ROOT = Path(__file__).resolve().parent.parent
WEB_PORT, SANDBOX_PORT = 8000, 8077
ADMIN, SECOND_PERSON = "admin", "finance"
DESKS = {"rosa": "PagoEfectivo support 2", "carmen": "PagoEfectivo auditor"}
DIRECT = "pagoefectivo_direct"  # the account and its provider
SCOPES = ["orders:read", "orders:write", "refunds:read", "refunds:write"]
# LEASE must outlast twice CONNECT + READ
CALM = {"POLL": ["15s", "30s", "1m", "5m"], "RETRY": ["2s", "5s", "15s", "1m"]}
HURRIED = {"POLL": ["2s"], "RETRY": ["1s"], "CONNECT": "2s", "READ": "5s", "LEASE": "15s"}


@dataclass
class Stack:
    """A running demo: where each part listens, and how to get in."""

    web_url: str
    sandbox_url: str
    password: str
    api_key: str = ""
    children: list[Child] = field(default_factory=list)

    @property
    def api_url(self) -> str:
        return f"{self.web_url}/pagoefectivo/api/v1"

    def raise_if_any_ended(self) -> None:
        """Raise ChildFailed, with the end of its log, when a process ended by itself."""
        for child in self.children:
            if child.process.poll() is not None:
                raise ChildFailed(f"{child.name} ended with code {child.process.returncode}:\n{child.last_words()}")

    def left_nobody(self, *, say: bool) -> bool:
        """Whether every process of every group that we started is gone; look after the stack has been stopped."""
        left = [child.name for child in self.children if _has_members(child.process.pid)]
        if say or left:
            counted = f"{len(self.children)} process groups ended, {len(left)} left"
            print(f"{'✗' if left else '✓'} no process left behind: {counted} {', '.join(left)}".rstrip(), flush=True)
        return not left


@contextmanager
def running_stack(folder: Path, *, hurried: bool, base: Mapping[str, str] = os.environ) -> Iterator[Stack]:
    """Bring the whole shop up with its logs in `folder`; stop all of it on every way out. `base` names the servers."""
    web = f"http://127.0.0.1:{free_port() if hurried else _preferred(WEB_PORT)}"
    sandbox = f"http://127.0.0.1:{free_port() if hurried else _preferred(SANDBOX_PORT)}"
    stack = Stack(web, sandbox, password=secrets.token_urlsafe(9))
    environment = {**base, **_settings(stack, hurried=hurried), "SHOP_MAILBOX_DIR": str(folder / "mailbox")}
    with Children() as children:
        _start(stack, children, "the sandbox PSP", _sandbox(stack), folder, environment)
        server = _start(stack, children, "the web server", _web(web), folder, environment)
        worker = _start(stack, children, "the Celery worker", _worker(), folder, environment)
        _prepare(stack, environment)  # while the others load
        _start(stack, children, "Celery beat", _beat(folder), folder, environment)
        server.wait_until(lambda: _knows_key(stack))
        worker.wait_until(lambda: " ready." in worker.last_words(200))
        yield stack


def _settings(stack: Stack, *, hurried: bool) -> dict[str, str]:
    return {
        "DEBUG": "1",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "PAGOEFECTIVO_PUBLIC_BASE_URL": stack.web_url,
        "PAGOEFECTIVO_SANDBOX_URL": stack.sandbox_url,
        "PAGOEFECTIVO_NEW_CODE_BY_BUYER": "always",  # the storefront never runs out of anything
        "PAGOEFECTIVO_TIMING": json.dumps(HURRIED if hurried else CALM),
        "PAGOEFECTIVO_SWEEP_SECONDS": "1" if hurried else "5",
    }


def _start(
    stack: Stack, children: Children, name: str, argv: list[str], folder: Path, environment: Mapping[str, str]
) -> Child:
    log = folder / f"{name.rsplit(maxsplit=1)[-1]}.log"
    child = children.add(Child(name, [sys.executable, *argv], log=log, env=environment, cwd=ROOT))
    stack.children.append(child)
    return child


def _prepare(stack: Stack, environment: Mapping[str, str]) -> None:
    """Make the tables, people to log in, for some acts take two, and an API key. In this process: another Django would cost seconds."""
    os.environ.update(environment)
    django.setup()
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group

    from pagoefectivo.services import api_keys, people

    call_command("migrate", verbosity=0)
    people.make_groups()
    for name, desk in DESKS.items():
        person = get_user_model()._default_manager.create_user(name, password=stack.password, is_staff=True)
        person.groups.add(Group.objects.get(name=desk))
    for name in (ADMIN, SECOND_PERSON):
        get_user_model()._default_manager.create_superuser(name, f"{name}@shop.example", stack.password)
    _, stack.api_key = api_keys.create_key("demo", SCOPES)
    connections.close_all()


def _sandbox(stack: Stack) -> list[str]:
    """PagoEfectivo itself is told once where notifications go; the others hear it with each payment."""
    address = f"{DIRECT}={stack.web_url}/pagoefectivo/webhooks/{DIRECT}/"
    return ["-m", "pagoefectivo.sandbox", "--port", _port(stack.sandbox_url), "--notification-url", address]


def _web(url: str) -> list[str]:
    bound = ["--bind", f"127.0.0.1:{_port(url)}"]
    return [
        *("-m", "gunicorn", "project.wsgi:application", *bound, "--worker-class", "gthread"),
        *("--preload", "--workers", "2", "--threads", "8", "--graceful-timeout", "2", "--no-control-socket"),
    ]


def _worker() -> list[str]:
    return [
        *("-m", "celery", "--app", "project.celery", "worker", "--loglevel", "INFO"),
        *("--queues", "pagoefectivo,pagoefectivo.ocr"),
        *("--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle"),
    ]


def _beat(folder: Path) -> list[str]:
    kept = ["--schedule", str(folder / "beat"), "--pidfile", ""]
    return ["-m", "celery", "--app", "project.celery", "beat", "--loglevel", "WARNING", *kept]


def _port(url: str) -> str:
    return url.rpartition(":")[2]


def _preferred(port: int) -> int:
    """A port that is easy to remember, or any other when somebody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return free_port()
    return port


def _knows_key(stack: Stack) -> bool:
    """Whether it is our server that answers, and not that of another demo on the same port."""
    with requests.Session() as session:
        session.trust_env = False
        key = {"Authorization": f"Api-Key {stack.api_key}"}
        try:
            return session.get(f"{stack.api_url}/orders/", headers=key, timeout=5).ok
        except requests.RequestException:
            return False


def _has_members(group: int) -> bool:
    """Whether anybody of a process group still runs; who has ended and waits to be counted by its parent does not."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    stats = [_stat_of(folder) for folder in Path("/proc").glob("[0-9]*")]
    return not stats or any(state != "Z" and int(its_group) == group for state, _, its_group in filter(None, stats))


def _stat_of(folder: Path) -> list[str]:
    """State, parent and group of a process; empty when it has just gone."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return []
