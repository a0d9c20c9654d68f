"""The work queue for a template that some admin site renders by itself, such as its front page or the app's."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("admin/pagoefectivo/work/_queue.html", takes_context=True)
def work_queue(context: Any) -> dict[str, Any]:
    """Show what waits for the person who asks, with links into the admin site that asks."""
    from pagoefectivo.admin import work_pages  # a shop without the admin loads this library as well

    return {**work_pages.queue(context["request"]), "request": context["request"]}


@register.inclusion_tag("admin/pagoefectivo/work/_waiting.html", takes_context=True)
def work_waiting(context: Any) -> dict[str, Any]:
    """Say how much waits for the person who asks and what comes first; nothing to who may see no lane."""
    from pagoefectivo.admin import work_pages

    return work_pages.waiting(context["request"])
