"""What must never happen, each rule a function from a source tree to the places that break it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.architecture.reading import DOORS, WALLS, Source, below, calls, chain, method_calls, sources

# Pure functions of facts: no storage, no wire, no clock, no chance. Texts are marked for translation, nothing more.
_IMPURE = (
    *(
        "asyncio",
        "celery",
        "http",
        "httpx",
        "os",
        "pathlib",
        "psycopg",
        "random",
        "redis",
        "requests",
        "rest_framework",
    ),
    *(
        "secrets",
        "socket",
        "subprocess",
        "threading",
        "time",
        "urllib.request",
        "urllib3",
        "uuid",
        "zoneinfo.reset_tzpath",
    ),
)
_CLOCK = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("timezone", "now")}
_HTTP_CLIENTS = ("requests", "urllib3", "httpx", "http.client", "urllib.request", "aiohttp")
_WRITES = frozenset({"create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"})
_STATE_IN_SQL = re.compile(r"\bset\b[^;]*\bstate\s*=", re.IGNORECASE)
_LONGEST = 400
_DISTINCTIVE = re.compile(r"[A-Z_-]")

LIFECYCLE = "pagoefectivo/services/lifecycle.py"
MAY_CALL_A_PSP = {
    "pagoefectivo/services/submission.py",
    "pagoefectivo/services/polling.py",
    "pagoefectivo/selectors/readiness.py",  # the go-live check
}


def impure_domain(root: Path) -> Iterator[str]:
    """`domain` imports nothing of ours, no model, no wire, no clock."""
    for source in sources(root, "domain"):
        for name in source.imports:
            ours = below(name, "pagoefectivo") and not below(name, "pagoefectivo.domain")
            framework = below(name, "django") and not below(name, "django.utils.translation")
            if ours or framework or any(below(name, impure) for impure in _IMPURE):
                yield f"{source.name} imports {name}"
        for call in calls(source.tree):
            if tuple(reversed(chain(call)[:2])) in _CLOCK:
                yield f"{source.line(call)} asks the clock"


def walls_that_know_each_other(root: Path) -> Iterator[str]:
    """`models`, `providers`, `channels`, `ocr` do not import each other."""
    for source in sources(root, *WALLS):
        for other in set(WALLS) - {source.room}:
            yield from (
                f"{source.name} imports {name}" for name in source.imports if below(name, f"pagoefectivo.{other}")
            )


def providers_that_know_each_other(root: Path) -> Iterator[str]:
    """No provider's folder imports another's; the shared files beside them know no provider by name."""
    folders = {
        source.module[2] for source in sources(root, "providers") if len(source.module) > 2 and _in_folder(source)
    }
    for source in sources(root, "providers"):
        own = source.module[2] if len(source.module) > 2 and _in_folder(source) else ""
        for other in folders - {own}:
            package = f"pagoefectivo.providers.{other}"
            yield from (f"{source.name} imports {name}" for name in source.imports if below(name, package))


def _in_folder(source: Source) -> bool:
    return source.path.parent.name != "providers"


def services_that_import_a_door(root: Path) -> Iterator[str]:
    """`services` and `selectors` never import a door."""
    for source in sources(root, "services", "selectors"):
        for door in DOORS:
            yield from (
                f"{source.name} imports {name}" for name in source.imports if below(name, f"pagoefectivo.{door}")
            )


def doors_that_know_a_provider(root: Path) -> Iterator[str]:
    for source in sources(root, *DOORS):
        yield from (f"{source.name} imports {name}" for name in source.imports if below(name, "pagoefectivo.providers"))


def doors_that_write(root: Path) -> Iterator[str]:
    """A door saves nothing: no `.save()`, no write through a manager or queryset, no transaction of its own."""
    for source in sources(root, *DOORS):
        for call in calls(source.tree):
            names = chain(call)
            if not names:
                continue
            through_orm = {"objects", "queryset", "qs", "get_queryset"} & set(names[1:])
            if names[0] == "save" or (names[0] in _WRITES and through_orm):
                yield f"{source.line(call)} writes by {'.'.join(reversed(names))}"
            if names[0] in {"atomic", "select_for_update"}:
                yield f"{source.line(call)} opens {names[0]}"


def doors_with_two_service_calls(root: Path) -> Iterator[str]:
    """On no path through a door's function are two services called."""
    for source in sources(root, *DOORS):
        services = source.local_names_from("pagoefectivo.services")
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                most = _most_calls(node.body, services)
                if most > 1:
                    yield f"{source.line(node)} {node.name} calls {most} services"


def _most_calls(body: list[ast.stmt], services: frozenset[str]) -> int:
    """The largest number of service calls on one path from the first statement to a way out."""
    if not body:
        return 0
    first, rest = body[0], body[1:]
    before, branches = _fork(first)
    here = sum(_count(node, services) for node in before)
    if isinstance(first, ast.Return | ast.Raise):
        return here
    return here + max(_most_calls([*branch, *_after(branch, rest)], services) for branch in branches)


def _fork(statement: ast.stmt) -> tuple[list[ast.expr | ast.stmt], list[list[ast.stmt]]]:
    """What a statement surely evaluates, and the ways it may go on."""
    match statement:
        case ast.If():
            return [statement.test], [statement.body, statement.orelse]
        case ast.Match():
            return [statement.subject], [[], *(case.body for case in statement.cases)]
        case ast.Try():
            clean = [*statement.body, *statement.orelse, *statement.finalbody]
            return [], [clean, *(handler.body for handler in statement.handlers)]
        case ast.With() | ast.For() | ast.While():
            return [], [statement.body]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [], [[]]
        case _:
            return [statement], [[]]


def _after(branch: list[ast.stmt], rest: list[ast.stmt]) -> list[ast.stmt]:
    return [] if branch and isinstance(branch[-1], ast.Return | ast.Raise | ast.Continue | ast.Break) else rest


def _count(node: ast.AST, services: frozenset[str]) -> int:
    # a name in capitals first is a class: building a service's request object is not a call of the service
    return sum(
        1 for call in calls(node) if (names := chain(call)) and names[-1] in services and not names[0][0].isupper()
    )


def transitions_outside_lifecycle(root: Path) -> Iterator[str]:
    """Only `services/lifecycle.py` calls a `@transition`."""
    transitions = {
        node.name
        for source in sources(root, "models")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef) and any(chain(mark)[:1] == ["transition"] for mark in node.decorator_list)
    }
    for source in sources(root):
        if source.name != LIFECYCLE and source.room not in {"sandbox", "testing"}:
            for call in method_calls(source, transitions):
                yield f"{source.line(call)} calls the transition {chain(call)[0]}"
            for call in calls(source.tree) if source.room in {"services", *DOORS} else ():
                if isinstance(call.func, ast.Call) and chain(call.func)[:1] == ["getattr"]:
                    yield f"{source.line(call)} calls a method by its name, which may be a transition"


def unprotected_state_fields(root: Path) -> Iterator[str]:
    """Every FSM field is built with `protected=True`."""
    for source in sources(root, "models"):
        for call in calls(source.tree):
            names = chain(call)
            if names and re.fullmatch(r"FSM\w*Field", names[0]) and not _says(call, "protected", value=True):
                yield f"{source.line(call)} builds {names[0]} without protected=True"


def _says(call: ast.Call, name: str, *, value: bool) -> bool:
    return any(
        word.arg == name and isinstance(word.value, ast.Constant) and word.value.value is value
        for word in call.keywords
    )


def states_written_past_the_machine(root: Path) -> Iterator[str]:
    """No `.update(state=...)`, no `create(state=...)`, no `setattr(x, "state", ...)`, no SQL that sets a state."""
    for source in sources(root):
        if source.room == "sandbox":
            continue
        for call in calls(source.tree):
            name = (chain(call) or [""])[0]
            by_keyword = any(word.arg == "state" for word in call.keywords)
            in_fields = name == "bulk_update" and any(_text(node) == "state" for node in ast.walk(call))
            by_name = name == "setattr" and len(call.args) > 1 and _text(call.args[1]) == "state"
            if (name in _WRITES and by_keyword) or in_fields or by_name:
                yield f"{source.line(call)} writes a state by {name}"
        for node in ast.walk(source.tree):
            if _STATE_IN_SQL.search(_text(node)):
                yield f"{source.name} sets a state in SQL"


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def provider_calls_elsewhere(root: Path) -> Iterator[str]:
    """A PSP is called by submission, polling and the go-live check; nobody else speaks through a gateway."""
    base = Source(root, root / "pagoefectivo" / "providers" / "base.py")
    said = {
        item.name
        for node in ast.walk(base.tree)
        if isinstance(node, ast.ClassDef) and node.name == "Gateway"
        for item in node.body
        if isinstance(item, ast.FunctionDef)
    }
    for source in sources(root):
        if source.room not in {"providers", "sandbox", "testing"} and source.name not in MAY_CALL_A_PSP:
            for call in method_calls(source, said):
                yield f"{source.line(call)} calls {chain(call)[0]} of a gateway"


def http_outside_the_walls(root: Path) -> Iterator[str]:
    """HTTP is spoken by providers and channels, and by the sandbox next door with its test kit; seams keep the session."""
    for source in sources(root):
        seams = source.name == "pagoefectivo/services/seams.py"
        if not seams and source.room not in {"providers", "channels", "sandbox", "testing", "management"}:
            for name in source.imports:
                if any(below(name, client) for client in _HTTP_CLIENTS):
                    yield f"{source.name} imports {name}"


def sandbox_that_knows_us(root: Path) -> Iterator[str]:
    """The sandbox imports nothing of ours, Django included: it is another company."""
    for source in sources(root, "sandbox"):
        for name in source.imports:
            ours = below(name, "pagoefectivo") and not below(name, "pagoefectivo.sandbox")
            if ours or below(name, "project") or below(name, "django") or below(name, "rest_framework"):
                yield f"{source.name} imports {name}"


def neighbours_of_the_sandbox(root: Path) -> Iterator[str]:
    """Only `testing.py` and the commands import the sandbox."""
    shop = (Source(root, path) for path in sorted((root / "project").rglob("*.py")))
    for source in [*sources(root), *shop]:
        if source.module[:2] == ("pagoefectivo", source.room) and source.room in {"sandbox", "testing", "management"}:
            continue
        yield from (f"{source.name} imports {name}" for name in source.imports if below(name, "pagoefectivo.sandbox"))


def files_too_long(root: Path) -> Iterator[str]:
    """No file is longer than 400 lines: at 400 split by subject."""
    folders = [folder for name in ("pagoefectivo", "project", "tests", "tooling") if (folder := root / name).is_dir()]
    for path in [*root.glob("*.py"), *(file for folder in folders for file in sorted(folder.rglob("*.py")))]:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > _LONGEST and "migrations" not in path.parts:
            yield f"{path.relative_to(root).as_posix()} has {lines} lines"


def foreign_words(root: Path, words: frozenset[str]) -> Iterator[str]:
    """A PSP's own words and codes never leave its provider's folder and the sandbox.

    In Python a word is found where a string is that word, in a template where it stands for itself. One that no sentence
    of ours could hold (`BP-DR-0`, `CANCELLED`, `charged_back`) is found inside a longer string as well.
    """
    anywhere = _standing(word for word in words if not word.isdigit() and _DISTINCTIVE.search(word))
    for source in [*sources(root), *(Source(root, path) for path in sorted((root / "project").rglob("*.py")))]:
        at_home = source.room == "sandbox" or (source.room == "providers" and _in_folder(source))
        if not at_home:
            for node in ast.walk(source.tree):
                said = _text(node)
                if said in words or anywhere.search(said):
                    yield f"{source.name}:{node.lineno} says {said!r}"  # type: ignore[attr-defined]
    standing = _standing(words)
    for folder in (root / "templates", root / "pagoefectivo", root / "project"):
        for path in sorted(folder.rglob("*.html")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                yield from (
                    f"{path.relative_to(root).as_posix()}:{number} says {word!r}" for word in standing.findall(line)
                )


def _standing(words: Iterable[str]) -> re.Pattern[str]:
    """Match any of the words where no letter, digit, hyphen or dot continues it; nothing where there are none."""
    either = "|".join(re.escape(word) for word in sorted(words))
    return re.compile(rf"(?<![\w.-])(?:{either})(?![\w-])" if either else r"(?!)")
