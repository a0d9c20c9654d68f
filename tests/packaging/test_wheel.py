"""The wheel carries everything a host needs, and a host that has only the wheel works."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

from tests.packaging.conftest import ROOT, Host


def _below(folder: Path, *endings: str) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.suffix in endings}


def test_the_wheel_carries_every_template_text_and_picture(wheel: Path) -> None:
    packed = set(ZipFile(wheel).namelist())
    templates = {f"pagoefectivo/templates/{name}" for name in _below(ROOT / "templates", ".html", ".txt")}
    others = {
        f"pagoefectivo/{name}" for name in _below(ROOT / "pagoefectivo", ".html", ".css", ".js", ".svg", ".md", ".mo")
    }
    assert templates
    assert templates | others | {"pagoefectivo/py.typed"} <= packed


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    rooms = {name.split("/")[0] for name in ZipFile(wheel).namelist()}
    assert {room for room in rooms if not room.endswith(".dist-info")} == {"pagoefectivo"}


def test_a_host_imports_the_wheel_and_not_the_source_tree(host: Host) -> None:
    where = host.run("-c", "import pagoefectivo; print(pagoefectivo.__file__)").strip()
    assert where.startswith(str(host.folder))


def test_a_host_migrates_checks_and_renders_a_page(host: Host) -> None:
    host.run("-m", "django", "migrate", "--verbosity", "0")
    host.run("-m", "django", "check")
    page = host.script("""
        import django
        django.setup()
        from django.template.loader import get_template
        from django.test import Client

        get_template("pagoefectivo/voucher.html")
        answer = Client().get("/pagoefectivo/v/no-such-token/")
        print(answer.status_code)
        print(answer.content.decode())
    """)
    status, _, body = page.partition("\n")
    assert status == "404"
    assert "</html>" in body


def test_no_migration_is_missing(host: Host) -> None:
    assert "No changes detected" in host.run("-m", "django", "makemigrations", "--check", "--dry-run")
