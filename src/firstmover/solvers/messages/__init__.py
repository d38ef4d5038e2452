"""Exact optima of price mechanisms, without messages and with them."""
