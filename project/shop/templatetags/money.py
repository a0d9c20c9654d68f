"""Amounts as Peru writes them."""

from __future__ import annotations

from django import template

from pagoefectivo.domain.money import format_money

register = template.Library()
register.simple_tag(format_money, name="money")
