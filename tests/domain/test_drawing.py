"""The picture to share: of the right size and weight, readable, whole in every direction."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from petition import drawing
from petition.base import colour
from petition.share_pictures import HEIGHT, WIDTH, Facts

ENGLISH = Facts(
    "Bring the crew of the Corvane home", "en", "More than", "1,400", "people have signed", "en",
    "The Solidarity Post", "1f5f74",
)  # fmt: skip
ARABIC = replace(ENGLISH, title="أعيدوا طاقم السفينة «كورفين» إلى بيوتهم", language="ar")
LONG = replace(ENGLISH, title="We demand it. " * 14, figure="12,000,000", site_name="The Solidarity Post " * 5)
PAPER, ACCENT = tuple(colour.PAPER), tuple(colour.parse("1f5f74"))


def opened(facts: Facts) -> Image.Image:
    """The picture as its readers see it."""
    return Image.open(BytesIO(drawing.draw(facts))).convert("RGB")


def ink(image: Image.Image, top: int, foot: int) -> tuple[int, int]:
    """From which column to which anything stands on the paper of a strip."""
    strip = image.crop((0, top, WIDTH, foot))
    marked = [x for x in range(WIDTH) if any(strip.getpixel((x, y)) != PAPER for y in range(strip.height))]
    return (marked[0], marked[-1]) if marked else (0, 0)


@pytest.mark.parametrize(
    "facts", [ENGLISH, ARABIC, LONG, replace(LONG, title="W" * 200), replace(LONG, title="请" * 200)]
)
def test_a_picture_has_its_size_little_weight_and_nothing_beyond_its_margins(facts: Facts) -> None:
    png = drawing.draw(facts)
    assert len(png) < 60_000
    image = Image.open(BytesIO(png))
    assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))
    first, last = ink(image.convert("RGB"), 0, drawing.BAND_TOP)
    assert first >= drawing.MARGIN - 8
    assert last <= WIDTH - drawing.MARGIN + 8


def test_a_picture_shows_the_campaigns_colour_at_its_foot_and_around_its_number() -> None:
    image = opened(ENGLISH)
    assert image.getpixel((5, HEIGHT - 5)) == ACCENT
    assert image.getpixel((5, 5)) == PAPER
    number = image.crop((0, drawing.FIGURE_BASELINE - 80, WIDTH, drawing.FIGURE_BASELINE))
    colours = {pixel for _, pixel in number.getcolors(WIDTH * HEIGHT) or []}
    assert ACCENT in colours


def test_a_title_read_from_the_right_stands_on_the_right() -> None:
    left, right = opened(ENGLISH), opened(ARABIC)
    for top, foot in ((drawing.BAR_TOP, drawing.BAR_TOP + 5), (drawing.TITLE_TOP, drawing.TITLE_FOOT + 20)):
        assert ink(left, top, foot)[0] < drawing.MARGIN + 16
        assert ink(right, top, foot)[1] > WIDTH - drawing.MARGIN - 16
    assert ink(right, drawing.BAR_TOP, drawing.BAR_TOP + 5)[0] > WIDTH / 2


def test_what_cannot_be_drawn_is_left_out_and_the_rest_is_there() -> None:
    without, whole = opened(replace(ENGLISH, title="Home \ue000")), opened(ENGLISH)
    assert ink(without, drawing.TITLE_TOP, drawing.TITLE_FOOT) == (0, 0)
    foot = (0, drawing.TITLE_FOOT + 40, WIDTH, HEIGHT)
    assert without.crop(foot).tobytes() == whole.crop(foot).tobytes()
    nameless = opened(replace(ENGLISH, site_name="\ue000"))
    assert nameless.crop((0, drawing.BAND_TOP, WIDTH, HEIGHT)).getcolors() == [(WIDTH * 90, ACCENT)]


def test_a_title_is_drawn_as_large_as_it_fits_and_its_lines_are_even() -> None:
    short, long = (drawing._fitted(one.title.strip(), "en", "ltr") for one in (ENGLISH, LONG))
    assert short.size > long.size
    assert short.size + (len(short.lines) - 1) * short.step <= drawing.TITLE_FOOT - drawing.TITLE_TOP
    widths = [line.width(short.size) for line in short.lines]
    assert len(widths) == 2
    assert min(widths) > max(widths) * 0.7


def test_while_nobody_has_signed_there_is_a_sentence_and_no_number() -> None:
    image = opened(replace(ENGLISH, before="Read the appeal", figure="", after=""))
    strip = image.crop((0, drawing.TITLE_FOOT + 40, WIDTH, drawing.BAND_TOP))
    assert ACCENT not in {pixel for _, pixel in strip.getcolors(WIDTH * HEIGHT) or []}
    assert ink(image, drawing.TITLE_FOOT + 40, drawing.BAND_TOP)[1] > drawing.MARGIN


def test_the_same_facts_make_the_same_picture_and_others_another() -> None:
    assert drawing.draw(ENGLISH) == drawing.draw(ENGLISH)
    changed = [replace(ENGLISH, **{name: "b3201b" if name == "colour" else "es"}) for name in Facts.__slots__
               if name not in ("language", "spoken")]  # fmt: skip
    assert len({drawing.draw(one) for one in [ENGLISH, *changed]}) == len(changed) + 1
