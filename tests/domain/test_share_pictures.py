"""When a picture to share is due, and that several workers make each of them once."""

import contextvars
import subprocess
import sys
import threading
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from PIL import Image
from sqlalchemy import select, update

from petition import drawing, running, share_pictures, worker
from petition.base import db
from petition.campaigns import Campaign
from petition.share_pictures import MOST_OFTEN, SharePicture
from tests.cast import Cast

ROOT = Path(__file__).resolve().parents[2]
A_LITTLE = timedelta(seconds=1)


def due(at: timedelta = timedelta(0)) -> list[tuple[int, str]]:
    """Which pictures are due after a while."""
    found = share_pictures.due(db.now() + at, drawing.HOW)
    db.session.rollback()
    return [(one.campaign_id, one.language) for one in found]


def fingerprints() -> dict[tuple[int, str], str]:
    """What each picture that is stored shows."""
    db.session.rollback()
    rows = db.session.scalars(select(SharePicture)).all()
    return {(row.campaign_id, row.language): row.facts for row in rows if row.png}


@pytest.mark.parametrize(
    ("total", "shown"), [(0, 0), (7, 7), (99, 99), (100, 100), (109, 100), (1487, 1400), (12_999, 12_000)]
)
def test_a_picture_shows_the_first_two_figures_of_a_number(total: int, shown: int) -> None:
    assert share_pictures.rounded(total) == shown


def test_a_picture_says_no_more_than_is_true_in_the_words_of_the_interface(cast: Cast) -> None:
    reading = cast.campaign()

    def said(language: str, total: int) -> str:
        facts = share_pictures.facts(reading, language, total)
        return f"{facts.before}|{facts.figure}|{facts.after}"

    assert said("en", 0) == "Read the appeal||"
    assert said("en", 1) == "|1|person has signed"
    assert said("en", 1400) == "|1,400|people have signed"
    assert said("en", 1487) == "More than|1,400|people have signed"
    assert said("es", 1) == "|1|persona ha firmado"
    assert said("es", 12_345) == "Más de|12.000|personas han firmado"


def test_the_first_picture_is_made_at_once_and_the_next_when_it_would_differ_and_ten_minutes_later(cast: Cast) -> None:
    key = cast.campaign().id
    both = [(key, "en"), (key, "es")]
    assert due() == both
    assert worker.draw() == 2
    assert due(MOST_OFTEN * 2) == [], "nothing has changed"
    cast.signed()
    assert due() == []
    assert due(MOST_OFTEN - timedelta(seconds=30)) == []
    assert due(MOST_OFTEN) == both
    before = fingerprints()
    with time_machine.travel(db.now() + MOST_OFTEN, tick=True):
        assert worker.draw() == 2
    assert set(fingerprints()) == set(both)
    assert not set(fingerprints().values()) & set(before.values())


def test_another_way_of_drawing_makes_every_picture_anew(cast: Cast) -> None:
    cast.campaign()
    worker.draw()
    later = db.now() + MOST_OFTEN
    assert len(share_pictures.due(later, drawing.HOW + "x")) == 2
    assert share_pictures.due(later, drawing.HOW) == []


@pytest.mark.parametrize("change", [{"colour": "1f4f7a"}, {"closes_at": None}])
def test_only_what_a_picture_shows_makes_it_due(cast: Cast, change: dict[str, object]) -> None:
    cast.campaign()
    worker.draw()
    db.session.execute(update(Campaign).values(**change))
    db.session.commit()
    assert bool(due(MOST_OFTEN)) is ("colour" in change)


def test_a_draft_and_a_withdrawn_campaign_have_no_picture(cast: Cast) -> None:
    """S08."""
    cast.campaign("draft", publish=False)
    cast.campaign("withdrawn")
    running.withdraw(cast.row("withdrawn"), "a test")
    db.session.commit()
    assert due() == []
    assert worker.draw() == 0


def test_open_campaigns_come_first_and_then_what_was_never_made(cast: Cast) -> None:
    closed = cast.campaign("closed").id
    running.close(cast.row("closed"), "a test", db.now() - A_LITTLE)
    db.session.commit()
    known = cast.campaign("known").id
    worker.draw()
    cast.signed(slug="known")
    new = cast.campaign("new").id
    db.session.execute(update(SharePicture).where(SharePicture.campaign_id == closed).values(facts="old"))
    db.session.commit()
    assert [key for key, _ in due(MOST_OFTEN)] == [new, new, known, known, closed, closed]


def test_two_workers_at_once_make_each_picture_once(app: Flask, cast: Cast) -> None:
    for number in range(4):
        cast.campaign(f"campaign-{number}")
    db.session.remove()
    ready, made = threading.Barrier(3), []

    def work() -> None:
        with app.app_context():
            ready.wait()
            made.append(worker.draw())

    threads = [threading.Thread(target=contextvars.Context().run, args=(work,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 8
    assert len(fingerprints()) == 8


def test_a_picture_that_fails_stops_no_other_and_is_tried_again_later(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = cast.campaign("broken").id, cast.campaign("whole").id
    db.session.execute(update(Campaign).where(Campaign.id == broken).values(colour="gggggg"))
    db.session.commit()
    assert worker.draw() == 2
    assert set(fingerprints()) == {(whole, "en"), (whole, "es")}
    assert f"the picture of campaign {broken} in en failed: ValueError" in caplog.text
    assert "canteen" not in caplog.text
    assert due() == []
    assert due(MOST_OFTEN) == [(broken, "en"), (broken, "es")]
    assert share_pictures.png(broken, "en") is None
    assert share_pictures.version(broken, "en") == ""


def test_who_was_given_up_for_dead_stores_nothing_when_it_comes_late(cast: Cast) -> None:
    cast.campaign()
    first, *_ = share_pictures.due(db.now(), drawing.HOW)
    early = db.now()
    assert share_pictures.take_on(first, early)
    assert not share_pictures.take_on(first, early + A_LITTLE), "somebody has"
    found = share_pictures.due(early + MOST_OFTEN, drawing.HOW)
    again = next(one for one in found if one.language == first.language)
    assert share_pictures.take_on(again, early + MOST_OFTEN)
    assert not share_pictures.keep(first, b"late", early)
    assert share_pictures.keep(again, b"in time", early + MOST_OFTEN)
    assert share_pictures.png(first.campaign_id, first.language) == b"in time"


def test_the_picture_of_every_language_shows_its_own_title(cast: Cast) -> None:
    reading = cast.campaign()
    worker.draw()
    files = [share_pictures.png(reading.id, language) or b"" for language in ("en", "es")]
    assert files[0] != files[1]
    assert [Image.open(BytesIO(file)).size for file in files] == [(share_pictures.WIDTH, share_pictures.HEIGHT)] * 2


@pytest.mark.parametrize("module", ["petition.app", "petition.cli.site"])
def test_what_serves_pages_never_loads_what_draws(module: str) -> None:
    said = f"import sys, {module}; print([name for name in sys.modules if name.split('.')[0] == 'PIL'])"
    done = subprocess.run(
        [sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
