"""A campaign's one colour and what goes with it (look.md, "Character")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.base import colour
from petition.base.colour import DARK_PAPER, DARK_SHEET, PAPER, SHEET, Colour

parts = st.integers(0, 255)
colours = st.builds(Colour, parts, parts, parts)


def test_the_contrast_formula_gives_the_known_ratios() -> None:
    black, white = Colour(0, 0, 0), Colour(255, 255, 255)
    assert colour.contrast(black, white) == pytest.approx(21)
    assert colour.contrast(white, black) == pytest.approx(21)
    assert colour.contrast(white, white) == pytest.approx(1)
    assert colour.contrast(Colour(0x76, 0x76, 0x76), white) == pytest.approx(4.54, abs=0.005)
    assert colour.contrast(Colour(0x77, 0x77, 0x77), white) == pytest.approx(4.48, abs=0.005)


def test_a_colour_is_read_with_and_without_its_sign_in_either_case() -> None:
    assert colour.parse("B3201B") == colour.parse(" #b3201b ") == Colour(0xB3, 0x20, 0x1B)
    assert colour.parse("#b3201b").hex == "B3201B"


@pytest.mark.parametrize(
    "typed", ["", "B3201", "B3201BB", "red", "B3201G", "B3 201", "１２３４５６", "##B3201B", "b3201b;}"]
)
def test_what_is_no_colour_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        colour.parse(typed)


def test_a_pale_colour_is_refused_and_a_darker_one_suggested_that_passes() -> None:
    with pytest.raises(colour.ColourRefused) as refused:
        colour.check(colour.parse("FFEE00"))
    assert refused.value.ratio < 1.2
    colour.check(refused.value.suggestion)


def test_a_strong_colour_stays_itself_in_light() -> None:
    red = colour.parse("B3201B")
    colour.check(red)
    assert colour.scheme(red)["accent"] == "#B3201B"
    assert colour.scheme(red) == colour.scheme(Colour(0xB3, 0x20, 0x1B))


@given(colours)
def test_every_scheme_can_be_read_on_its_paper_its_sheet_and_its_accent(chosen: Colour) -> None:
    made = {key: colour.parse(value) for key, value in colour.scheme(chosen).items()}
    for ground in (DARK_PAPER, DARK_SHEET, made["dark_on_accent"]):
        assert colour.contrast(made["dark_accent"], ground) >= 4.5
    try:
        colour.check(chosen)
    except colour.ColourRefused as refused:
        colour.check(refused.suggestion)
        return
    for ground in (PAPER, SHEET, made["on_accent"]):
        assert colour.contrast(made["accent"], ground) >= 4.5
