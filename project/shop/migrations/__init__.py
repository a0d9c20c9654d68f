"""The storefront's tables."""
