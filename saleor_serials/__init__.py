"""Sell unique data on Saleor: activation codes, licences, tickets, serial references."""

__version__ = "0.1.0"
