"""What templates of the back office need where no view of ours has filled their context."""

from __future__ import annotations

from django import template

from pagoefectivo.admin.presentation import is_sandbox

register = template.Library()


@register.inclusion_tag("admin/pagoefectivo/_sandbox.html")
def sandbox_ribbon() -> dict[str, bool]:
    """Say that no real money moves, where that is so."""
    return {"is_sandbox": is_sandbox()}
