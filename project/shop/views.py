"""The shop's pages."""

from __future__ import annotations

from collections.abc import Sequence

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from pagoefectivo.domain.exceptions import PagoEfectivoError, RuleRefused
from project import mailbox as post
from project.shop import purchases
from project.shop.catalogue import PRODUCTS, Product
from project.shop.companies import Company, companies
from project.shop.forms import CheckoutForm
from project.shop.models import Purchase

_TICKET = "project.shop.checkout"
_MINE = "purchases"


@require_GET
def products(request: HttpRequest) -> HttpResponse:
    """Everything there is to buy."""
    return render(request, "shop/products.html", {"products": PRODUCTS.values()})


@never_cache
@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask who buys; then issue the payment code and send the buyer to its page."""
    product = _product(slug)
    choices = companies()
    form = CheckoutForm(request.POST or None, choices)
    ticket = request.POST.get("ticket") or _new_ticket(slug, choices)
    if request.method == "POST" and form.is_valid():
        answer = _bought(request, form, product, ticket)
        if answer is not None:
            return answer
    left = purchases.left(product)
    shown = {"form": form, "product": product, "ticket": ticket, "left": left}
    return render(request, "shop/checkout.html", shown, status=422 if form.errors else 200)


@never_cache
@require_GET
def my_purchases(request: HttpRequest) -> HttpResponse:
    """What was bought with this browser."""
    mine = Purchase.objects.filter(reference__in=request.session.get(_MINE, []))
    lines = [(purchase, PRODUCTS.get(purchase.product)) for purchase in mine]
    return render(request, "shop/purchases.html", {"lines": lines})


@never_cache
@require_GET
def purchase(request: HttpRequest, reference: str) -> HttpResponse:
    """One purchase, for the browser it was made with; to all others it does not exist."""
    found = Purchase.objects.filter(reference=reference).first()
    if found is None or reference not in request.session.get(_MINE, []):
        raise Http404
    order = purchases.order_of(reference)
    company = next((each for each in companies() if order and each.account == order.account), None)
    shown = {"purchase": found, "product": PRODUCTS.get(found.product), "order": order, "company": company}
    return render(request, "shop/purchase.html", shown)


@never_cache
@require_GET
def mailbox(request: HttpRequest) -> HttpResponse:
    """The mails that the demo would have sent."""
    return render(request, "shop/mailbox.html", {"mails": post.newest()})


@never_cache
@require_GET
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail, in a frame that can do nothing."""
    found = post.mail_named(name)
    if found is None:
        raise Http404
    return render(request, "shop/mail.html", {"mail": found})


def _product(slug: str) -> Product:
    if slug not in PRODUCTS:
        raise Http404
    return PRODUCTS[slug]


def _new_ticket(slug: str, choices: Sequence[Company]) -> str:
    """A purchase for each company: a double click buys once, and another company is another purchase."""
    return signing.dumps([slug, {each.account: purchases.new_reference() for each in choices}], salt=_TICKET)


def _bought(request: HttpRequest, form: CheckoutForm, product: Product, ticket: str) -> HttpResponse | None:
    """Buy, or leave the reasons in the form."""
    account = form.chosen_account()
    try:
        slug, references = signing.loads(ticket, salt=_TICKET)
    except signing.BadSignature:
        raise Http404 from None
    if slug != product.slug or account not in references:
        raise Http404
    reference = references[account]
    known = Purchase.objects.filter(reference=reference).exists()
    if not known and not purchases.left(product):
        form.add_error(None, _("It has just been sold out."))
        return None
    try:
        order = purchases.buy(reference, product, form.payer(), account)
    except RuleRefused as refusal:
        form.show(refusal.reasons)
        return None
    except PagoEfectivoError:
        form.add_error(None, _("We cannot give you a payment code right now. Nothing was charged; please try again."))
        return None
    if purchases.was_turned_down(order):
        form.add_error(None, _("PagoEfectivo did not accept these data. Check them, or write to us."))
        return None
    request.session[_MINE] = [*{*request.session.get(_MINE, []), reference}]
    return redirect(order.page_url)
