"""The house keeps its rules, and each rule is shown to notice a violation."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest

from pagoefectivo import providers
from pagoefectivo.domain import states
from pagoefectivo.providers.base import Provider
from tests.architecture import rules
from tests.architecture.reading import ROOT

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
    (partial(rules.foreign_status_words, words=frozenset({"CANCELLED"})), "services/orders.py", "DONE = 'CANCELLED'"),
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
    (partial(rules.foreign_status_words, words=frozenset({"CANCELLED"})), "providers/x/__init__.py", "A = 'CANCELLED'"),
]


def _build(root: Path, planted: str, text: str) -> Path:
    for name, content in {**HOUSE, "pagoefectivo/providers/dlocal/signing.py": ""}.items():
        _write(root / name, dedent(content))
    _write(root / "pagoefectivo" / planted, text)
    return root


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _words_of_providers() -> frozenset[str]:
    """Raw status words of every provider in the tree; short country-like codes and our own states' names say nothing."""
    ours = {
        str(member)
        for kind in vars(states).values()
        if isinstance(kind, type) and issubclass(kind, StrEnum)
        for member in kind
    }
    raw: set[str] = set()
    for found in pkgutil.iter_modules(providers.__path__):
        if found.ispkg:
            package = importlib.import_module(f"{providers.__name__}.{found.name}")
            for value in vars(package).values():
                if isinstance(value, type) and issubclass(value, Provider) and value is not Provider:
                    raw |= {*value.payment_statuses, *value.refund_statuses}
    return frozenset(word for word in raw - ours if len(word) > 2)


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _, _ in PLANTED if not isinstance(rule, partial)))
def test_the_house_keeps(rule: Rule) -> None:
    assert list(rule(ROOT)) == []


def test_no_status_word_of_a_provider_leaves_its_folder() -> None:
    words = _words_of_providers()
    assert words
    assert list(rules.foreign_status_words(ROOT, words)) == []


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
