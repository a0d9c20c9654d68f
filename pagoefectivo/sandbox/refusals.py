"""What the company says no to, outside any PSP's protocol."""

from __future__ import annotations


class ControlRefused(Exception):
    """An act at the counter, a switch or a fault that makes no sense; `template` and `values` say why."""

    def __init__(self, template: str, **values: str) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template = template
        self.values = values
