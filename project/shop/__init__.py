"""The storefront: a few products whose checkout issues a voucher."""
