"""Pictures of receipts, what was read on them, and what people said of them. Written once; nothing here is money."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.proofs import Judgement
from pagoefectivo.models.fields import (
    DueRow,
    EncryptedBytesField,
    EncryptedTextField,
    due_index,
    money_field,
)
from pagoefectivo.models.orders import Order
from pagoefectivo.models.vouchers import Voucher

JUDGEMENT_LABELS = [
    (Judgement.MATCHES.value, _("matches")),
    (Judgement.DOES_NOT_MATCH.value, _("does not match")),
    (Judgement.BETTER_PICTURE.value, _("a better picture is needed")),
]


class PaymentProof(DueRow):
    """One picture that a buyer sent, encoded anew, with the digest of the bytes that came. Due until it was read.

    `picture`, `operation_number`, `note` and `remote_ip` may be erased in time; everything else stays as it came.
    """

    public_id = models.CharField(_("number"), max_length=16, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="proofs")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="proofs")
    picture = EncryptedBytesField(_("picture"))
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(_("bytes received"))
    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    looks = models.CharField(_("fingerprint"), max_length=192)
    edited = models.FloatField(_("part saved another time"), default=0)
    channel = models.CharField(_("bank or agent"), max_length=40, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    amount = money_field(verbose_name=_("amount"), null=True, blank=True)
    operation_number = EncryptedTextField(_("operation number"), blank=True)
    operation_digest = models.CharField(max_length=64, blank=True, db_index=True)
    note = EncryptedTextField(_("note"), blank=True)
    remote_ip = EncryptedTextField(_("IP"), blank=True)
    received_at = models.DateTimeField(_("received"), db_index=True)

    class Meta:
        verbose_name = _("proof of payment")
        verbose_name_plural = _("proofs of payment")
        permissions = [("review_proof", "Can see and judge the pictures of receipts")]
        indexes = [due_index("pe_proof_due")]
        constraints = [models.UniqueConstraint(fields=["voucher", "sha256"], name="pe_proof_once")]

    def __str__(self) -> str:
        return self.public_id


class ProofReading(models.Model):
    """What an engine saw on one picture, and how it compared with the provider's word at that moment."""

    class Outcome(models.TextChoices):
        READ = "read", _("read")
        KILLED = "killed", _("took too long")
        FAILED = "failed", _("could not be read")
        BY_PERSON = "by_person", _("a person reads")

    proof = models.OneToOneField(PaymentProof, on_delete=models.PROTECT, related_name="reading")
    engine = models.CharField(_("engine"), max_length=40, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices)
    seen = EncryptedTextField(blank=True)
    verdicts = models.JSONField(default=dict)
    operation_digest = models.CharField(max_length=64, blank=True, db_index=True)
    duration_ms = models.PositiveIntegerField(_("ms"), default=0)
    read_at = models.DateTimeField(_("read at"), db_index=True)

    class Meta:
        verbose_name = _("reading of a proof")
        verbose_name_plural = _("readings of proofs")

    def __str__(self) -> str:
        return f"{self.proof_id}: {self.outcome}"


class ProofLikeness(models.Model):
    """Two pictures of different orders that are the same receipt, and by what that was seen. The later one is `proof`."""

    class Sign(models.TextChoices):
        SAME_FILE = "same_file", _("the same file")
        SAME_LOOK = "same_look", _("the same picture")
        SAME_OPERATION = "same_operation", _("the same operation number")

    proof = models.ForeignKey(PaymentProof, on_delete=models.PROTECT, related_name="likenesses")
    earlier = models.ForeignKey(PaymentProof, on_delete=models.PROTECT, related_name="+")
    sign = models.CharField(_("sign"), max_length=16, choices=Sign.choices)
    found_at = models.DateTimeField(_("found"))

    class Meta:
        verbose_name = _("likeness of proofs")
        verbose_name_plural = _("likenesses of proofs")
        constraints = [models.UniqueConstraint(fields=["proof", "earlier", "sign"], name="pe_likeness_once")]

    def __str__(self) -> str:
        return f"{self.proof_id} {self.sign} {self.earlier_id}"


class ProofReview(models.Model):
    """What a person said of a picture. The newest holds; none of them moves money or a state."""

    proof = models.ForeignKey(PaymentProof, on_delete=models.PROTECT, related_name="reviews")
    judgement = models.CharField(_("judgement"), max_length=16, choices=JUDGEMENT_LABELS)
    actor = models.CharField(_("who"), max_length=160)
    at = models.DateTimeField(_("at"), db_index=True)

    class Meta:
        verbose_name = _("judgement on a proof")
        verbose_name_plural = _("judgements on proofs")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.proof_id}: {self.judgement}"
