"""Letters of any script are drawn whole, joined and in order, or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from petition import demo, folders, lettering
from petition.base import db
from petition.lettering import Face, Line, Run, Undrawable

OWN = Face(lettering.OWN / "DejaVuSans.ttf")


@pytest.fixture(autouse=True)
def _can_shape() -> None:
    """FriBidi comes with the machine, not with a wheel; where it is missing, skip and say so."""
    if not lettering.SHAPES and not os.environ.get("CI"):
        pytest.skip("FriBidi is not installed (Debian: apt install libfribidi0)")


@pytest.fixture
def latin(tmp_path: Path) -> Face:
    """A font that has Latin letters and no others: the one inside Pillow."""
    bundled = ImageFont.load_default(20)
    assert isinstance(bundled, ImageFont.FreeTypeFont)
    path = tmp_path / "latin.ttf"
    path.write_bytes(bundled.font_bytes)
    return Face(path)


def columns(line: Line, size: int = 80) -> list[int]:
    """How much ink stands in each column of a drawn line, from left to right."""
    image = Image.new("1", (round(line.width(size)) + 40, size * 2), 1)
    line.draw(ImageDraw.Draw(image), 20, size * 1.5, size, "black")
    return [sum(not image.getpixel((x, y)) for y in range(image.height)) for x in range(image.width)]


def gaps(ink: list[int]) -> int:
    """How many empty stretches there are between the first ink and the last."""
    inside = "".join("x" if one else " " for one in ink).strip()
    return len(inside.split()) - 1


def test_arabic_letters_are_joined() -> None:
    word = lettering.line("سفينة", "ar", "rtl")
    letters = [lettering.line(letter, "ar", "rtl") for letter in "سفينة"]
    assert gaps(columns(word)) == 0
    assert word.width(80) < sum(letter.width(80) for letter in letters) * 0.8


def test_an_arabic_line_begins_at_its_right() -> None:
    """An alef stands upright, the letters after it lie flat."""
    ink = columns(lettering.line("اسسس", "ar", "rtl"))
    assert ink.index(max(ink)) > len(ink) * 0.8


def test_latin_within_arabic_is_read_from_left_to_right() -> None:
    """The one upright letter of the line begins the word in its middle; all others lie flat."""
    ink = columns(lettering.line("سس Laaaaaa سس", "ar", "rtl"))
    assert len(ink) * 0.25 < ink.index(max(ink)) < len(ink) * 0.45
    ink = columns(lettering.line("سس aaaaaaL سس", "ar", "rtl"))
    assert len(ink) * 0.55 < ink.index(max(ink)) < len(ink) * 0.75


def test_every_title_of_the_demo_is_drawn_by_the_two_fonts_that_come_along() -> None:
    now = db.now()
    for folder in demo.campaign_folders():
        for language, text in folders.campaign(folder, now).texts.items():
            line = lettering.line(text.title, language, "rtl" if language == "ar" else "ltr", bold=True)
            assert {run.face.file.parent for run in line.runs} == {lettering.OWN}


@pytest.mark.parametrize("text", ["\ue000", "Home \ue000", "\ufdd0", "\U0010fffd"])
def test_what_no_font_has_is_refused_and_never_drawn_as_a_box(text: str) -> None:
    with pytest.raises(Undrawable):
        lettering.line(text, "en", "ltr")


@pytest.mark.parametrize("text", ["Home\u200b now", "میخواهم", "a\u200ffb", "ﻻ", "Łódź", "Ngũgĩ", "Ngu\u0303gi\u0303"])
def test_signs_that_are_never_seen_and_marks_stop_no_title(text: str) -> None:
    assert lettering.line(text, "en", "ltr").width(40) > 0


def test_each_piece_of_a_line_is_drawn_in_a_font_that_has_it(latin: Face) -> None:
    pieces = lettering._runs("Corvane السفينة", [latin, OWN], "ltr")
    assert [(run.text, run.face, run.direction) for run in pieces] == [
        ("Corvane ", latin, "ltr"), ("السفينة", OWN, "rtl")
    ]  # fmt: skip


def test_pieces_of_several_fonts_stand_in_the_order_of_the_line(latin: Face) -> None:
    """As the Unicode Bidirectional Algorithm has it: figures stay with the Latin word before them."""
    said = "السفينة Corvane 43 بيوتهم"
    rtl = lettering._in_order(lettering._runs(said, [latin, OWN], "rtl"), "rtl")
    assert [run.text.strip() for run in rtl if run.text.strip()] == ["بيوتهم", "Corvane 43", "السفينة"]
    ltr = lettering._in_order(lettering._runs(said, [latin, OWN], "ltr"), "ltr")
    assert [run.text.strip() for run in ltr if run.text.strip()] == ["السفينة", "Corvane 43", "بيوتهم"]


def test_pieces_against_the_line_keep_their_own_order() -> None:
    runs = [Run(text, OWN, way) for text, way in (("a", "ltr"), ("1", "rtl"), ("2", "rtl"), ("b", "ltr"))]
    assert [run.text for run in lettering._in_order(runs, "ltr")] == ["a", "2", "1", "b"]
    assert [run.text for run in lettering._in_order(runs, "rtl")] == ["b", "2", "1", "a"]


def test_where_nothing_shapes_letters_what_needs_it_is_refused(tmp_path: Path) -> None:
    """A library of that name that is none stands before the machine's own."""
    (tmp_path / "libfribidi.so.0").touch()
    said = """if True:
        from petition import lettering
        for text, way in (("Home", "ltr"), ("Ngũgĩ", "ltr"), ("请", "ltr"), ("سفينة", "rtl"), ("क्लि", "ltr")):
            try:
                print(lettering.SHAPES, bool(lettering.line(text, "en", way).width(40)))
            except lettering.Undrawable:
                print(lettering.SHAPES, None)
    """
    environment = os.environ | {"LD_LIBRARY_PATH": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", said], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    lines = done.stdout.splitlines()
    assert lines[:2] == ["False True"] * 2
    assert lines[3:] == ["False None"] * 2
