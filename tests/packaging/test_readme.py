"""What README and docs tell a stranger to type and to believe is there and works."""

from __future__ import annotations

import ast
import io
import re
import shlex
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command, get_commands

from pagoefectivo.management.verbs import VERBS
from pagoefectivo.models import Order
from pagoefectivo.providers.registry import provider_named, provider_slugs
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.tasks import proofs
from pagoefectivo.testing import no_network, psp, sandbox_server  # noqa: F401 - fixtures
from tests.packaging.conftest import ROOT, Host
from tooling import docs
from tooling.__main__ import VERBS as DEV_VERBS

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#]+)(?:#([^)]+))?\)|src=\"([^\"]+)\"")
_PROOF = re.compile(r"\[`(test_\w+)`\]\(([^)]+)\)")


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in _FENCE.findall(page.read_text()) if name == language]


COMMANDS = sorted({line for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()})


def test_the_readme_begins_with_the_two_commands() -> None:
    first = [line for block in blocks(ROOT / "README.md", "sh") for line in block.splitlines()][:2]
    assert first == ["python3 dev.py demo", "python3 dev.py demo --once"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_a_page_names_exists(command: str) -> None:
    words = shlex.split(command)
    if words[:2] == ["pip", "install"]:
        assert words[2].partition("[")[0] == "django-pagoefectivo"
    elif words[:2] == ["python3", "dev.py"]:
        assert words[2] in DEV_VERBS
    elif words[0] == "celery":
        assert words[words.index("--queues") + 1] == proofs.QUEUE
    else:
        assert words[:2] == ["python", "manage.py"]
        assert words[2] in get_commands()
        if words[2] == "pagoefectivo":
            assert words[3] in VERBS
            known = {each for name, each in re.findall(r"`(\w+)[^`]*?(--[\w-]+)", "\n".join(docs.BLOCKS["commands"]()))}
            assert {word for word in words[4:] if word.startswith("--")} <= known


@pytest.mark.parametrize("document", PAGES, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    found = 0
    for path, anchor, picture in _LINK.findall(document.read_text()):
        if not path.startswith("http"):
            target = document.parent / (path or picture)
            assert target.exists(), f"{document.name} links to {path or picture}"
            assert not anchor or anchor in _anchors(target), f"{document.name} links to {path}#{anchor}"
            found += 1
    assert found


def _anchors(page: Path) -> set[str]:
    return {head.lower().replace(" ", "-") for head in re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)}


def test_every_proof_that_the_readme_names_is_a_test_in_that_file() -> None:
    proofs = _PROOF.findall((ROOT / "README.md").read_text())
    assert len(proofs) >= 10
    for name, path in proofs:
        assert f"def {name}(" in (ROOT / path).read_text(), f"{path} has no {name}"


@pytest.mark.parametrize("document", PAGES, ids=lambda document: document.name)
def test_every_python_block_is_python(document: Path) -> None:
    for block in blocks(document, "python"):
        ast.parse(block)


def test_the_page_on_providers_shows_what_is_tested() -> None:
    page = blocks(ROOT / "docs" / "adding-a-provider.md", "python")
    tested = [_unspaced(path.read_text()) for path in (ROOT / "tests" / "thirdparty").rglob("*.py")]
    shown = [part for block in page if not block.startswith("PAGOEFECTIVO") for part in re.split(r"\n\n(?=\S)", block)]
    assert len(shown) >= 15
    assert [part for part in shown if not any(_unspaced(part) in code for code in tested)] == []


def _unspaced(code: str) -> str:
    return "".join(code.split())


def test_every_provider_has_a_page_that_names_its_keys() -> None:
    for slug in provider_slugs():
        page = (ROOT / "docs" / "providers" / f"{slug}.md").read_text()
        assert [field for field in provider_named(slug).credential_fields if field not in page] == []


def test_the_generated_tables_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.run(["--check"]) == 0, capsys.readouterr().out


def test_the_install_lines_are_what_the_wheels_host_is_made_of(host: Host) -> None:
    settings, urls = blocks(ROOT / "README.md", "python")[:2]
    assert settings.strip() in (host.folder / "shop_settings.py").read_text()
    assert urls.strip() in (host.folder / "shop_urls.py").read_text()
    assert "sweep" in host.run("-m", "django", "pagoefectivo", "--help")


def test_the_tutorial_goes_as_it_says(psp: SandboxServer) -> None:  # noqa: F811 - the fixture
    issue, state, refund, companies = blocks(ROOT / "docs" / "tutorial.md", "python")[2:]
    world: dict[str, Any] = {}

    def types(block: str) -> str:
        with redirect_stdout(io.StringIO()) as said:
            exec(block, world)  # noqa: S102 - it is our own page
        return said.getvalue().strip()

    assert "/pagoefectivo/v/" in types(issue)
    psp.control.pay(Order.objects.get().vouchers.get().code)
    world["shop"].refresh_order(reference="A-1")  # the notification, which needs a server, would bring this forward
    call_command("pagoefectivo", "sweep", stdout=io.StringIO())
    assert types(state) == "paid"
    assert types(refund) == "pending"
    psp.control.settle_refund(Order.objects.get().refunds.get().provider_reference)
    world["shop"].refresh_order(reference="A-1")
    assert types(state) == "partially_refunded"
    assert types(companies).splitlines() == [
        "default dLocal async True",
        "ebanx EBANX async_payer_input True",
        "mercadopago Mercado Pago sync False",
        "pagoefectivo_direct PagoEfectivo manual True",
    ]
