"""Personal data is hidden from the model and restored in its words."""

import pytest

from app.agents.masking import KINDS, Mask


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Mail ada@example.org or bob@x.co.uk", "Mail [EMAIL-1] or [EMAIL-2]"),
        ("Call +49 30 1234567 now", "Call [PHONE-1] now"),
        ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [IBAN-1]."),
        ("Card 4111 1111 1111 1111", "Card [CARD-1]"),
        ("from 192.168.0.17", "from [IP-1]"),
        ("ada@x.org wrote to ada@x.org", "[EMAIL-1] wrote to [EMAIL-1]"),
        ("In 2026 we sold 12 of 300", "In 2026 we sold 12 of 300"),
    ],
)
def test_what_has_a_form_is_hidden_and_comes_back(text: str, hidden: str) -> None:
    mask = Mask(KINDS)
    assert mask.hide(text) == hidden
    assert mask.restore(hidden) == text


def test_only_the_kinds_of_the_project() -> None:
    assert Mask({"email"}).hide("ada@x.org, +49 30 1234567") == "[EMAIL-1], +49 30 1234567"
