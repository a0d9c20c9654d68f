"""Nobody but the holder of the link sees the page, and nothing on the way keeps it."""

from __future__ import annotations

import gzip
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pagoefectivo.domain.states import RefundState
from pagoefectivo.links import new_page_key, page_token
from pagoefectivo.views import protection, refunds, vouchers
from pagoefectivo.views.protection import contact_link
from pagoefectivo.views.senders import remote_ip
from tests.integration.pages.refund_stage import path_of, place
from tests.integration.pages.stage import CODE, SCENES, address, place_order, place_voucher

pytestmark = pytest.mark.django_db

SCRIPT = Path(__file__).parents[3] / "pagoefectivo/static/pagoefectivo/voucher.js"


def _wrong_tokens() -> Iterator[str]:
    real = page_token(place_order().page_key)
    yield from ("x", "A" * len(real), real[:-1], real + "A", real[:22], real[1:], "ñandú", "A" * 5000)
    yield page_token(new_page_key())  # signed by us, of an order that does not exist


def _without_nonce(answer: Any) -> tuple[int, str, dict[str, str]]:
    nonce = re.compile(r"(nonce[-=]\"?)[\w-]+")
    headers = {name: nonce.sub("", value) for name, value in answer.items()}
    return answer.status_code, nonce.sub("", answer.content.decode()), headers


def test_G04_G25_every_wrong_link_gets_the_same_answer_for_the_same_work(client: Client) -> None:
    answers = []
    for token in _wrong_tokens():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = client.get(f"/pagoefectivo/v/{token}/")
        answers.append((_without_nonce(answer), len(asked)))
    assert answers[0][0][0] == 404
    assert answers[0][1] == 1
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("what", ["", "status/", "barcode.svg", "anything/else", "status"])
def test_every_address_below_a_wrong_link_is_404(client: Client, what: str) -> None:
    assert client.get(f"/pagoefectivo/v/{'A' * 44}/{what}").status_code == 404


def test_G05_guessing_is_slowed_down_and_a_real_link_keeps_working(client: Client) -> None:
    order = place_voucher(place_order()).order
    statuses = [client.get(f"/pagoefectivo/v/{'A' * 44}/").status_code for _ in range(vouchers.GUESSES.most + 1)]
    assert statuses == [404] * vouchers.GUESSES.most + [429]
    assert client.get(address(order)).status_code == 200


def test_G05_one_link_is_not_hammered(client: Client) -> None:
    order, other = place_voucher(place_order()).order, place_voucher(place_order()).order
    statuses = [client.get(address(order)).status_code for _ in range(vouchers.VISITS.most + 1)]
    assert statuses == [200] * vouchers.VISITS.most + [429]
    slowed = client.get(address(order))
    assert slowed["Retry-After"] == "60"
    assert CODE not in slowed.content.decode()
    assert client.get(address(other)).status_code == 200


def test_G24_an_invented_forwarded_address_beats_no_limit(client: Client) -> None:
    for number in range(vouchers.GUESSES.most):
        client.get(f"/pagoefectivo/v/{'A' * 44}/", headers={"X-Forwarded-For": f"203.0.113.{number}"})
    last = client.get(f"/pagoefectivo/v/{'A' * 44}/", headers={"X-Forwarded-For": "198.51.100.7"})
    assert last.status_code == 429


@pytest.mark.parametrize(
    ("proxies", "forwarded", "peer", "expected"),
    [
        (0, "198.51.100.7", "203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.7", "10.0.0.1", "198.51.100.7"),
        (1, "6.6.6.6, 198.51.100.7", "10.0.0.1", "198.51.100.7"),
        (2, "6.6.6.6, 198.51.100.7, 10.0.0.2", "10.0.0.1", "198.51.100.7"),
        (2, "198.51.100.7", "10.0.0.1", "10.0.0.1"),
        (1, "198.51.100.7:4711", "10.0.0.1", "198.51.100.7"),
        (1, "[2001:db8::7]:4711", "10.0.0.1", "2001:db8::7"),
        (1, "no address", "10.0.0.1", "10.0.0.1"),
        (1, "fe80::1%eth0", "10.0.0.1", "fe80::1"),
        (0, "", "::ffff:203.0.113.1", "203.0.113.1"),
        (0, "", "", None),
    ],
)
def test_G24_addresses_are_counted_from_the_right(
    rf: Any, settings: Any, proxies: int, forwarded: str, peer: str, expected: str | None
) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "TRUSTED_PROXIES": proxies}
    request = rf.get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=peer)
    assert remote_ip(request) == expected


def test_a_cache_that_is_down_lets_everybody_pass(client: Client, settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9/0"}
    }
    order = place_voucher(place_order()).order
    assert {client.get(address(order)).status_code for _ in range(3)} == {200}


@pytest.mark.parametrize("scene", ["issued", "paid", "expired"])
@pytest.mark.parametrize("what", ["", "status/", "barcode.svg"])
def test_G06_no_answer_may_be_indexed_cached_framed_or_referred(client: Client, scene: str, what: str) -> None:
    order = SCENES[scene][0]()
    for answer in (client.get(address(order, what)), client.get(f"/pagoefectivo/v/{'A' * 44}/{what}")):
        assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Content-Type-Options"] == "nosniff"
        policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert not answer.cookies
        assert "og:" not in answer.content.decode()


def test_G06_the_code_is_in_no_address_title_or_json(client: Client) -> None:
    order = place_voucher(place_order()).order
    text = client.get(address(order)).content.decode()
    head = text.partition("</head>")[0]
    assert CODE not in head
    assert not [link for link in re.findall(r'(?:href|src|data-status)="([^"]*)"', text) if CODE in link]
    assert CODE not in client.get(address(order, "status/")).content.decode()


def test_G03_no_log_line_names_the_link(client: Client, caplog: Any, monkeypatch: Any) -> None:
    caplog.set_level(logging.DEBUG)
    order = place_voucher(place_order()).order
    token = page_token(order.page_key)
    unknown = page_token(new_page_key())
    client.get(address(order))
    client.post(address(order))
    for path in (f"{unknown}/", unknown, f"{unknown}/else/where", f"{token}/status", f"{token}/x/"):
        assert client.get(f"/pagoefectivo/v/{path}").status_code == 404
    monkeypatch.setattr(vouchers, "page_of", _down)
    assert client.get(address(order)).status_code == 503
    assert "could not be read (OperationalError)" in caplog.text
    assert token not in caplog.text
    assert unknown not in caplog.text
    assert order.page_key not in caplog.text


@pytest.mark.parametrize("broken", ["the page", "the page and the shop's own templates"])
def test_G03_what_nobody_foresaw_is_answered_with_a_number_and_logged_without_the_link(
    client: Client, caplog: Any, monkeypatch: Any, broken: str
) -> None:
    caplog.set_level(logging.DEBUG)
    client.raise_request_exception = True
    order, refund = place_voucher(place_order()).order, place(RefundState.AWAITING_DESTINATION)
    monkeypatch.setattr(vouchers, "page_of", _strange)
    monkeypatch.setattr(refunds, "page_of", _strange)
    if broken != "the page":
        monkeypatch.setattr(protection, "rendered", _strange)
    for path in (address(order), path_of(refund)):
        caplog.clear()
        answer = client.get(f"{path}?lang=en")
        said = answer.content.decode()
        assert (answer.status_code, answer["Cache-Control"]) == (500, "private, no-store")
        number = re.search(r"name this number: ([0-9A-F]{8})\b", said)
        assert number is not None
        (line,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert line.getMessage().startswith(
            f"Fault {number[1]} on a buyer's page: ZeroDivisionError at test_protection.py:"
        )
        assert line.exc_info is None
        for secret in (path.split("/")[3], "90210"):
            assert secret not in said
            assert secret not in caplog.text


def _strange(*_: object, **__: object) -> HttpResponse:
    raise ZeroDivisionError("of card 90210")


@pytest.mark.parametrize("kind", ["v", "r"])
def test_G03_no_refusal_of_any_kind_names_the_link(client: Client, caplog: Any, kind: str) -> None:
    caplog.set_level(logging.DEBUG)
    order, refund = place_voucher(place_order()).order, place(RefundState.AWAITING_DESTINATION)
    path = address(order) if kind == "v" else path_of(refund)
    token = path.split("/")[3]
    statuses = {client.get(f"{path}{below}").status_code for below in ("x/y", "x%0Ay", "%0A", "%0D%0Aa/b")}
    statuses |= {
        client.put(path).status_code,
        client.post(f"{path}status/", b"{", content_type="application/json").status_code,
    }
    statuses |= {client.post(f"{path}proof/", b"\xff", content_type="multipart/form-data; boundary=").status_code}
    statuses |= {client.post(path, {"a": 1}, headers={"Origin": "https://elsewhere.example"}).status_code}
    statuses |= {client.get(path).status_code for _ in range(70)}
    assert {404, 405, 429} <= statuses
    assert 500 not in statuses
    assert token not in caplog.text
    assert not [
        record for record in caplog.records if record.name.startswith("django") and "Not Found" in record.getMessage()
    ]


def _down(*_: object, **__: object) -> HttpResponse:
    raise OperationalError("server closed the connection")


def test_only_reading_is_possible(client: Client) -> None:
    order = place_voucher(place_order()).order
    for method in ("post", "put", "delete", "patch", "options"):
        answer = getattr(client, method)(address(order))
        assert (answer.status_code, answer["Allow"], answer.content) == (405, "GET, HEAD", b"")


def test_G08_what_others_wrote_is_shown_as_text(client: Client, settings: Any) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "SHOP_NAME": evil, "SUPPORT_CONTACT": evil}
    order = place_order(reference=evil)
    place_voucher(order, code=evil, barcode=evil, barcode_svg=f"<svg>{evil}</svg>", reference="A-1-1")
    text = client.get(address(order)).content.decode()
    assert "<script>alert" not in text
    assert "<img" not in text
    assert text.count("&lt;script&gt;") >= 3


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("ayuda@tienda.example", "mailto:ayuda@tienda.example"),
        ("+51 987 654 321", "tel:+51987654321"),
        ("https://tienda.example/ayuda", "https://tienda.example/ayuda"),
        ("javascript:alert(1)", ""),
        ("http://tienda.example", ""),
        ("data:text/html,x@y.zz", ""),
        ("a@b.c?bcc=x@y.zz", ""),
        ("Ask at the counter", ""),
    ],
)
def test_G11_only_a_harmless_contact_becomes_a_link(contact: str, link: str) -> None:
    assert contact_link(contact) == link


def test_the_page_asks_the_database_once_and_once_more_when_money_came(
    client: Client, django_assert_num_queries: Any
) -> None:
    unpaid, paid = SCENES["issued, replacing"][0](), SCENES["partly refunded"][0]()
    with django_assert_num_queries(1):
        client.get(address(unpaid))
    for queries in (2, 1, 1):  # the first time it is noted that the code was seen
        with django_assert_num_queries(queries):
            client.get(address(unpaid, "status/"))
    with django_assert_num_queries(2):
        client.get(address(paid))


def test_the_buyers_document_is_not_even_read(client: Client) -> None:
    order = place_voucher(place_order()).order
    with CaptureQueriesContext(connection) as asked:
        client.get(address(order))
    assert not re.search("payer_|metadata", asked.captured_queries[0]["sql"])


@pytest.mark.parametrize("scene", SCENES)
def test_the_page_and_its_script_are_small(client: Client, scene: str) -> None:
    page = client.get(address(SCENES[scene][0]())).content
    assert len(SCRIPT.read_bytes()) <= 6 * 1024
    assert len(gzip.compress(page)) + len(gzip.compress(SCRIPT.read_bytes())) <= 8 * 1024


def test_a_link_without_its_last_slash_still_opens(client: Client) -> None:
    order = place_voucher(place_order()).order
    answer = client.get(address(order).rstrip("/"))
    assert answer.status_code == 200
    assert CODE in answer.content.decode()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded; charset=latin-1", b"act=phone"),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=", b"--x"),
    ],
)
def test_G03_a_body_that_cannot_be_read_leaves_no_trace_of_a_link(
    client: Client, caplog: Any, kind: str, body: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    refund = place(RefundState.AWAITING_DESTINATION)
    for path in (path_of(refund), address(refund.order, "proof/")):
        answer = client.post(path, body, content_type=kind)
        assert answer.status_code in {400, 422}
        assert answer["Referrer-Policy"] == "no-referrer"
        assert path.split("/")[3] not in caplog.text
