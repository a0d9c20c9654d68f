"""What a buyer is told: one row per subject, kind, occurrence and channel, without address or text."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.buyer_messages import MessageKind as K
from pagoefectivo.domain.languages import LANGUAGES
from pagoefectivo.models.fields import DueRow, due_index
from pagoefectivo.models.orders import Order
from pagoefectivo.models.refunds import Refund
from pagoefectivo.models.vouchers import Voucher

KIND_LABELS = [
    (K.VOUCHER_ISSUED.value, _("payment code issued")),
    (K.REMINDER_HALF.value, _("reminder, half of the time over")),
    (K.REMINDER_LAST.value, _("reminder, the deadline is near")),
    (K.PAID.value, _("payment received")),
    (K.PAID_LATE.value, _("payment received late")),
    (K.IN_REVIEW.value, _("payment under review")),
    (K.EXPIRED.value, _("payment code expired")),
    (K.REFUND_REQUESTED.value, _("refund started")),
    (K.REFUND_NEEDS_ACCOUNT.value, _("refund needs a bank account")),
    (K.REFUND_NEEDS_ACCOUNT_DAY_3.value, _("refund needs a bank account, day 3")),
    (K.REFUND_NEEDS_ACCOUNT_DAY_7.value, _("refund needs a bank account, day 7")),
    (K.REFUND_NEEDS_ACCOUNT_LAST.value, _("refund needs a bank account, last time")),
    (K.REFUND_ACCOUNT_GIVEN.value, _("bank account given")),
    (K.REFUND_ACCOUNT_CHANGED.value, _("bank account changed")),
    (K.REFUND_SENT.value, _("refund on its way")),
    (K.REFUND_DONE.value, _("refund given back")),
    (K.REFUND_FAILED.value, _("refund rejected")),
    (K.REFUND_RETURNED.value, _("refund sent back by the bank")),
    (K.REFUND_WITHDRAWN.value, _("refund withdrawn")),
    (K.LINK_WANTED.value, _("link asked for")),
]
_CHANNEL_WORDS = {"email": _("e-mail"), "sms": "SMS"}


class BuyerMessage(DueRow):
    """One thing to tell a buyer over one channel, written with the change that it tells. `repeat` counts the resends.

    `occurrence` tells apart what may happen more than once to one refund: the id of the account that was given. It is
    empty for what happens once.

    The address and the words are taken from the order when it is sent, and are stored nowhere.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        NOT_NEEDED = "not_needed", _("no longer needed")
        REFUSED = "refused", _("refused by the mail server")
        BOUNCED = "bounced", _("came back")
        FAILED = "failed", _("given up")
        UNCERTAIN = "uncertain", _("may have been sent")

    public_id = models.CharField(max_length=40, unique=True, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="messages")
    voucher = models.ForeignKey(
        Voucher, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    refund = models.ForeignKey(
        Refund, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=32, choices=KIND_LABELS)
    channel = models.CharField(_("channel"), max_length=16)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES)
    occurrence = models.CharField(max_length=20, blank=True, default="", db_default="", editable=False)
    repeat = models.PositiveSmallIntegerField(_("repeat"), default=0)
    requested_by = models.CharField(_("requested by"), max_length=160, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, default=Outcome.WAITING)
    failure = models.CharField(_("failure"), max_length=64, blank=True)
    due_at = models.DateTimeField(_("due"))
    sending_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    created_at = models.DateTimeField(_("written"), db_index=True)

    class Meta:
        verbose_name = _("message to the buyer")
        verbose_name_plural = _("messages to buyers")
        permissions = [("resend_message", "Can send a message to a buyer again")]
        indexes = [due_index("pe_message_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["refund", "kind", "occurrence", "channel", "repeat"],
                condition=Q(refund__isnull=False),
                name="pe_message_refund_once",
            ),
            models.UniqueConstraint(
                fields=["voucher", "kind", "channel", "repeat"],
                condition=Q(voucher__isnull=False),
                name="pe_message_voucher_once",
            ),
            models.UniqueConstraint(
                fields=["order", "kind", "channel", "repeat"],
                condition=Q(voucher__isnull=True, refund__isnull=True),
                name="pe_message_order_once",
            ),
            models.CheckConstraint(
                condition=Q(voucher__isnull=True) | Q(refund__isnull=True), name="pe_message_one_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.kind}"

    @property
    def channel_word(self) -> str:
        """The channel as people say it; one that the shop added goes by its own name."""
        return str(_CHANNEL_WORDS.get(self.channel, self.channel))
