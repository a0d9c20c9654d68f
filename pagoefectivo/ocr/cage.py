"""Running code that looks at a stranger's bytes in a process of its own, which the kernel limits and we kill.

The parent calls `run`; the module that runs inside calls `enter` before it looks at anything. A child has no
environment, no open files of ours, no network, writes no more than its limit and dies with its parent.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_ENVIRONMENT = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a child may take: seconds of clock and of processor, bytes of address space and of output."""

    seconds: int
    memory: int
    output: int


class CageError(Exception):
    """The child gave no answer. What it had read is not in the message."""


class Overrun(CageError):
    """It took too long and was killed."""


class Crashed(CageError):
    """It could not begin, or ended by itself without an answer: out of memory, out of its limits, or an error."""


def run(module: str, given: bytes, limits: Limits) -> bytes:
    """Return what `module` answers to `given`. Raises Overrun or Crashed; either way nothing of it runs on."""
    command = [_python(), "-I", "-m", module, *(str(each) for each in (limits.seconds, limits.memory, limits.output))]
    with (
        tempfile.TemporaryFile() as letter,
        tempfile.TemporaryFile() as answer,
    ):  # no pipe that a child could let fill up
        letter.write(given)
        letter.seek(0)
        child = _child(command, letter, answer)
        try:
            code = child.wait(limits.seconds)
        except subprocess.TimeoutExpired:
            raise Overrun from None
        finally:
            _end(child)
        if code == -signal.SIGXCPU:
            raise Overrun
        if code != 0:
            raise Crashed
        answer.seek(0)
        return answer.read()


def enter() -> bytes:
    """Take on the limits that the command line names, lose the network, and return what the parent gave."""
    import resource  # Unix only, as the limits are

    seconds, memory, output = (int(each) for each in sys.argv[1:4])
    _die_with_parent()
    _lose_network()
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # at the hard limit it dies without saying why
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    return sys.stdin.buffer.read()


def answer(said: bytes) -> None:
    """Say the child's one answer."""
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()


def _child(command: list[str], letter: IO[bytes], answer: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - our own module in our own interpreter
            command,
            stdin=letter,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_ENVIRONMENT,
            start_new_session=True,
        )
    except OSError as error:  # no memory or no process left
        raise Crashed from error


def _python() -> str:
    """The interpreter of this environment; `sys.executable` names the server where one embeds Python."""
    ours = Path(sys.prefix, "bin", "python3")
    return str(ours) if ours.exists() else sys.executable


def _end(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _die_with_parent() -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _lose_network() -> None:
    """Leave the network's namespace where the kernel lets us; in any case Python opens no socket any more."""
    with suppress(OSError, AttributeError):
        namespaces = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET
        ctypes.CDLL(None).unshare(namespaces)
    sys.addaudithook(_refuse_sockets)


def _refuse_sockets(event: str, _arguments: Any) -> None:
    if event.startswith("socket."):
        raise PermissionError(event)
