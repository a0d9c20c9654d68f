"""The work queue for a template that some admin site renders by itself, such as the app's front page."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("admin/pagoefectivo/work/_queue.html", takes_context=True)
def work_queue(context: Any) -> dict[str, Any]:
    """Show what waits for the person who asks, with links into the admin site that asks."""
    from pagoefectivo.admin import work_pages  # a shop without the admin loads this library as well

    return {**work_pages.queue(context["request"]), "request": context["request"]}
