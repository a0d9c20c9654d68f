"""The back office. Lists and pages read; every act is a POST that makes one service call."""

from pagoefectivo.admin import cases, errors, evidence, integrations, notifications, orders, refunds, vouchers

__all__ = ["cases", "errors", "evidence", "integrations", "notifications", "orders", "refunds", "vouchers"]
