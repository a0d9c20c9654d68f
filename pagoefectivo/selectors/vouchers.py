"""Which acts on a payment code make sense now; the services decide again under the lock."""

from __future__ import annotations

from pagoefectivo import conf
from pagoefectivo.domain.states import VoucherState
from pagoefectivo.models import Voucher
from pagoefectivo.services import seams, submission
from pagoefectivo.services.accounts import account_named


def can_be_extended(voucher: Voucher) -> bool:
    """Whether the code waits for its payment at a provider that can move its deadline."""
    waits = voucher.state == VoucherState.ISSUED and not voucher.is_being_extended(seams.now())
    return waits and _is_known(voucher) and account_named(voucher.account).capabilities.extend_voucher


def is_lost(voucher: Voucher) -> bool:
    """Whether nobody can tell any more if the code exists."""
    return _is_known(voucher) and submission.is_beyond_finding(voucher)


def _is_known(voucher: Voucher) -> bool:
    return voucher.account in conf.current().accounts
