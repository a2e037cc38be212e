"""A number that the page's address asks for."""

import streamlit as st

__all__ = ["asked_number"]

_DIGITS = 18
"""The longest number that a database key can hold, and less than Python refuses to read."""


def asked_number(name: str) -> int | None:
    """The number under this name in the address; None without one, or for what is no number of a row."""
    value = st.query_params.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= _DIGITS else None
