"""PagoEfectivo cash payments and refunds for Django shops."""

__version__ = "0.1.0"
