"""What the company says no to, outside any PSP's protocol."""

from __future__ import annotations


class ControlRefused(Exception):
    """An act at the counter, a switch or a fault that makes no sense; the message says why."""
