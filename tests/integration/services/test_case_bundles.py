"""The bundle of a real case: what is in it and what never is, the same twice, with a trace of who made it; and the letters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command

from pagoefectivo import shop
from pagoefectivo.domain import bundles as archives
from pagoefectivo.domain.cases import CaseKind, CaseStanding, LinkKind
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.models import ApiExchange, AuditEntry, Case, Order, PaymentProof, StateChange, WebhookDelivery
from pagoefectivo.services import bundle_contents, bundles, cases, letters, proofs
from pagoefectivo.services.actors import SHOP, Actor, staff
from pagoefectivo.services.cases import Opening
from pagoefectivo.services.letters import Addressee
from pagoefectivo.services.proofs import Told
from tests.integration.admin.conftest import everything
from tests.integration.services.test_cases import CASES, hired
from tests.receipts import uploads

pytestmark = pytest.mark.django_db(transaction=True)
SEED = "Kr8QvnpIXAT5fpQ8tO1bLTLUyzWOJqRuVYzDUPY8Qg4="
CCI = "00219300123456789012"
NOTE = "her sister Rosa called again"


@pytest.fixture(autouse=True)
def evidence_key(psp: Any, settings: Any) -> Callable[[str], None]:
    """Choose the key that bundles are signed with; at first there is one."""

    def choose(seed: str) -> None:
        settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "EVIDENCE_KEY": seed, "OCR_ENGINE": "person"}

    choose(SEED)
    return choose


@pytest.fixture
def luz(db: None) -> Actor:
    return staff(hired("luz", *CASES, "review_proof"))


@pytest.fixture
def case(evidence_key: Any, psp: Any, listening: Any, open_order: Any, luz: Actor, world: Any, sweep: Any) -> Case:
    """A dispute about an order that was paid with a receipt sent before, and partly given back to a bank account."""
    order = open_order()
    proofs.send(order.page_key, uploads.upload_for(order), Told(note="es mi pago"), remote_ip="203.0.113.9")
    psp.pay(order.current_voucher.code)
    assert psp.wait_idle()
    sweep()
    account = shop.Destination(
        holder_name="María Quispe", document_type="DNI", document_number="45678912", bank_code="002", account_number=CCI
    )
    shop.request_refund(reference="A-1042", amount="20.00", reason="damaged", actor=SHOP, destination=account)
    sweep()
    world.advance(hours=1)
    sweep()
    opened = cases.open_case(
        LinkKind.ORDER, order.pk, Opening(CaseKind.DISPUTE, "maria.quispe@example.pe got nothing"), actor=luz
    )
    cases.note(opened.public_id, NOTE, actor=luz)
    return opened


def make(case: Case, actor: Actor, **options: Any) -> tuple[bundles.Bundle, bytes]:
    made = bundles.make(
        case.public_id, **{"reason": "asked by the bank", "with_pictures": False, **options}, actor=actor
    )
    with made.file:
        return made, made.file.read()


def inside(content: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_holds_all_that_happened_and_nothing_of_the_buyer(case: Case, luz: Actor) -> None:
    made, content = make(case, luz)
    files = inside(content)
    assert archives.verify(BytesIO(content), bundles.public_key()).misfits == []
    assert made.name == f"{case.public_id}-{made.sha256[:12]}.zip"
    assert sum(name.startswith("calls/") for name in files) == ApiExchange.objects.exclude(voucher=None).count()
    assert sum(name.startswith("notifications/") for name in files) == WebhookDelivery.objects.count() > 0
    chain = json.loads(files["chain.json"])
    assert len(chain["statechange"]) == StateChange.objects.count()
    sealed = chain["statechange"][0]["seal"]
    entry = AuditEntry.objects.get(position=sealed["entry"])
    assert (entry.table_name, entry.hash) == ("statechange", sealed["entry_hash"])
    assert bytes.fromhex(sealed["row_digest"]) in bytes(entry.manifest)
    order = Order.objects.get()
    voucher, refund = order.vouchers.get(), order.refunds.get()
    ids = json.loads(files["provider-ids.json"])
    assert ids["payments"] == [{"order id": voucher.reference, "payment id": voucher.provider_reference}]
    assert ids["refunds"] == [{"our_reference": refund.reference, "refund id": refund.provider_reference}]
    assert {"request_id", "operation", "http_status", "x-date"} <= ids["calls"][0].keys()
    assert "S/ 89.90" in files["timeline.txt"].decode()
    told = json.loads(files["case.json"])
    assert [line["exhibit"] for line in told["checklist"] if line["is_there"]] == ["payment", "messages", "proofs"]
    assert [line["act"] for line in told["history"]] == ["opened"]
    whole = b"".join(files.values()).decode(errors="replace")
    known = (voucher.code, "maria.quispe", "María Quispe", "45678912", "987654321", CCI, "luz", NOTE, "Rosa", "203.0.113.9",
             "es mi pago", "sandbox_trans_key", "sandbox_secret_key", SEED)  # fmt: skip
    assert [secret for secret in known if secret in whole] == []
    assert not any(name.endswith(".jpg") for name in files)
    sums = files["SHA256SUMS"].decode().splitlines()
    assert f"{hashlib.sha256(files['chain.json']).hexdigest()}  chain.json" in sums


def test_the_same_case_gives_the_same_bytes_until_something_moves(case: Case, luz: Actor, world: Any) -> None:
    first, content = make(case, luz)
    world.advance(minutes=3)
    cases.note(case.public_id, "another note", actor=luz)
    again, same = make(case, luz, reason="lost the mail")
    assert (again.sha256, same) == (first.sha256, content)
    cases.end(case.public_id, CaseStanding.LOST, "they decided so", actor=luz)
    assert make(case, luz)[0].sha256 != first.sha256


def test_G20_evidence_is_handed_out_with_reason_and_trace(case: Case, luz: Actor, caplog: Any) -> None:
    before = everything()
    for reason in ("", "   ", "a\0b"):
        with pytest.raises(RuleRefused):
            bundles.make(case.public_id, reason=reason, with_pictures=False, actor=luz)
    assert everything() == before
    with caplog.at_level("INFO", logger="pagoefectivo.cases"):
        made, content = make(case, luz)
    line = case.entries.last()
    assert line is not None
    assert (line.act, line.actor, line.note) == ("bundled", "staff:luz", "asked by the bank")
    assert line.details == {"sha256": made.sha256, "bytes": len(content), "signed": True, "pictures": False}
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    assert f"evidence bundle of case {case.public_id} (SHA-256 {made.sha256}) made by user {luz.user_id}" in caplog.text
    made, content = make(case, luz, with_pictures=True)
    proof = PaymentProof.objects.get()
    assert inside(content)[f"proofs/{proof.public_id}.jpg"] == bytes(proof.picture)
    assert made.sha256 != line.details["sha256"]


def test_a_long_story_is_cut_and_the_bundle_says_so(case: Case, luz: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = ApiExchange.objects.exclude(voucher=None).count()
    monkeypatch.setattr(bundle_contents, "MOST_MESSAGES", 2)
    files = inside(make(case, luz)[1])
    assert sum(name.startswith("calls/") for name in files) == 2
    assert json.loads(files["manifest.json"])["left_out"]["calls"] == calls - 2


def test_a_shop_without_a_key_hands_out_bundles_that_say_so(case: Case, luz: Actor, evidence_key: Any) -> None:
    evidence_key("")
    made, content = make(case, luz)
    files = inside(content)
    assert not made.is_signed
    assert "NOT signed: PAGOEFECTIVO['EVIDENCE_KEY'] is not set" in files["README.txt"].decode()
    assert "manifest.sig" not in files


def test_a_bundle_is_checked_by_a_command_that_names_what_does_not_fit(
    case: Case, luz: Actor, evidence_key: Any, tmp_path: Path
) -> None:
    file, pem = tmp_path / "bundle.zip", tmp_path / "shop.pem"
    content = make(case, luz)[1]
    file.write_bytes(content)
    pem.write_text(bundles.public_key())
    said, code = told("verify-bundle", str(file))
    assert (code, f"Case {case.public_id}:" in said, "all as they were bundled" in said) == (0, True, True)
    evidence_key("")
    assert told("verify-bundle", str(file), "--key", str(pem))[1] == 0
    assert "the key inside: compare its id" in told("verify-bundle", str(file))[0]
    file.write_bytes(content.replace(b"S/ 89.90", b"S/ 99.90"))
    said, code = told("verify-bundle", str(file), "--key", str(pem), "--json")
    found = json.loads(said)
    assert (code, found["ok"], found["case"]) == (1, False, case.public_id)
    assert {"changed"} == {each["problem"] for each in found["problems"]}
    assert "timeline.txt is not what was bundled." in [each["message"] for each in found["problems"]]
    assert told("verify-bundle", str(pem))[1] == 1
    for wrong in (("verify-bundle", str(tmp_path / "nothing.zip")), ("verify-bundle", str(file), "--key", str(file))):
        with pytest.raises(CommandError) as usage:
            told(*wrong)
        assert usage.value.returncode == 2


def test_keys_are_made_and_published_by_a_command(evidence_key: Any) -> None:
    shown = json.loads(told("evidence-key", "--json")[0])
    assert shown == {"key_id": archives.key_id(bundles.public_key()), "public_key": bundles.public_key()}
    fresh = json.loads(told("evidence-key", "--new", "--json")[0])
    assert archives.public_pem(archives.private_key(fresh["private_key"])) == fresh["public_key"] != shown["public_key"]
    evidence_key("")
    with pytest.raises(CommandError, match="EVIDENCE_KEY is not set"):
        told("evidence-key")


def test_letters_say_what_their_reader_needs_and_no_more(case: Case, luz: Actor) -> None:
    order = Order.objects.get()
    voucher, refund = order.vouchers.get(), order.refunds.get()
    before = everything()
    provider = letters.letter(case.public_id, Addressee.PROVIDER, actor=luz)
    buyer = letters.letter(case.public_id, Addressee.BUYER, actor=luz)
    assert everything() == before
    assert (provider.language, buyer.language) == ("en", "es")
    for needed in (
        voucher.provider_reference,
        voucher.reference,
        refund.provider_reference,
        "S/ 89.90",
        "S/ 20.00",
        case.public_id,
    ):
        assert needed in provider.text
    assert "is disputed" in provider.text
    assert "te escribimos por tu pedido A-1042" in buyer.text
    assert "Pagado: S/ 89.90" in buyer.text
    for text in (provider.text, buyer.text):
        known = (voucher.code, "maria.quispe", "María Quispe", "45678912", "987654321", CCI, "luz", NOTE)
        assert [secret for secret in known if secret in text] == []
    assert voucher.provider_reference not in buyer.text
    cases.end(case.public_id, CaseStanding.LOST, "they decided so", actor=luz)
    assert "tenías razón" in letters.letter(case.public_id, Addressee.BUYER, actor=luz).text


def told(*arguments: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("pagoefectivo", *arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0
