"""The hash chain over the evidence, and which columns of which tables it covers."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import DatabaseError, models, transaction
from django.db.models import ExpressionWrapper, F, Q
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.chain import Body, Link, Row, link_hash
from pagoefectivo.models.access import AccessLog
from pagoefectivo.models.cases import CaseEntry
from pagoefectivo.models.closing import BankReceipt, CloseAct
from pagoefectivo.models.errors import ErrorMark, ErrorOccurrence
from pagoefectivo.models.evidence import ApiExchange, DeliveryAct, PaymentEvent, StateChange, WebhookDelivery
from pagoefectivo.models.fields import EncryptedBytesField, cipher
from pagoefectivo.models.notes import OrderNote
from pagoefectivo.models.proofs import ProofReview
from pagoefectivo.models.refund_desk import LimitPass

LATEST_ANSWER = timedelta(hours=1)  # the trigger on ApiExchange takes no later one
ANSWER_MARGIN = timedelta(minutes=15)  # between our clock and the database's


class AuditEntry(models.Model):
    """One link: the digests of some rows of one table, or the ids of rows that were erased or removed on purpose."""

    class Kind(models.TextChoices):
        SEAL = "seal", _("seal")
        ERASURE = "erasure", _("bodies erased")
        REMOVAL = "removal", _("rows removed")

    position = models.PositiveBigIntegerField(_("position"), unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    table_name = models.CharField(_("table"), max_length=32)
    columns = models.JSONField(default=list)
    bodies = models.JSONField(default=list)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.PositiveIntegerField(_("rows"))
    closed_to = models.BigIntegerField()
    manifest = models.BinaryField()
    actor = models.CharField(_("who"), max_length=160, blank=True)
    why = models.CharField(_("why"), max_length=200, blank=True)
    sealed_at = models.DateTimeField(_("sealed"))
    previous_hash = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["table_name", "last_id"], name="pe_audit_reach"),
            models.Index(fields=["table_name", "closed_to"], name="pe_audit_closed"),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.table_name} {self.first_id}–{self.last_id}"

    @classmethod
    def of(cls, link: Link, digest: str) -> AuditEntry:
        """Return the unsaved row of a link and its keyed digest."""
        return cls(
            position=link.position,
            kind=link.kind,
            table_name=link.table,
            columns=list(link.columns),
            bodies=list(link.bodies),
            first_id=link.first_id,
            last_id=link.last_id,
            count=link.count,
            closed_to=link.closed_to,
            manifest=link.manifest,
            actor=link.actor,
            why=link.why,
            sealed_at=link.sealed_at,
            previous_hash=link.previous_hash,
            key_id=link.key_id,
            digest=digest,
            hash=link_hash(link, digest),
        )

    @property
    def link(self) -> Link:
        """The content as it stands in the row."""
        return Link(
            position=self.position,
            kind=self.kind,
            table=self.table_name,
            columns=tuple(self.columns),
            bodies=tuple(self.bodies),
            first_id=self.first_id,
            last_id=self.last_id,
            count=self.count,
            closed_to=self.closed_to,
            manifest=bytes(self.manifest),
            actor=self.actor,
            why=self.why,
            sealed_at=self.sealed_at,
            previous_hash=self.previous_hash,
            key_id=self.key_id,
        )


@dataclass(frozen=True, slots=True)
class SealedTable:
    """What of one table is sealed: `columns` and the encrypted `bodies`; `open` columns live on after sealing."""

    model: type[models.Model]
    instant: str
    columns: tuple[str, ...]
    bodies: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return str(self.model._meta.model_name)

    def as_of(self, columns: Iterable[str], bodies: Iterable[str]) -> SealedTable | None:
        """Return the table with the columns an older entry covered; None when one of them is gone."""
        then = replace(self, columns=tuple(columns), bodies=tuple(bodies))
        known = {field.attname for field in self.model._meta.concrete_fields}
        return then if known.issuperset((*then.columns, *then.bodies)) else None

    @property
    def rows(self) -> models.QuerySet[Any]:
        """All rows, by id."""
        return self.model._default_manager.order_by("pk")

    def unfinished(self, now: datetime, horizon: timedelta) -> Q:
        """The rows that are too young to be sealed, or may still be completed."""
        young = Q(**{f"{self.instant}__gt": now - horizon, f"{self.instant}__lte": now})
        if self.model is not ApiExchange:
            return young
        may_be_answered = Q(sent_at__gt=now - LATEST_ANSWER - ANSWER_MARGIN)
        silent = Q(outcome=ApiExchange.Outcome.NO_RESPONSE) & may_be_answered
        return young | silent | Q(outcome=ApiExchange.Outcome.SENDING)

    def read(self, row_ids: Iterable[int]) -> Iterator[Row]:
        """Read rows with their bodies decrypted where that can be done; one that cannot be read at all is left out."""
        wanted = list(row_ids)
        found = self._tried(wanted)
        if found is None:
            found = [row for row_id in wanted for row in self._tried([row_id]) or ()]
        return iter(found)

    def _tried(self, row_ids: list[int]) -> list[Row] | None:
        try:
            with transaction.atomic():
                return list(self._read(row_ids))
        except (DatabaseError, ValueError):
            return None

    def _read(self, row_ids: list[int]) -> Iterator[Row]:
        stored = {f"stored_{body}": ExpressionWrapper(F(body), models.BinaryField()) for body in self.bodies}
        found = self.rows.filter(pk__in=row_ids).annotate(**stored)
        for row_id, *values in found.values_list("pk", *self.columns, *stored):
            bodies = values[len(self.columns) :]
            yield Row(row_id, dict(zip(self.columns, values, strict=False)), tuple(map(_body, bodies)))


def _body(stored: Any) -> Body | None:
    if stored is None:
        return None
    token = bytes(stored)
    if not token:
        return Body(b"")
    try:
        content = cipher().decrypt(token)
        is_canonical = base64.urlsafe_b64encode(base64.urlsafe_b64decode(token)) == token
    except (InvalidToken, ValueError):
        return Body(token, is_readable=False)
    return Body(content) if is_canonical else Body(token, is_readable=False)


def _sealed(model: type[models.Model], instant: str, *open_columns: str) -> SealedTable:
    """Seal every column that is not named as open: a column that comes later is sealed unless somebody decides not to."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    closed = [field for field in fields if field.attname not in open_columns]
    bodies = tuple(field.attname for field in closed if isinstance(field, EncryptedBytesField))
    columns = tuple(field.attname for field in closed if field.attname not in bodies)
    return SealedTable(model, instant, columns, bodies, open_columns)


SEALED = {
    table.name: table
    for table in (
        _sealed(StateChange, "at"),
        _sealed(PaymentEvent, "recorded_at"),
        _sealed(ErrorOccurrence, "occurred_at"),
        _sealed(ApiExchange, "sent_at"),
        _sealed(
            WebhookDelivery,
            "received_at",
            *("next_action_at", "lease_until", "lease_token", "attempts", "repeats", "outcome", "done_at"),
            *("voucher_id", "refund_id"),
        ),
        *(_sealed(each, "at") for each in (AccessLog, OrderNote, ProofReview, ErrorMark, DeliveryAct, LimitPass)),
        *(_sealed(each, "at") for each in (CloseAct, BankReceipt)),
        _sealed(CaseEntry, "at", "note"),  # a note is erased in time
    )
}
