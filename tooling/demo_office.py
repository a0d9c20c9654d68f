"""A person of the back office with a browser: logs in, looks at pages, sends forms, takes files away."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any, Self

import openpyxl
import pypdfium2
import requests
from django.urls import reverse
from django.utils.translation import override

from pagoefectivo.domain.money import CENT
from pagoefectivo.domain.month import STEP_WORDS, Step
from tooling.demo_clients import PATIENCE_SECONDS, Client
from tooling.demo_files import MonthFile
from tooling.demo_stack import Stack

ENGLISH = "en"


class Officer(Client):
    """One login in the admin, over HTTP, in English as the demo's own lines."""

    def __init__(self, stack: Stack, name: str) -> None:
        super().__init__(stack)
        self.name = name
        self._session.headers["Accept-Language"] = ENGLISH

    def __enter__(self) -> Self:
        form = {"username": self.name, "password": self._stack.password, "next": "/admin/"}
        self.send(reverse("admin:login"), form).raise_for_status()
        return self

    def look(self, path: str) -> requests.Response:
        """Return a page or a file; raises HTTPError where it is not there."""
        return self._get(self._stack.web_url + path)

    def send(self, path: str, form: dict[str, Any] | None = None, **options: Any) -> requests.Response:
        """Send a form as its page would, and follow to where it leads."""
        address = self._stack.web_url + path
        if "csrftoken" not in self._session.cookies:
            self._get(address)
        token = {"csrfmiddlewaretoken": self._session.cookies["csrftoken"]}
        return self._session.post(address, {**(form or {}), **token}, timeout=PATIENCE_SECONDS, **options)

    def upload(self, file: MonthFile) -> requests.Response:
        """Upload a settlement file."""
        files = {"file": (file.name, io.BytesIO(file.content), "text/csv")}
        return self.send(reverse("admin:pagoefectivo_settlementreport_upload"), {"account": file.account}, files=files)

    def on_difference(self, number: int, act: str, **form: str) -> None:
        """Do something with a difference."""
        self.send(reverse(f"admin:pagoefectivo_discrepancy_{act}", args=[number]), form).raise_for_status()

    def on_month(self, file: MonthFile, act: str, **form: str) -> requests.Response:
        """Do something with the month of a file, or ask for it: what is refused is said on the page."""
        return self.send(month_address(file, act), form)

    def download(self, file: MonthFile, what: str) -> bytes:
        """Take the report of a month away as a file."""
        return self.look(f"{month_address(file)}download/{what}/").content

    def figures(self, file: MonthFile) -> dict[Step, Decimal]:
        """Return each step of the money in dollars, as the report of a month says them as XLSX."""
        book = openpyxl.load_workbook(io.BytesIO(self.download(file, "xlsx")), read_only=True)
        with override(ENGLISH):
            steps = {str(word): step for step, word in STEP_WORDS.items()}
        rows = [row for row in book.worksheets[0].iter_rows(max_col=4, values_only=True) if row[1] == "USD"]
        return {steps[str(row[0])]: Decimal(str(row[2])).quantize(CENT) for row in rows if row[0] in steps}

    def paper(self, file: MonthFile) -> str:
        """Return the text of a month's report as PDF."""
        pages = pypdfium2.PdfDocument(self.download(file, "pdf"))
        return "\n".join(page.get_textpage().get_text_range() for page in pages)


def month_address(file: MonthFile, act: str = "month") -> str:
    """Return the path of the page of a file's month, or of an act on it."""
    return reverse(
        f"admin:pagoefectivo_monthlyclose_{act}", kwargs={"account": file.account, "month": f"{file.month:%Y-%m}"}
    )
