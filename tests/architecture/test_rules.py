"""The house keeps its rules, and each rule is shown to notice a violation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest

from pagoefectivo.domain import states
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.providers.registry import provider_named, provider_slugs
from tests.architecture import rules
from tests.architecture.reading import ROOT, Source

Rule = Callable[[Path], Iterator[str]]

MACHINE = """
    class VoucherMachine(models.Model):
        state = FSMField(default="requested", protected=True)

        @transition(field=state, source="issued", target="paid")
        def pay(self): ...
"""
GATEWAY = """
    class Gateway(ABC):
        @abstractmethod
        def request_refund(self, request): ...
"""
HOUSE = {
    "pagoefectivo/models/machines.py": MACHINE,
    "pagoefectivo/providers/base.py": GATEWAY,
    "pagoefectivo/services/refunds.py": "def pay(): ...\n",
}

SAYS = partial(
    rules.foreign_words,
    words=frozenset({"CANCELLED", "charged_back", "forbidden", "BP-DR-0", "BP-DR-10", "5009", "Cancelado"}),
)

# rule, file of the planted violation, its text
PLANTED: list[tuple[Rule, str, str]] = [
    (rules.impure_domain, "domain/money.py", "from pagoefectivo.conf import settings"),
    (rules.impure_domain, "domain/money.py", "from ..models import Order"),
    (rules.impure_domain, "domain/money.py", "from django.db.models import Model"),
    (rules.impure_domain, "domain/money.py", "import requests"),
    (rules.impure_domain, "domain/refunds.py", "from datetime import datetime, UTC\nlate = datetime.now(UTC)"),
    (rules.impure_domain, "domain/refunds.py", "import datetime\nlate = datetime.date.today()"),
    (rules.walls_that_know_each_other, "models/orders.py", "from pagoefectivo.providers.base import Provider"),
    (rules.walls_that_know_each_other, "providers/ebanx/gateway.py", "from pagoefectivo.models import Order"),
    (rules.walls_that_know_each_other, "ocr/engine.py", "import pagoefectivo.channels.email"),
    (rules.providers_that_know_each_other, "providers/ebanx/gateway.py", "from ..dlocal import signing"),
    (rules.providers_that_know_each_other, "providers/registry.py", "from pagoefectivo.providers.dlocal import DLocal"),
    (rules.services_that_import_a_door, "services/refunds.py", "from pagoefectivo.tasks import sweep"),
    (rules.services_that_import_a_door, "selectors/orders.py", "def f():\n    from pagoefectivo.api.v1 import x"),
    (rules.doors_that_know_a_provider, "admin/refunds.py", "from pagoefectivo.providers.registry import provider"),
    (rules.doors_that_write, "views/voucher.py", "def view(request, order):\n    order.save()"),
    (rules.doors_that_write, "tasks/sweep.py", "Order.objects.filter(pk=1).update(note='')"),
    (rules.doors_that_write, "admin/orders.py", "def act(modeladmin, request, queryset):\n    queryset.delete()"),
    (rules.doors_that_write, "api/v1/orders.py", "with transaction.atomic():\n    pass"),
    (
        rules.doors_with_two_service_calls,
        "api/v1/refunds.py",
        "from pagoefectivo.services import refunds\ndef post(r):\n    refunds.request(r)\n    return refunds.approve(r)",
    ),
    (
        rules.doors_with_two_service_calls,
        "admin/refunds.py",
        "from pagoefectivo.services.refunds import request\ndef post(r):\n    if r:\n        request(r)\n    request(r)",
    ),
    (rules.transitions_outside_lifecycle, "services/polling.py", "def f(voucher):\n    voucher.pay()"),
    (rules.transitions_outside_lifecycle, "admin/orders.py", "def f(order):\n    order.voucher.pay()"),
    (rules.transitions_outside_lifecycle, "services/polling.py", "def f(voucher, move):\n    getattr(voucher, move)()"),
    (rules.unprotected_state_fields, "models/orders.py", "class Order:\n    state = FSMField(default='new')"),
    (rules.unprotected_state_fields, "models/orders.py", "class O:\n    state = fsm.FSMIntegerField(protected=False)"),
    (rules.states_written_past_the_machine, "services/orders.py", "Order.objects.filter(pk=1).update(state='paid')"),
    (rules.states_written_past_the_machine, "services/orders.py", "Order.objects.create(state='paid')"),
    (rules.states_written_past_the_machine, "services/orders.py", "Order.objects.bulk_update(rows, ['state'])"),
    (rules.states_written_past_the_machine, "services/orders.py", "setattr(order, 'state', 'paid')"),
    (rules.states_written_past_the_machine, "services/orders.py", "SQL = 'UPDATE o SET x = 1, state = %s'"),
    (rules.provider_calls_elsewhere, "services/refunds.py", "def f(gateway):\n    gateway.request_refund(1)"),
    (rules.http_outside_the_walls, "services/refunds.py", "import requests"),
    (rules.http_outside_the_walls, "api/v1/orders.py", "from urllib import request, parse"),
    (rules.sandbox_that_knows_us, "sandbox/ledger.py", "from pagoefectivo.domain.money import ZERO"),
    (rules.sandbox_that_knows_us, "sandbox/server.py", "from django.http import JsonResponse"),
    (rules.neighbours_of_the_sandbox, "services/orders.py", "from pagoefectivo.sandbox import clock"),
    (rules.neighbours_of_the_sandbox, "../project/shop/views.py", "import pagoefectivo.sandbox.server"),
    (rules.files_too_long, "services/orders.py", "x = 1\n" * 401),
    (SAYS, "services/orders.py", "DONE = 'CANCELLED'"),
    (SAYS, "services/orders.py", "WHY = f'they said CANCELLED {1}'"),
    (SAYS, "services/setbacks.py", "if error.fault.raw_code == '5009': pass"),
    (SAYS, "services/setbacks.py", "NOTE = 'refused (BP-DR-0), look it up'"),
    (SAYS, "providers/verdicts.py", "PAID = 'charged_back'"),
    (SAYS, "admin/refunds.py", "WORDS = {'forbidden': 1}"),
    (SAYS, "../project/shop/views.py", "PAID = '5009'"),
    (SAYS, "../templates/pagoefectivo/voucher.html", "<p>\n{% if raw == 'BP-DR-0' %}</p>"),
    (SAYS, "../templates/pagoefectivo/voucher.html", "<p>Cancelado</p>"),
]

# What looks like a violation and is none.
ALLOWED: list[tuple[Rule, str, str]] = [
    (rules.impure_domain, "domain/error_codes.py", "from django.utils.translation import gettext_lazy as _"),
    (rules.providers_that_know_each_other, "providers/ebanx/gateway.py", "from ..base import Gateway"),
    (rules.doors_that_write, "api/v1/orders.py", "answer = {}\nanswer.update(a=1)"),
    (
        rules.doors_with_two_service_calls,
        "api/v1/refunds.py",
        "from pagoefectivo.services import refunds as s\ndef post(r):\n    if r:\n        return s.a(r)\n    return s.b(r)",
    ),
    (
        rules.transitions_outside_lifecycle,
        "admin/refunds.py",
        "from pagoefectivo.services import refunds\nrefunds.pay()",
    ),
    (rules.transitions_outside_lifecycle, "services/lifecycle.py", "def f(voucher):\n    voucher.pay()"),
    (rules.provider_calls_elsewhere, "services/submission.py", "def f(gateway):\n    gateway.request_refund(1)"),
    (rules.neighbours_of_the_sandbox, "testing.py", "from pagoefectivo.sandbox import server"),
    (rules.files_too_long, "services/orders.py", "x = 1\n" * 400),
    (SAYS, "providers/x/__init__.py", "A = 'CANCELLED'"),
    (SAYS, "sandbox/psps/x.py", "A = 'BP-DR-0'"),
    (SAYS, "services/orders.py", "NOTE = 'not forbidden, and ORD-5009 is no code'"),
    (SAYS, "services/orders.py", "MOST = 5009"),
    (SAYS, "domain/error_codes.py", "CODE = 'NEVER_CANCELLED'"),
]


def _build(root: Path, planted: str, text: str) -> Path:
    for name, content in {**HOUSE, "pagoefectivo/providers/dlocal/signing.py": ""}.items():
        _write(root / name, dedent(content))
    _write(root / "pagoefectivo" / planted, text)
    return root


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


SHORTEST = 3  # `CO` is also a country, `22` any number: by themselves they mean nothing
OUR_OWN = frozenset({"approved"})  # what a second person did with a refund
SPOKEN = frozenset({"Cancelado"})  # what PagoEfectivo's guide calls a paid code


def _words_of_providers() -> frozenset[str]:
    """Every word and code in the tables of every provider in the tree, but those that are ours as well."""
    ours = {str(member) for kind in (*vars(states).values(), ErrorCode) if _is_words(kind) for member in kind} | OUR_OWN
    raw: set[str] = set(SPOKEN)
    for slug in provider_slugs():
        provider = provider_named(slug)
        raw |= {*provider.payment_statuses, *provider.refund_statuses, *(code for _, code in provider.errors)}
        tables = Source(ROOT, ROOT / "pagoefectivo" / "providers" / slug / "tables.py")
        raw |= {word for word in tables.strings if re.fullmatch(r"[\w-]+", word, re.ASCII)}
    return frozenset(word for word in raw - ours if len(word) >= SHORTEST)


def _is_words(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum)


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _, _ in PLANTED if not isinstance(rule, partial)))
def test_the_house_keeps(rule: Rule) -> None:
    assert list(rule(ROOT)) == []


def test_no_word_and_no_code_of_a_provider_leaves_its_folder() -> None:
    words = _words_of_providers()
    assert len(words) > 10 * len(provider_slugs())
    assert list(rules.foreign_words(ROOT, words)) == []


@pytest.mark.parametrize(("rule", "planted", "text"), PLANTED)
def test_a_planted_violation_is_found(tmp_path: Path, rule: Rule, planted: str, text: str) -> None:
    assert len(list(rule(_build(tmp_path, planted, text)))) == 1


@pytest.mark.parametrize(("rule", "planted", "text"), ALLOWED)
def test_what_only_looks_like_a_violation_is_let_be(tmp_path: Path, rule: Rule, planted: str, text: str) -> None:
    assert list(rule(_build(tmp_path, planted, text))) == []


def test_every_state_field_in_the_registry_is_protected() -> None:
    from django.apps import apps
    from django_fsm import FSMFieldMixin

    fields = [
        field
        for model in apps.get_app_config("pagoefectivo").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FSMFieldMixin)
    ]
    assert len(fields) == 3
    assert all(field.protected for field in fields)
