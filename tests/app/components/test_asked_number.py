"""The number that an address asks for, whatever somebody has typed there."""

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from app.components.asked_number import asked_number

    st.write(repr(asked_number("item")))


def asked(**address: str | list[str]) -> str:
    found = AppTest.from_function(page)
    for name, value in address.items():
        found.query_params[name] = value
    found.run(timeout=30)
    assert not found.exception
    (said,) = found.markdown
    return said.value.strip("`")


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("7", 7),
        ("0", 0),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        # A key of a database has 63 bits: 9,223,372,036,854,775,807. Nineteen digits may be more.
        ("9" * 19, None),
        # Python reads no more than 4,300 digits.
        ("9" * 5_000, None),
        ("", None),
        ("-7", None),
        ("7.0", None),
        ("1e3", None),
        ("1_000", None),
        (" 7", None),
        ("seven", None),
        # Digits to Python, and no row's number: Arabic-Indic seven, superscript two.
        ("٧", None),
        ("²", None),
        ("7;DROP TABLE items", None),
    ],
)
def test_only_what_can_be_a_rows_number_is_one(address: str, number: int | None) -> None:
    assert asked(item=address) == repr(number)


def test_an_address_that_asks_for_nothing_or_for_something_else_has_none() -> None:
    assert asked() == "None"
    assert asked(case="7") == "None"


def test_of_several_numbers_under_one_name_the_last_one_counts() -> None:
    assert asked(item=["7", "8"]) == "8"
