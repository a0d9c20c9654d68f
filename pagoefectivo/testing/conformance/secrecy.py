"""What a provider never shows."""

from __future__ import annotations

from pagoefectivo.providers.base import Operation
from pagoefectivo.testing.conformance.evidence import KeptEvidence
from pagoefectivo.testing.conformance.scripted_server import answers, scripted_server
from pagoefectivo.testing.conformance.stage import PERSONAL, Stage, each_secret


class Secrecy(Stage):
    """See the package."""

    def test_no_repr_shows_a_secret_or_a_person(self) -> None:
        evidence = KeptEvidence()
        body = self.issued_body()
        with scripted_server(answers(200, body)) as server, self.gateway(server.base_url, evidence) as gateway:
            account = self.account(server.base_url)
            update = gateway.issue_voucher(self.voucher)
        reader = self.provider.webhook_reader(account)
        shown = [account, gateway, reader, update, self.voucher, self.refund, *evidence.calls, *evidence.answers]
        assert self.canaries_in(repr(each) for each in shown) == set()

    def test_no_error_shows_a_secret_or_a_person(self, operation: Operation) -> None:
        echo = " ".join(
            (*PERSONAL, *(secret for values in self.credentials.values() for secret in each_secret(values)))
        )
        for script in (answers(500, echo.encode()), answers(200, b'{"x": "' + echo.encode() + b'", ')):
            error, _ = self.failed(operation, script)
            texts = (str(error), repr(error), repr(error.fault), repr(error.__cause__), repr(error.__context__))
            assert self.canaries_in(texts) == set()
