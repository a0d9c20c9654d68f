"""The files that each company settles by, with differences planted in them: what was planted is what is found."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tooling.demo_steps import Scene

ONE = Decimal("1.00")


@dataclass(frozen=True)
class Report:
    """One company's report: which columns name a payment, which say its amount and which the total, by their names."""

    account: str
    layout: str
    kind: tuple[str, str]
    names: tuple[str, ...]
    amounts: tuple[str, ...]
    total: str = ""
    gross: str = ""


REPORTS = (
    Report("default", "transactions", ("Type", "Payment"), ("Reference", "Invoice"), ("Net Amount (local)",)),
    Report(
        "ebanx", "settlement-csv", ("entry_type", "PAYMENT"), ("payment_hash", "merchant_payment_code"), ("amount_local",),
        total="settlement_net_amount", gross="net_amount",
    ),
    Report(
        "mercadopago", "account-money", ("TRANSACTION_TYPE", "SETTLEMENT"), ("SOURCE_ID", "EXTERNAL_REFERENCE"),
        ("TRANSACTION_AMOUNT", "SETTLEMENT_NET_AMOUNT"),
    ),
    Report("pagoefectivo_direct", "plain", ("type", "payment"), ("code", "reference"), ("amount", "net")),
)  # fmt: skip
PSPS = {"default": "dlocal"}


def month_settled(scene: Scene) -> None:
    """Each company's settlement file, with a stranger's payment and a wrong amount planted: imported, found, told once."""
    for report in REPORTS:
        text = scene.psp.statement(PSPS.get(report.account, report.account), report.layout)
        content, planted = plant(report, text)
        first = scene.back_office.import_settlement(report.account, content)
        found = Counter({each["verdict"]: each["lines"] for each in first["classes"]})
        differing = Counter({name: found[name] for name in found if name not in {"matched", "aside", "repeated"}})
        observed = (
            f"{first['lines']} lines, {found['matched']} add up; planted {dict(planted)}, found {dict(differing)}"
        )
        scene.report.step(f"settlement of {report.account}", observed, holds=differing == planted)
        again = scene.back_office.import_settlement(report.account, content)
        same = (again["report"], again["classes"]) == (first["report"], first["classes"])
        scene.report.step("the same file again", "nothing changed" if same else "something changed", holds=same)


def plant(report: Report, text: str) -> tuple[bytes, Counter[str]]:
    """Return the file with its first payment's amount a sol higher and a copy of it that names nobody's payment."""
    delimiter = ";" if text.splitlines()[0].count(";") > text.splitlines()[0].count(",") else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    head = next(number for number, row in enumerate(rows) if report.kind[0] in row)
    column = {name: place for place, name in enumerate(rows[head])}
    wrong = next(row for row in rows[head + 1 :] if row[column[report.kind[0]]] == report.kind[1])
    stranger = list(wrong)
    for name in report.names:
        stranger[column[name]] = "".join("9" if letter.isdigit() else letter for letter in stranger[column[name]])
    for name in report.amounts:
        wrong[column[name]] = str(Decimal(wrong[column[name]]) + ONE)
    rows.append(stranger)
    if report.total:
        place = rows[0].index(report.total)
        rows[1][place] = str(Decimal(rows[1][place]) + Decimal(stranger[column[report.gross]]))
    return written(rows, delimiter), Counter({"amount": 1, "missing_here": 1})


def written(rows: Sequence[Sequence[str]], delimiter: str) -> bytes:
    """Return rows as a file."""
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()
