"""What was said, by whom, when: rows that are written once and shown masked."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.redaction import redact_body
from pagoefectivo.models.fields import DueRow, EncryptedBytesField, due_index, linked_index, money_field
from pagoefectivo.models.labels import SOURCE_LABELS
from pagoefectivo.models.orders import Order
from pagoefectivo.models.refunds import Refund
from pagoefectivo.models.vouchers import Voucher


class WebhookDelivery(DueRow):
    """One inbound message exactly as it came, with the verdict on its signature and what became of it."""

    class Verdict(models.TextChoices):
        VERIFIED = "verified", _("verified")
        STALE = "stale", _("verified, but old")
        FORGED = "forged", _("not verified")

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("waiting")
        APPLIED = "applied", _("applied")
        NO_CHANGE = "no_change", _("nothing new")
        UNREADABLE = "unreadable", _("cannot be read")
        ORPHAN = "orphan", _("not ours")
        REJECTED = "rejected", _("rejected")

    account = models.CharField(_("account"), max_length=64)
    event_identity = models.CharField(max_length=64)
    body = EncryptedBytesField(_("body"))
    headers = models.JSONField(_("headers"), default=dict)
    raw_headers = EncryptedBytesField(null=True, blank=True)  # of samples of what was refused: to verify them again
    whole_size = models.PositiveIntegerField(_("whole size"), null=True, blank=True)  # where only the beginning is kept
    verdict = models.CharField(_("verdict"), max_length=12, choices=Verdict.choices)
    fault = models.CharField(max_length=24, blank=True)
    secret_index = models.PositiveSmallIntegerField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(_("received"), db_index=True)
    remote_ip = models.GenericIPAddressField(_("IP"), null=True, blank=True)
    repeats = models.PositiveIntegerField(_("repeats"), default=0)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, default=Outcome.WAITING)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    voucher = models.ForeignKey(
        Voucher, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="deliveries"
    )
    refund = models.ForeignKey(
        Refund, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="deliveries"
    )

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        permissions = [("replay_webhook", "Can replay notifications and verify them with another secret")]
        indexes = [
            due_index("pe_delivery_due"),
            linked_index("voucher", "pe_delivery_voucher"),
            linked_index("refund", "pe_delivery_refund"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "event_identity"], name="pe_delivery_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.received_at:%Y-%m-%d %H:%M:%S}"

    @property
    def masked_body(self) -> str:
        return redact_body(self.body)

    @property
    def can_be_replayed(self) -> bool:
        """Whether it was believed and what it said is still there."""
        return self.verdict != self.Verdict.FORGED and bool(self.body)

    @property
    def can_be_verified(self) -> bool:
        """Whether it is a sample that was kept whole, with the headers that sign it."""
        return bool(self.raw_headers) and self.whole_size == len(bytes(self.body))


class DeliveryAct(models.Model):
    """What a person did with a stored message: replayed it, or verified it with another secret. Never changed."""

    class Act(models.TextChoices):
        REPLAYED = "replayed", _("replayed")
        VERIFIED = "verified", _("verified again")

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(_("act"), max_length=12, choices=Act.choices)
    before = models.CharField(max_length=12)
    result = models.CharField(_("result"), max_length=24)
    secret = models.CharField(_("secret"), max_length=160, blank=True)  # its name, never its value
    actor = models.CharField(_("who"), max_length=160)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("act on a notification")
        verbose_name_plural = _("acts on notifications")

    def __str__(self) -> str:
        return f"{self.act} {self.actor}"


class WebhookRejection(models.Model):
    """How many messages of one account and hour were refused for one reason. Only a capped sample is kept whole."""

    account = models.CharField(_("account"), max_length=64)
    fault = models.CharField(_("reason"), max_length=24)
    hour_at = models.DateTimeField(_("hour"))
    count = models.PositiveIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("rejected webhooks")
        verbose_name_plural = _("rejected webhooks")
        indexes = [models.Index(fields=["hour_at"], name="pe_rejection_hour")]
        constraints = [
            models.UniqueConstraint(fields=["account", "fault", "hour_at"], name="pe_rejection_once_an_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.fault} {self.hour_at:%Y-%m-%d %H}h: {self.count}"


class ApiExchange(models.Model):
    """One outbound request, written before it is sent, and its answer or the lack of one."""

    class Outcome(models.TextChoices):
        SENDING = "sending", _("being sent")
        ANSWERED = "answered", _("answered")
        NO_RESPONSE = "no_response", _("no answer")

    request_id = models.CharField(_("request id"), max_length=40)
    account = models.CharField(_("account"), max_length=64)
    operation = models.CharField(_("operation"), max_length=24)
    voucher = models.ForeignKey(Voucher, null=True, blank=True, on_delete=models.PROTECT, related_name="exchanges")
    refund = models.ForeignKey(
        Refund, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="exchanges"
    )
    method = models.CharField(max_length=8)
    url = models.CharField(max_length=500)
    request_headers = models.JSONField(default=dict)
    request_body = EncryptedBytesField()
    sent_at = models.DateTimeField(_("sent"), db_index=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, default=Outcome.SENDING)
    http_status = models.PositiveSmallIntegerField("HTTP", null=True, blank=True)
    response_headers = models.JSONField(null=True, blank=True)
    response_body = EncryptedBytesField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("ms"), null=True, blank=True)
    loss = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("provider call")
        verbose_name_plural = _("provider calls")
        indexes = [
            models.Index(fields=["sent_at"], name="pe_exchange_open", condition=models.Q(outcome="sending")),
            linked_index("refund", "pe_exchange_refund"),
        ]
        constraints = [models.UniqueConstraint(fields=["request_id"], name="pe_exchange_once")]

    def __str__(self) -> str:
        return f"{self.operation} {self.request_id}"

    @property
    def masked_request(self) -> str:
        return redact_body(self.request_body or b"")

    @property
    def masked_response(self) -> str:
        return redact_body(self.response_body or b"")


class PaymentEvent(models.Model):
    """A statement that was accepted: the facts that every sum is recomputed from."""

    account = models.CharField(_("account"), max_length=64)
    event_identity = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="events")
    refund = models.ForeignKey(
        Refund, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="events"
    )
    source = models.CharField(_("source"), max_length=12, choices=SOURCE_LABELS)
    proof = models.CharField(max_length=12)
    is_believed = models.BooleanField(default=False)
    status = models.CharField(_("status"), max_length=16)
    raw_status = models.CharField(_("raw status"), max_length=64, blank=True)
    payment_identity = models.CharField(max_length=100, blank=True)
    amount = money_field(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    occurred_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded"), db_index=True)
    delivery = models.ForeignKey(WebhookDelivery, null=True, blank=True, on_delete=models.PROTECT, db_index=False)
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("payment event")
        verbose_name_plural = _("payment events")
        indexes = [
            linked_index("refund", "pe_event_refund"),
            linked_index("delivery", "pe_event_delivery"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "event_identity"], name="pe_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.amount or ''} {self.currency}".strip()


class StateChange(models.Model):
    """One move of one machine: from, to, who, why, by which path, on which evidence."""

    subject = models.CharField(max_length=8, choices=[("order", _("order")), ("voucher", _("payment code")), ("refund", _("refund"))])  # fmt: skip
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="changes")
    voucher = models.ForeignKey(
        Voucher, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="changes"
    )
    refund = models.ForeignKey(
        Refund, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="changes"
    )
    from_state = models.CharField(_("from"), max_length=24)
    to_state = models.CharField(_("to"), max_length=24)
    transition = models.CharField(max_length=24)
    source = models.CharField(_("path"), max_length=12, choices=SOURCE_LABELS)
    actor = models.CharField(_("who"), max_length=160)
    why = models.CharField(_("why"), max_length=100, blank=True)
    event = models.ForeignKey(PaymentEvent, null=True, blank=True, on_delete=models.PROTECT, db_index=False)
    at = models.DateTimeField(_("at"), db_index=True)

    class Meta:
        verbose_name = _("state change")
        verbose_name_plural = _("state changes")
        ordering = ["id"]
        indexes = [
            linked_index("voucher", "pe_change_voucher"),
            linked_index("refund", "pe_change_refund"),
            linked_index("event", "pe_change_event"),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.from_state} → {self.to_state}"
