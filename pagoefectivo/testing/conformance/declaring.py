"""What a provider declares must fit together."""

from __future__ import annotations

from datetime import timedelta

from pagoefectivo.domain.business_days import BusinessDays
from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.languages import LANGUAGES
from pagoefectivo.domain.money import CENT, SYMBOLS, ZERO
from pagoefectivo.domain.redaction import READABLE_HEADERS
from pagoefectivo.domain.states import PaymentStatus, RefundStatus
from pagoefectivo.providers.base import READS, Capabilities, ErrorClass, Operation, RefundMode
from pagoefectivo.testing.conformance.stage import Stage


class Declaring(Stage):
    """See the package."""

    def test_it_names_itself_its_hosts_and_its_credentials(self) -> None:
        provider = self.provider
        assert provider.slug.isidentifier()
        assert provider.slug == provider.slug.lower()
        assert provider.name
        assert set(provider.hosts) == {"sandbox", "production"}
        assert len(set(provider.hosts.values())) == 2 or provider.credential_prefixes  # something tells them apart
        assert all(host.startswith("https://") and not host.endswith("/") for host in provider.hosts.values())
        assert any(provider.credential_fields.values()) or provider.credential_choices
        named = {*provider.secret_list_fields, *provider.credential_prefixes}.union(*provider.credential_choices)
        assert named <= set(provider.credential_fields)
        assert {name for name, needed in provider.credential_fields.items() if needed} <= set(self.credentials)
        assert all(header == header.lower() for header in provider.secret_headers)

    def test_it_says_what_its_support_asks_for_and_no_secret(self) -> None:
        support = self.provider.support
        assert support.language in LANGUAGES
        assert support.payment
        assert support.order
        assert support.refund
        named = set(self.provider.credential_fields) - self.provider.secret_list_fields
        assert not support.merchant or support.merchant in named
        assert set(support.trace_headers) <= READABLE_HEADERS, "a masked header finds nothing"

    def test_its_abilities_do_not_contradict_each_other(self) -> None:
        able: Capabilities = self.provider.capabilities
        assert timedelta(0) < able.longest_in_flight
        assert able.idempotency_life == timedelta(0) or able.longest_in_flight < able.idempotency_life
        assert able.payments_per_question >= 1
        assert timedelta(0) < able.shortest_expiry <= able.longest_expiry
        assert able.required_payer_fields <= {"name", "email", "phone", "document"}
        assert able.limits
        for currency, (lowest, highest) in able.limits.items():
            assert currency in SYMBOLS
            assert ZERO < lowest < highest
            assert (lowest.quantize(CENT), highest.quantize(CENT)) == (lowest, highest)
        if able.refund_mode in {RefundMode.NONE, RefundMode.MANUAL}:
            assert Operation.REQUEST_REFUND in self.unsupported
        else:
            assert able.refund_window > timedelta(0)
            assert able.partial_refunds or not able.multiple_refunds

    def test_it_promises_a_span_of_business_days_or_nothing(self) -> None:
        able: Capabilities = self.provider.capabilities
        assert type(able.refund_takes) in {BusinessDays, type(None)}
        assert type(able.settles_in) in {BusinessDays, type(None)}
        if able.refund_mode in {RefundMode.NONE, RefundMode.MANUAL}:
            assert able.refund_takes is None, "who makes no refunds promises none"
        if able.refund_counts_from_details:
            assert able.refund_takes is not None
            assert able.payer_data_by_provider, "details that the shop gives are there from the start"

    def test_its_tables_speak_only_our_words(self) -> None:
        assert {PaymentStatus.PENDING, PaymentStatus.PAID} <= set(self.provider.payment_statuses.values())
        assert all(type(status) is PaymentStatus for status in self.provider.payment_statuses.values())
        assert all(type(status) is RefundStatus for status in self.provider.refund_statuses.values())
        for (operation, raw_code), rule in self.provider.errors.items():
            assert type(operation) is Operation
            assert type(raw_code) is str
            assert raw_code
            assert rule.code in CATALOGUE
            assert rule.error_class in ErrorClass
        assert (Operation.ISSUE_VOUCHER, self.unlisted_code) not in self.provider.errors

    def test_a_question_is_never_answered_with_a_final_no(self) -> None:
        final = [row for row, rule in self.provider.errors.items() if rule.error_class is ErrorClass.TERMINAL]
        assert [row for row in final if row[0] in READS] == []

    def test_nothing_that_may_have_been_done_already_is_called_undone(self) -> None:
        already = {ErrorCode.CREATE_DUPLICATE_REFERENCE, ErrorCode.REFUND_DUPLICATE}
        unclear = {ErrorCode.CREATE_OUTCOME_UNKNOWN, ErrorCode.REFUND_OUTCOME_UNKNOWN}
        classes = {rule.error_class for rule in self.provider.errors.values() if rule.code in already | unclear}
        assert classes <= {ErrorClass.AMBIGUOUS, ErrorClass.HOLD}
