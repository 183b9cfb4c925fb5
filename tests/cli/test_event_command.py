"""Events by commands, from folders."""

from pathlib import Path

import pytest

from petition import events
from petition.base import db
from tests.cast import Cast
from tests.cli.conftest import Petition
from tests.cli.test_commands import one_sentence

FRONT = """---
title: Open evening
standfirst: Come and ask.
place: Dock Hall
starts: 2099-07-01T19:00
time_zone: Europe/Madrid
date: 2026-01-02
---
Bring *soup*.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An event's folder."""
    folder = tmp_path / "open-evening"
    folder.mkdir()
    (folder / "en.md").write_text(FRONT)
    return folder


def reading(slug: str = "open-evening") -> events.Reading | None:
    db.session.remove()
    return events.read(slug, "en", db.now())


def test_events_come_in_all_or_none_and_again_after_a_change(petition: Petition, cast: Cast, folder: Path) -> None:
    bad = folder.parent / "bad-evening"
    bad.mkdir()
    (bad / "en.md").write_text(FRONT.replace("Europe/Madrid", "Madrid"))
    result = petition("event", "import", folder, bad)
    assert (result.exit_code, one_sentence(result.stderr)) == (2, True)
    assert reading() is None
    assert petition("event", "import", folder).stdout == "open-evening (en)\n"
    assert petition("event", "import", folder).stdout == "open-evening (en, nothing changed)\n"
    (folder / "en.md").write_text(FRONT.replace("soup", "bread").replace("date: 2026-01-02\n", ""))
    assert petition("event", "import", folder).stdout == "open-evening (en, not public: it has no date)\n"
    assert reading() is None
    (folder / "en.md").write_text(FRONT.replace("soup", "bread"))
    petition("event", "import", folder)
    found = reading()
    assert found is not None
    assert found.text.source == "Bring *bread*."


def test_an_event_gets_another_address_and_its_old_folder_is_refused(
    petition: Petition, cast: Cast, folder: Path
) -> None:
    petition("event", "import", folder)
    assert petition("event", "rename", "open-evening", "open-house").exit_code == 0
    found = reading()
    assert found is not None
    assert found.slug == "open-house"
    for words in (("import", folder), ("rename", "none", "other"), ("rename", "open-house", "past"),
                  ("rename", "open-house", "open-house"), ("rename", "open-house", "Open House")):  # fmt: skip
        result = petition("event", *words)
        assert (result.exit_code, one_sentence(result.stderr)) == (2, True), words
    assert "“open-evening” is called “open-house” now" in petition("event", "import", folder).stderr


def test_an_event_is_cancelled_with_a_reason_once_and_stays_so(petition: Petition, cast: Cast, folder: Path) -> None:
    petition("event", "import", folder)
    assert petition("event", "cancel", "open-evening").exit_code == 2
    assert petition("event", "cancel", "open-evening", "--reason", "  ").exit_code == 2
    found = reading()
    assert found is not None
    assert found.cancelled_at is None
    assert petition("event", "cancel", "open-evening", "--reason", "burst pipes").exit_code == 0
    petition("event", "import", folder)
    found = reading()
    assert found is not None
    assert found.cancelled_at is not None
    again = petition("event", "cancel", "open-evening", "--reason", "burst pipes")
    assert (again.exit_code, one_sentence(again.stderr)) == (2, True)
    unknown = petition("event", "cancel", "nothing", "--reason", "burst pipes")
    assert (unknown.exit_code, one_sentence(unknown.stderr)) == (2, True)
