"""What each permission of ours is called, and which desk holds it, in the reader's language.

Django keeps the names of permissions as they were written, in English; whoever is refused reads them here.
"""

from __future__ import annotations

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.domain.groups import GROUPS

_NAMES = {
    "accept_payment": gettext_lazy("Can accept a payment that is under review"),
    "add_note": gettext_lazy("Can write notes on orders"),
    "approve_refund": gettext_lazy("Can approve a refund that somebody else requested"),
    "assign_case": gettext_lazy("Can give a case to another person"),
    "bundle_case": gettext_lazy("Can make the evidence bundle of a case, with masked messages of the provider"),
    "cancel_order": gettext_lazy("Can cancel an order or issue a new code"),
    "close_case": gettext_lazy("Can say how a case ended"),
    "dismiss_flag": gettext_lazy("Can put a risk flag aside with a reason"),
    "download_payout": gettext_lazy("Can download a payout file with its bank accounts"),
    "export_finance": gettext_lazy("Can download orders and refunds as a file"),
    "follow_error": gettext_lazy("Can assign errors, mark them as seen and have them asked about again"),
    "import_settlement": gettext_lazy("Can import settlement files"),
    "keep_calendar": gettext_lazy("Can say on which days banks are closed"),
    "keep_rates": gettext_lazy("Can import exchange rates"),
    "keep_fees": gettext_lazy("Can enter and end fee schedules"),
    "make_payout": gettext_lazy("Can make a payout file of approved refunds"),
    "map_error": gettext_lazy("Can say what an unknown code of a provider means"),
    "match_line": gettext_lazy("Can say what a settlement line is about"),
    "note_receipt": gettext_lazy("Can note what arrived at the bank, and strike it out"),
    "open_case": gettext_lazy("Can open a case"),
    "own_outside_refund": gettext_lazy("Can say what a refund started at the provider was"),
    "own_work": gettext_lazy("Can take and hand over what waits for a person"),
    "pass_refund_limit": gettext_lazy("Can pass a limit of refunds in an emergency"),
    "prepare_close": gettext_lazy("Can prepare the close of a month"),
    "refresh_order": gettext_lazy("Can ask the provider about an order"),
    "reopen_close": gettext_lazy("Can ask to open a closed month again, and agree to it"),
    "renew_order_link": gettext_lazy("Can give the buyer a new link to an order"),
    "replay_webhook": gettext_lazy("Can replay notifications and verify them with another secret"),
    "request_refund": gettext_lazy("Can request a refund"),
    "resend_message": gettext_lazy("Can send a message to a buyer again"),
    "review_proof": gettext_lazy("Can see and judge the pictures of receipts"),
    "settle_payout": gettext_lazy("Can record what the bank did with a payout"),
    "sign_close": gettext_lazy("Can sign the close of a month that somebody else prepared"),
    "view_bank_account": gettext_lazy("Can see bank accounts of buyers"),
    "view_personal_data": gettext_lazy("Can see personal data of buyers"),
    "view_raw_payload": gettext_lazy("Can see the raw messages of providers"),
    "work_discrepancy": gettext_lazy("Can work on differences and settle them"),
    "work_case": gettext_lazy("Can work on cases: notes, links, checklist, evidence sent"),
}
_VERBS = {
    "view": gettext_lazy("Can view: {what}"),
    "add": gettext_lazy("Can add: {what}"),
    "change": gettext_lazy("Can change: {what}"),
    "delete": gettext_lazy("Can delete: {what}"),
}
_DESKS = {
    "PagoEfectivo support 1": gettext_lazy("support 1"),
    "PagoEfectivo support 2": gettext_lazy("support 2"),
    "PagoEfectivo finance": gettext_lazy("finance"),
    "PagoEfectivo auditor": gettext_lazy("the auditor"),
    "PagoEfectivo developer": gettext_lazy("a developer"),
}


def name_of(permission: str) -> str:
    """Return what a permission, with or without the app before it, lets people do."""
    codename = permission.rpartition(".")[2]
    if codename in _NAMES:
        return str(_NAMES[codename])
    verb, _underscore, model = codename.partition("_")
    if verb not in _VERBS or model not in apps.all_models["pagoefectivo"]:
        return codename
    return str(_VERBS[verb]).format(what=apps.get_model("pagoefectivo", model)._meta.verbose_name_plural)


def who_may(permission: str) -> str:
    """Return the desks that `manage.py pagoefectivo groups` gives a permission; a shop may have cut its own otherwise."""
    codename = permission.rpartition(".")[2]
    desks = [str(_DESKS[name]) for name, held in GROUPS.items() if codename in held]
    return ", ".join(desks) or _("whom the shop has chosen by name")
