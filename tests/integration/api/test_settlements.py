"""Settlement files over the REST API: brought in whole, read by the sweep, told with what does not add up."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from pagoefectivo.api.v1 import bodies
from pagoefectivo.models import Discrepancy, SettlementLine, SettlementPiece, SettlementReport
from pagoefectivo.services import api_keys, discrepancies, settlements
from pagoefectivo.services.actors import Actor, Permission
from tests.integration.api.conftest import ROOT, ApiClient, decided, problem
from tests.integration.settlement_files import Row, bring, file_of, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
CSV = "text/csv"
NOVEMBER = "settlements/?account=default&name=november.csv"
Sent = tuple[int, dict[str, Any], dict[str, str]]


def settled(paid_order: Callable[..., Any], more: int = 0) -> bytes:
    """A file with a line that adds up, one that nobody knows, and as many more as are wanted."""
    strangers = (Row(f"D-4-x{number}", Decimal("1.00")) for number in range(more))
    return file_of([of_voucher(paid_order("A-1").current_voucher), Row("D-4-nobody", Decimal("7.50")), *strangers])


def form(content: bytes, *, part: str = "file", **beside: str) -> bytes:
    """The file as browsers and curl send it in a form."""
    file = io.BytesIO(content)
    file.name = "november.csv"
    return encode_multipart(BOUNDARY, {**beside, part: file})


def put(api: ApiClient, content: bytes, query: str = NOVEMBER, *, key: str = "k", kind: str = CSV, **more: str) -> Any:
    return api.send(query, content, {"Idempotency-Key": key, **more}, kind)


@pytest.fixture
def wire(live_server: Any, psp: Any) -> Callable[..., Sent]:
    """Speak HTTP with our web server, and hang up after the body."""
    plain = api_keys.create_key("erp", ["settlements:write"])[1]

    def say(method: str, path: str, body: bytes = b"", **headers: str) -> Sent:
        connection = http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=10)
        connection.putrequest(method, ROOT + path)
        said = {"Authorization": f"Api-Key {plain}", "Content-Length": str(len(body)), "Idempotency-Key": "k"}
        for name, value in {**said, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        connection.sock.shutdown(1)
        answer = connection.getresponse()
        document = json.loads(answer.read())
        connection.close()
        return answer.status, document, dict(answer.getheaders())

    return say


def test_D10_a_file_larger_than_any_json_body_is_brought_read_and_told(
    wire: Callable[..., Sent], paid_order: Any, sweep: Any
) -> None:
    content = settled(paid_order, more=600)
    assert len(content) > bodies.LARGEST_BODY
    status, told, _ = wire("POST", NOVEMBER, content, Content_Type=CSV)
    report = SettlementReport.objects.get()
    assert (status, told["id"], told["state"]) == (202, report.pk, "received")
    assert (report.brought_by, report.path, report.size) == ("key:erp", "api", len(content))
    sweep()
    status, told, _ = wire("GET", f"settlements/{report.pk}/")
    assert status == 200
    assert told == {
        "id": report.pk,
        "account": "default",
        "name": "november.csv",
        "sha256": report.sha256,
        "size": len(content),
        "layout": "settlement",
        "state": "imported",
        "dry_run": False,
        "lines_read": 602,
        "lines": 602,
        "classes": [
            {"verdict": "missing_here", "lines": 601, "booked": "-438.9998", "currency": "USD"},
            {"verdict": "matched", "lines": 1, "booked": "22.973333", "currency": "USD"},
        ],
        "differences": {"found": 601, "open": 601},
        "refusal": None,
        "created_at": told["created_at"],
        "imported_at": told["imported_at"],
    }
    assert wire("GET", "settlements/")[1] == {"results": [told], "next": None}


def test_D10_a_form_and_a_body_are_the_same_request(wire: Callable[..., Sent], paid_order: Any) -> None:
    content = settled(paid_order)
    first = wire("POST", NOVEMBER, form(content), Content_Type=MULTIPART_CONTENT)
    second = wire("POST", NOVEMBER, content, Content_Type="application/octet-stream")
    assert (first[0], second[0], second[1]) == (202, 202, first[1])
    assert second[2]["Idempotent-Replayed"] == "true"
    assert b"".join(settlements.kept_file(SettlementReport.objects.get())) == content


@pytest.mark.parametrize("missing", [1, 30])
@pytest.mark.parametrize("kind", [CSV, MULTIPART_CONTENT])
def test_F04_a_file_that_did_not_arrive_whole_is_never_kept(
    wire: Callable[..., Sent], paid_order: Any, kind: str, missing: int
) -> None:
    body = settled(paid_order) if kind == CSV else form(settled(paid_order))
    before = decided()
    status, told, _ = wire("POST", NOVEMBER, body[:-missing], Content_Type=kind, Content_Length=str(len(body)))
    assert (status, told["code"]) == (400, "REQUEST_FILE_INVALID")
    if kind != CSV:
        status, told, _ = wire("POST", NOVEMBER, body.rstrip()[:-2], Content_Type=kind)
        assert (status, told["code"]) == (400, "REQUEST_FILE_INVALID")
    chunked = wire("POST", NOVEMBER, b"0\r\n\r\n", Content_Type=kind, Transfer_Encoding="chunked")
    assert (chunked[0], chunked[1]["code"]) == (400, "REQUEST_FILE_INVALID")
    assert decided() == before


@pytest.mark.parametrize("kind", [CSV, MULTIPART_CONTENT])
def test_no_more_than_a_piece_of_a_file_is_ever_in_memory(kind: str, rf: RequestFactory) -> None:
    content = b"0123456789abcde\n" * 4 * 65536  # four mebibytes
    body = content if kind == CSV else form(content)
    asked: list[int] = []

    class Stream(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(size or 0)
            return super().read(size)

    request = rf.generic("POST", "/", b"x", kind, CONTENT_LENGTH=str(len(body)))
    request._stream = Stream(body)
    with bodies.uploaded(request, len(content)) as upload:
        assert b"".join(upload.pieces()) == content
    assert 0 < min(asked) <= max(asked) <= bodies.PIECE
    assert upload.file.closed


def test_D10_the_same_bytes_change_nothing_and_are_answered_at_once(
    api: ApiClient, paid_order: Any, sweep: Any
) -> None:
    content = settled(paid_order)
    first = put(api, content, key="one")
    sweep()
    before = decided()
    again = put(api, content, "settlements/?account=default&name=other.csv", key="two")
    assert (first.status_code, again.status_code) == (202, 200)
    told = json.loads(again.content)
    assert (told["id"], told["state"], told["name"]) == (json.loads(first.content)["id"], "imported", "november.csv")
    assert decided() == before


@pytest.mark.parametrize("change", ["settlements/?account=other", NOVEMBER + "&dry_run=true", "body"])
def test_the_same_key_for_another_account_run_or_file_is_refused(api: ApiClient, paid_order: Any, change: str) -> None:
    content = settled(paid_order)
    put(api, content)
    before = decided()
    answer = put(api, content + b"\n") if change == "body" else put(api, content, change)
    assert (answer.status_code, problem(answer)["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert decided() == before


def test_D10_a_file_is_looked_at_first_and_imported_by_the_same_bytes(
    api: ApiClient, paid_order: Any, sweep: Any
) -> None:
    content = settled(paid_order)
    looked = json.loads(put(api, content, NOVEMBER + "&dry_run=true", key="look").content)
    sweep()
    told = json.loads(api.get(f"settlements/{looked['id']}/").content)
    assert (told["state"], told["dry_run"], told["differences"]) == ("rehearsed", True, {"found": 1, "open": 0})
    assert not SettlementLine.objects.exists()
    meant = put(api, content, key="import")
    unread = json.loads(meant.content)
    assert (meant.status_code, unread["id"], unread["state"], unread["classes"]) == (202, told["id"], "received", [])
    sweep()
    told = json.loads(api.get(f"settlements/{looked['id']}/").content)
    assert (told["state"], told["dry_run"], told["differences"]) == ("imported", False, {"found": 1, "open": 1})


def test_what_no_layout_begins_like_is_refused_with_line_and_reason(api: ApiClient) -> None:
    before = decided()
    for content, line, reason in (
        (b"a;b\n1;2\n", 1, "settlement, transactions"),
        (b"\n", None, "vac"),
        (b"PK\3\4", None, "CSV"),
    ):
        answer = put(api, content, key=f"k{len(content)}")
        told = problem(answer)
        assert (answer.status_code, told["code"], told["line"]) == (422, "SETTLEMENT_UNREADABLE", line)
        assert reason in told["reason"]
    assert decided() == before


def test_D10_a_file_that_cannot_be_read_whole_tells_its_line(api: ApiClient, paid_order: Any, sweep: Any) -> None:
    put(api, settled(paid_order).rstrip()[:-30])
    sweep()
    [told] = json.loads(api.get("settlements/", state="refused").content)["results"]
    report = SettlementReport.objects.get()
    assert told["refusal"]["line"] == report.refused_line == 5
    assert (told["refusal"]["code"], told["refusal"]["reason"]) == ("SETTLEMENT_UNREADABLE", report.refused_why)
    assert not SettlementLine.objects.exists()


def test_a_file_too_large_is_refused_before_it_is_read(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    content = file_of([Row("D-4-1", Decimal(5))])
    before = decided()
    monkeypatch.setattr(settlements, "LARGEST", len(content) - 1)
    monkeypatch.setattr(bodies, "_of_body", None)
    answers = [put(api, content), put(api, form(content), kind=MULTIPART_CONTENT)]
    monkeypatch.setattr(bodies, "FRAMING", 0)
    monkeypatch.setattr(bodies, "_of_form", None)
    answers.append(put(api, form(content), kind=MULTIPART_CONTENT))
    for answer in answers:
        assert (answer.status_code, problem(answer)["code"]) == (413, "SETTLEMENT_TOO_LARGE")
    assert decided() == before


@pytest.mark.parametrize(
    ("query", "kind", "headers", "status", "code"),
    [
        (NOVEMBER, "application/json", {}, 415, "REQUEST_FILE_TYPE"),
        (NOVEMBER, "text/plain", {}, 415, "REQUEST_FILE_TYPE"),
        (NOVEMBER, CSV, {"Content-Encoding": "gzip"}, 415, "REQUEST_FILE_TYPE"),
        (NOVEMBER, CSV, {"Content-Length": "-1"}, 400, "REQUEST_FILE_INVALID"),
        (NOVEMBER, CSV, {"Content-Length": "9" * 5000}, 413, "SETTLEMENT_TOO_LARGE"),
        (NOVEMBER, "multipart/form-data", {}, 400, "REQUEST_FILE_INVALID"),
        (NOVEMBER, MULTIPART_CONTENT, {}, 400, "REQUEST_FILE_INVALID"),
        (NOVEMBER, CSV, {"Idempotency-Key": ""}, 400, "IDEMPOTENCY_KEY_MISSING"),
        ("settlements/", CSV, {}, 400, "REQUEST_INVALID"),
        ("settlements/?account=nowhere", CSV, {}, 422, "ACCOUNT_UNKNOWN"),
        ("settlements/?account=default&account=default", CSV, {}, 400, "REQUEST_INVALID"),
        ("settlements/?account=default&dry_run=yes", CSV, {}, 400, "REQUEST_INVALID"),
        ("settlements/?account=default&name=" + "x" * 161, CSV, {}, 400, "REQUEST_INVALID"),
        ("settlements/?account=default&dryrun=true", CSV, {}, 400, "REQUEST_FIELD_UNKNOWN"),
    ],
)
def test_what_is_not_sent_as_it_has_to_be_is_refused_and_nothing_is_kept(
    api: ApiClient, query: str, kind: str, headers: dict[str, str], status: int, code: str
) -> None:
    before = decided()
    answer = put(api, file_of([Row("D-4-1", Decimal(5))]), query, kind=kind, **headers)
    assert (answer.status_code, problem(answer)["code"]) == (status, code)
    assert decided() == before


@pytest.mark.parametrize(
    "beside", [{"part": "november"}, {"account": "default"}, {"state": "imported"}, {"part": "file", "file2": "x"}]
)
def test_a_form_brings_the_file_and_nothing_else(api: ApiClient, beside: dict[str, str]) -> None:
    before = decided()
    answer = put(api, form(file_of([Row("D-4-1", Decimal(5))]), **beside), kind=MULTIPART_CONTENT)
    assert (answer.status_code, problem(answer)["code"]) == (400, "REQUEST_FILE_INVALID")
    assert decided() == before


def test_G04_a_key_of_one_account_neither_sees_nor_brings_files_of_another(
    key: Callable[..., ApiClient], api: ApiClient, settings: Any, paid_order: Any, sweep: Any
) -> None:
    accounts = settings.PAGOEFECTIVO["ACCOUNTS"]
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {**accounts, "other": accounts["default"]}}
    content = settled(paid_order)
    number = json.loads(put(api, content).content)["id"]
    sweep()
    stranger, before = key(name="stranger", accounts=("other",)), decided()
    for path in ("settlements/{}/", "settlements/{}/differences/"):
        hidden, none = (stranger.get(path.format(each)) for each in (number, 999_999))
        assert (hidden.status_code, hidden.content) == (404, none.content)
    assert json.loads(stranger.get("settlements/").content)["results"] == []
    assert json.loads(stranger.get("settlements/", account="default").content)["results"] == []
    assert put(stranger, content).status_code == 404
    assert decided() == before
    own = put(stranger, content, "settlements/?account=other", key="own")
    assert own.status_code == 202
    assert SettlementPiece.objects.count() == 2
    assert [each["account"] for each in json.loads(stranger.get("settlements/").content)["results"]] == ["other"]
    assert len(json.loads(api.get("settlements/").content)["results"]) == 2


def test_a_list_is_paged_and_narrowed_and_costs_the_same_for_one_and_for_many(
    api: ApiClient, paid_order: Any, django_assert_num_queries: Any
) -> None:
    first = bring(settled(paid_order), name="file-0")
    api.get("settlements/")
    with django_assert_num_queries(3):  # the key, the files, how many of their differences are open
        api.get("settlements/")
    for number in range(1, 5):
        bring(file_of([Row(f"D-4-{number}", Decimal(5))], transfer=f"TR-{number}"), name=f"file-{number}")
    with django_assert_num_queries(3):
        assert len(json.loads(api.get("settlements/").content)["results"]) == 5
    names: list[str] = []
    answer: Any = api.get("settlements/", limit=2)
    for _ in range(3):
        page = json.loads(answer.content)
        names += [each["name"] for each in page["results"]]
        if page["next"]:
            answer = api.client.get(page["next"].removeprefix("http://127.0.0.1:9"), headers=api.headers)
    assert (names, page["next"]) == (["file-4", "file-3", "file-2", "file-1", "file-0"], None)
    [one] = json.loads(api.get("settlements/", sha256=first.sha256, account="default").content)["results"]
    with django_assert_num_queries(3):
        assert json.loads(api.get(f"settlements/{first.pk}/").content) == one
    assert json.loads(api.get("settlements/", state="refused").content)["results"] == []
    assert problem(api.get("settlements/", sha256="x"))["fields"].keys() == {"sha256"}


def test_differences_are_listed_as_they_stand_in_the_file_and_say_how_they_ended(
    api: ApiClient, paid_order: Any, admin_user: Any, django_assert_num_queries: Any
) -> None:
    short = paid_order("A-2", "50.00").current_voucher
    report = bring(
        file_of(
            [Row("D-4-nobody", Decimal("7.50")), of_voucher(short, amount=Decimal("45.00")), Row("D-4-x", Decimal(3))]
        )
    )
    first, second, _third = Discrepancy.objects.order_by("pk")
    finance = Actor("staff:luz", frozenset({Permission.WORK_DIFFERENCES}), user_id=admin_user.pk)
    discrepancies.settle(second.pk, "provider_pays", "They pay it on Friday.", actor=finance)
    path = f"settlements/{report.pk}/differences/"
    api.get(path)
    with django_assert_num_queries(3):  # the key, the file, its differences
        answer = api.get(path, limit=2)
    page = json.loads(answer.content)
    one, two = page["results"]
    assert one == {
        "number": first.number,
        "verdict": "missing_here",
        "line": 4,
        "amount": "1.00",
        "currency": "USD",
        "order": None,
        "refund": None,
        "state": "open",
        "reason": None,
        "opened_at": one["opened_at"],
        "settled_at": None,
    }
    assert (two["order"], two["amount"], two["state"], two["reason"]) == ("A-2", "-5.00", "settled", "provider_pays")
    assert "Friday" not in answer.content.decode()
    rest: Any = api.client.get(page["next"].removeprefix("http://127.0.0.1:9"), headers=api.headers)
    document = json.loads(rest.content)
    assert ([each["line"] for each in document["results"]], document["next"]) == ([6], None)
    assert json.loads(api.get(f"settlements/{report.pk}/").content)["differences"] == {"found": 3, "open": 2}
