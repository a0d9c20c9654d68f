"""The demo's two outsiders: a buyer with a browser, and a program with an API key."""

from __future__ import annotations

import html
import re
import uuid
from decimal import Decimal
from typing import Any, Self, cast

import requests

from tooling.demo_stack import Stack

Document = dict[str, Any]
PATIENCE_SECONDS = 20
DETAILS = {"name": "Rosa Huamán Quispe", "email": "rosa@correo.example", "document": "45678912", "phone": "987654321"}
_HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|ticket)" value="([^"]+)"')
_PURCHASE = re.compile(r'href="/compras/([\w-]+)/"')
_FORM_KEY = re.compile(r'name="(form_key|draft)" value="([^"]+)"')
_MAIL = re.compile(r'href="/mailbox/[^"]+">([^<]+)</a>')
_STATE = re.compile(r'class="state (\w+)"')


class Client:
    """One kept-alive connection that ignores the machine's proxy settings."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def _get(self, url: str) -> requests.Response:
        answer = self._session.get(url, timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        return answer


class Buyer(Client):
    """Buys in the storefront with cookies and forms, as a browser does."""

    def check_out(self, product: str, account: str) -> str:
        """Buy one piece through the company behind an account; return the address of the payment code's page."""
        address = f"{self._stack.web_url}/comprar/{product}/"
        hidden = dict(_HIDDEN.findall(self._get(address).text))
        form = {**DETAILS, **hidden, "account": account}
        answer = self._session.post(address, data=form, allow_redirects=False, timeout=PATIENCE_SECONDS)
        return answer.headers.get("Location", f"HTTP {answer.status_code}")

    def newest_reference(self) -> str:
        """Return the reference of the latest purchase, as the shop lists it for this browser."""
        return str(_PURCHASE.findall(self.text_of(f"{self._stack.web_url}/compras/"))[0])

    def state_of(self, reference: str) -> str:
        """Return what the shop itself says of a purchase."""
        return str(_STATE.findall(self.text_of(f"{self._stack.web_url}/compras/{reference}/"))[0])

    def send_receipt(self, page: str, picture: bytes) -> int:
        """Attach a picture on the page of a payment code; return the status of the answer."""
        address = f"{page.partition('?')[0]}proof/"
        files = {"picture": ("receipt.jpg", picture, "image/jpeg")}
        return self._session.post(address, files=files, allow_redirects=False, timeout=PATIENCE_SECONDS).status_code

    def renew(self, page: str) -> int:
        """Ask for a new code on the page of a dead one; return the status of the answer."""
        address = f"{page.partition('?')[0]}renew/"
        return self._session.post(address, allow_redirects=False, timeout=PATIENCE_SECONDS).status_code

    def submit(self, address: str, act: str, *, page: str = "", **fields: str) -> requests.Response:
        """Send a form of the page of a refund with the keys that it stands with there."""
        keys = dict(_FORM_KEY.findall(page or self.text_of(address)))
        form = {**keys, **fields, "act": act}
        return self._session.post(address, data=form, allow_redirects=False, timeout=PATIENCE_SECONDS)

    def mails_about(self, reference: str) -> list[str]:
        """Return the subjects of the mails about an order, newest first."""
        subjects = _MAIL.findall(self.text_of(f"{self._stack.web_url}/mailbox/"))
        return [html.unescape(each) for each in subjects if reference in each]

    def open(self, address: str) -> requests.Response:
        """Return a page with its headers; raises HTTPError unless it is there."""
        return self._get(address)

    def text_of(self, address: str) -> str:
        return self._get(address).text


class ApiClient(Client):
    """Speaks the REST API with one key."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack)
        self._session.headers["Authorization"] = f"Api-Key {stack.api_key}"
        self._session.headers["Accept-Language"] = "en"  # as the demo's own lines

    def open_order(self, reference: str, amount: Decimal) -> Document:
        """Open an order; the same reference again repeats the same request under the same Idempotency-Key."""
        payer = {
            "email": DETAILS["email"],
            "name": DETAILS["name"],
            "document": {"type": "DNI", "number": DETAILS["document"]},
        }
        order = {"reference": reference, "amount": str(amount), "currency": "PEN", "payer": payer}
        return self._made(self._post("orders/", order, key=f"open-{reference}"))

    def order(self, reference: str) -> Document:
        return cast("Document", self._get(f"{self._stack.api_url}/orders/{reference}/").json())

    def sources(self, reference: str) -> set[str]:
        """Return the paths by which an order's timeline says that something became known."""
        return {entry["source"] for entry in self.timeline(reference) if entry.get("source")}

    def timeline(self, reference: str) -> list[Document]:
        answer = self._get(f"{self._stack.api_url}/orders/{reference}/timeline/").json()
        return cast("list[Document]", answer["results"])

    def refund(self, reference: str, amount: Decimal) -> Document:
        return self._made(self._ask_refund(reference, amount))

    def try_refund(self, reference: str, amount: Decimal) -> tuple[int, Document]:
        """Ask for a refund that may be refused; return the status and the answer."""
        answer = self._ask_refund(reference, amount)
        return answer.status_code, answer.json()

    def refund_named(self, refund_id: str) -> Document:
        return cast("Document", self._get(f"{self._stack.api_url}/refunds/{refund_id}/").json())

    def _ask_refund(self, reference: str, amount: Decimal) -> requests.Response:
        wish = {"amount": str(amount), "reason": "buyer_request"}
        return self._post(f"orders/{reference}/refunds/", wish, key=str(uuid.uuid4()))

    def _post(self, path: str, document: Document, *, key: str) -> requests.Response:
        address = f"{self._stack.api_url}/{path}"
        headers = {"Idempotency-Key": key}
        return self._session.post(address, json=document, headers=headers, timeout=PATIENCE_SECONDS)

    @staticmethod
    def _made(answer: requests.Response) -> Document:
        answer.raise_for_status()
        return cast("Document", answer.json())
