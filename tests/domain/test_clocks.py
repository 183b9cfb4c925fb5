"""What a clock shows at a place, in words."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from petition.base import clocks, i18n


@pytest.fixture
def spoken(app: Flask) -> Iterator[None]:
    """Somebody is being answered, so that there is a language to speak."""
    with app.test_request_context("/en/"):
        yield


def at(zone: str, written: str = "2030-07-01T19:00") -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "summer", "winter"),
    [
        ("Europe/Madrid", "Central European Summer Time", "Central European Standard Time"),
        # The data of its zone call the winter an exception from "Irish Standard Time".
        ("Europe/Dublin", "Irish Standard Time", "Greenwich Mean Time"),
        ("Africa/Nairobi", "East Africa Time", "East Africa Time"),
        # Known to CLDR by their former names.
        ("Asia/Kolkata", "India Standard Time", "India Standard Time"),
        ("America/Argentina/Buenos_Aires", "Argentina Standard Time", "Argentina Standard Time"),
        # Without a name of its own: that of the country.
        ("Europe/Istanbul", "Türkiye Time", "Türkiye Time"),
        ("Pacific/Auckland", "New Zealand Standard Time", "New Zealand Daylight Time"),
        ("UTC", "Coordinated Universal Time", "Coordinated Universal Time"),
        ("Etc/GMT+5", "", ""),
    ],
)
def test_a_zone_is_called_by_the_name_people_know(spoken: None, zone: str, summer: str, winter: str) -> None:
    assert (clocks.zone(at(zone)), clocks.zone(at(zone, "2030-01-01T19:00"))) == (summer, winter)


@pytest.mark.parametrize(
    ("zone", "said"),
    [("Europe/Madrid", "UTC+2"), ("UTC", "UTC"), ("Asia/Kolkata", "UTC+5:30"), ("America/St_Johns", "UTC−2:30"),
     ("Pacific/Chatham", "UTC+12:45")],
)  # fmt: skip
def test_how_far_a_place_is_from_utc_is_said_with_its_minutes(zone: str, said: str) -> None:
    assert clocks.offset(at(zone)) == said


def test_day_and_hour_are_written_as_the_language_writes_them(spoken: None) -> None:
    when = at("Asia/Kolkata", "2030-05-01T00:05")
    said = {}
    for language in ("en", "es"):
        with i18n.speaking(language):
            said[language] = (clocks.weekday(when), clocks.hour(when), clocks.leaf(when), clocks.zone(when))
    assert said == {
        "en": ("Wednesday, 1 May 2030", "00:05", ("1", "May"), "India Standard Time"),
        "es": ("miércoles, 1 de mayo de 2030", "0:05", ("1", "may"), "hora estándar de la India"),
    }
