"""Campaigns and articles by commands, from folders."""

from pathlib import Path

import pytest
from sqlalchemy import select
from time_machine import travel

from petition import articles, campaigns, demo, phrases
from petition.base import db
from petition.campaigns import Phase
from petition.journal import Entry
from tests.cast import Cast, moment
from tests.cli.conftest import Petition
from tests.web import endorsing

ENGLISH = """---
title: Keep the bus
to: The council
standfirst: It is the last one.
handed_to: the council
time_zone: Europe/Madrid
responsible: {name: Bus friends, address: write@bus.example}
handed_fields: [name]
months: 6
ground: consent
asks: {country: required}
---
Keep *it*.
"""
SPANISH = "---\ntitle: Que siga\nto: Al ayuntamiento\nstandfirst: Es el último.\n---\nQue siga.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "keep-the-bus"
    path.mkdir()
    (path / "en.md").write_text(ENGLISH)
    (path / "es.md").write_text(SPANISH)
    return path


def deeds() -> list[tuple[str, str]]:
    db.session.remove()
    return [(entry.deed, entry.reason) for entry in db.session.scalars(select(Entry).order_by(Entry.id))]


def phase(cast: Cast) -> Phase:
    db.session.remove()
    return campaigns.phase(cast.reading("keep-the-bus"), db.now())


def test_the_kind_of_a_field_stays_once_people_were_asked(petition: Petition, cast: Cast, folder: Path) -> None:
    """In one sentence, and nothing is changed."""
    both = ENGLISH, SPANISH.replace("---\nQue", "labels: {berth: Muelle}\n---\nQue")
    asks = "fields: {berth: 'text, optional'}\nlabels: {berth: Berth}\n---\nKeep"
    (folder / "en.md").write_text(both[0].replace("---\nKeep", asks))
    (folder / "es.md").write_text(both[1])
    petition("campaign", "new", folder)
    petition("campaign", "publish", "keep-the-bus")
    (folder / "en.md").write_text(both[0].replace("---\nKeep", asks.replace("text", "date")))
    result = petition("campaign", "edit", folder)
    assert result.exit_code == 2
    assert "must keep “berth” a text" in result.stderr
    (folder / "en.md").write_text(both[0].replace("---\nKeep", asks.replace("optional", "required")))
    assert "Changed in “keep-the-bus”: fields." in petition("campaign", "edit", folder).stdout


def test_a_new_campaign_is_a_draft_until_it_is_published(petition: Petition, cast: Cast, folder: Path) -> None:
    result = petition("campaign", "new", folder)
    assert (result.exit_code, phase(cast)) == (0, Phase.DRAFT)
    assert "petition campaign publish keep-the-bus" in result.stdout
    assert petition("campaign", "publish", "keep-the-bus").exit_code == 0
    assert phase(cast) is Phase.OPEN
    assert deeds() == [("campaign made", ""), ("campaign published", "")]


def test_the_journal_says_which_account_typed_the_command(petition: Petition, app: object, folder: Path) -> None:
    petition("campaign", "new", folder)
    assert db.session.scalars(select(Entry.actor)).one().startswith("command: ")


def test_what_is_missing_for_publishing_is_named(petition: Petition, cast: Cast, folder: Path) -> None:
    (folder / "en.md").write_text(ENGLISH.replace("ground: consent\n", ""))
    petition("campaign", "new", folder)
    result = petition("campaign", "publish", "keep-the-bus")
    assert (result.exit_code, phase(cast)) == (2, Phase.DRAFT)
    assert "on what ground" in result.stderr


def test_a_campaign_is_not_made_twice(petition: Petition, cast: Cast, folder: Path) -> None:
    petition("campaign", "new", folder)
    assert petition("campaign", "new", folder).exit_code == 2
    assert len(deeds()) == 1


def test_a_campaign_that_is_not_there_is_not_edited(petition: Petition, app: object, folder: Path) -> None:
    assert petition("campaign", "edit", folder).exit_code == 2
    assert deeds() == []


def test_an_edit_says_what_changed_and_keeps_the_old_text_that_somebody_signed(
    petition: Petition, cast: Cast, folder: Path
) -> None:
    petition("campaign", "new", folder)
    petition("campaign", "publish", "keep-the-bus")
    cast.sign(slug="keep-the-bus", language="es")
    (folder / "es.md").write_text(SPANISH.replace("Que siga.", "Que siga el autobús."))
    (folder / "en.md").write_text(ENGLISH.replace("months: 6", "months: 5"))
    result = petition("campaign", "edit", folder)
    assert "terms, text in es." in result.stdout
    reading = cast.reading("keep-the-bus")
    assert {language: wording.version for language, wording in reading.wordings.items()} == {"en": 1, "es": 2}
    assert reading.consent is not None
    assert reading.consent.version == 2


def test_an_edit_without_a_change_changes_nothing_and_says_so(petition: Petition, cast: Cast, folder: Path) -> None:
    petition("campaign", "new", folder)
    assert "nothing changed" in petition("campaign", "edit", folder).stdout
    assert len(deeds()) == 1


def test_a_public_campaign_goes_on_saying_who_is_responsible(petition: Petition, cast: Cast, folder: Path) -> None:
    petition("campaign", "new", folder)
    petition("campaign", "publish", "keep-the-bus")
    lines = [line for line in ENGLISH.splitlines(keepends=True) if not line.startswith("responsible")]
    (folder / "en.md").write_text("".join(lines))
    assert petition("campaign", "edit", folder).exit_code == 2
    consent = cast.reading("keep-the-bus").consent
    assert consent is not None
    assert consent.responsible == "Bus friends"


def test_a_campaign_is_paused_and_goes_on(petition: Petition, cast: Cast, folder: Path) -> None:
    petition("campaign", "new", folder)
    petition("campaign", "publish", "keep-the-bus")
    assert petition("campaign", "resume", "keep-the-bus").exit_code == 2
    assert petition("campaign", "pause", "keep-the-bus", "--reason", "flood").exit_code == 0
    assert phase(cast) is Phase.PAUSED
    assert petition("campaign", "pause", "keep-the-bus").exit_code == 2
    assert petition("campaign", "resume", "keep-the-bus").exit_code == 0
    assert phase(cast) is Phase.OPEN
    assert deeds()[-2:] == [("campaign paused", "flood"), ("campaign resumed", "")]


def test_a_campaign_closes_at_a_moment_of_its_own_time_zone(petition: Petition, cast: Cast, folder: Path) -> None:
    petition("campaign", "new", folder)
    with travel(moment("2031-06-01T12:00")):
        assert petition("campaign", "close", "keep-the-bus", "--at", "2031-07-01T18:00").exit_code == 0
    assert cast.reading("keep-the-bus").closes_at == moment("2031-07-01T16:00")


@pytest.mark.parametrize("at", ["tomorrow", "2031-03-30T02:30", "2031-07-01T18:00Z", "2020-01-01"])
def test_a_campaign_does_not_close_at_what_is_no_local_moment_to_come(
    petition: Petition, cast: Cast, folder: Path, at: str
) -> None:
    petition("campaign", "new", folder)
    assert petition("campaign", "close", "keep-the-bus", "--at", at).exit_code == 2
    assert cast.reading("keep-the-bus").closes_at is None


def test_a_campaign_closes_now(petition: Petition, cast: Cast, folder: Path) -> None:
    petition("campaign", "new", folder)
    petition("campaign", "publish", "keep-the-bus")
    petition("campaign", "close", "keep-the-bus")
    assert phase(cast) is Phase.CLOSED
    closed_at = cast.reading("keep-the-bus").closes_at
    # Closing again would let clicks count for another day.
    assert petition("campaign", "close", "keep-the-bus").exit_code == 2
    assert cast.reading("keep-the-bus").closes_at == closed_at


def test_a_campaign_is_withdrawn_only_when_that_is_meant(petition: Petition, cast: Cast, folder: Path) -> None:
    petition("campaign", "new", folder)
    petition("campaign", "publish", "keep-the-bus")
    assert petition("campaign", "withdraw", "keep-the-bus").exit_code == 1
    assert phase(cast) is Phase.OPEN
    assert petition("campaign", "withdraw", "keep-the-bus", "--yes").exit_code == 0
    assert phase(cast) is Phase.WITHDRAWN
    assert petition("campaign", "withdraw", "keep-the-bus", "--yes").exit_code == 2


def test_the_list_names_every_campaign_with_its_total(petition: Petition, cast: Cast, folder: Path) -> None:
    petition("campaign", "new", folder)
    cast.campaign()
    cast.signed()
    lines = petition("campaign", "list").stdout.splitlines()
    assert [[*line.split()[:2], line.split()[-1]] for line in lines] == [
        ["0", "draft", "keep-the-bus"], ["1", "open", "canteen"],
    ]  # fmt: skip


def test_organisations_are_listed_once_their_mailbox_is_confirmed(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    assert "No organisation has asked" in petition("campaign", "endorsements", "canteen").stdout
    endorsing.accepted(cast)
    endorsing.confirmed(cast, "ben@example.org", organisation="Boilermakers", level="international", country="")
    endorsing.asked(cast, "eve@example.org", organisation="Nobody pressed")
    listed = petition("campaign", "endorsements", "canteen").stdout
    assert [line.split() for line in listed.splitlines()] == [
        ["accepted", "national", "IE", "Crane", "Drivers’", "Union"],
        ["confirmed", "international", "–", "Boilermakers"],
    ]  # fmt: skip


def test_days_are_counted_where_the_campaign_is(petition: Petition, cast: Cast, folder: Path) -> None:
    (folder / "en.md").write_text(ENGLISH.replace("ground:", "closes: 3\nground:"))
    # Already the second of July in Madrid.
    with travel(moment("2030-07-01T22:30"), tick=False):
        petition("campaign", "new", folder)
    assert cast.reading("keep-the-bus").closes_at == moment("2030-07-04T22:00")


def test_articles_come_in_all_or_none_and_again_after_a_change(
    petition: Petition, cast: Cast, folder: Path, tmp_path: Path
) -> None:
    petition("campaign", "new", folder)
    good, bad = tmp_path / "last-bus", tmp_path / "lost-bus"
    for path, campaign in ((good, "keep-the-bus"), (bad, "no-such-campaign")):
        path.mkdir()
        (path / "es.md").write_text(
            f"---\ntitle: El último\nstandfirst: Sale a las diez.\ndate: 2026-01-02\ncampaign: {campaign}\n---\nUno.\n"
        )
    assert petition("article", "import", good, bad).exit_code == 2
    assert articles.read("last-bus", "es", db.now()) is None
    db.session.remove()
    assert petition("article", "import", good).exit_code == 0
    (good / "es.md").write_text((good / "es.md").read_text().replace("Uno.", "Dos."))
    assert petition("article", "import", good).exit_code == 0
    found = articles.read("last-bus", "en", db.now())
    assert found is not None
    assert (found.text.language, found.text.source) == ("es", "Dos.")


def test_a_folder_that_is_refused_ends_in_one_sentence(petition: Petition, app: object, tmp_path: Path) -> None:
    result = petition("campaign", "new", tmp_path / "nothing-here")
    assert result.exit_code == 2
    assert result.stderr == f"petition: {tmp_path}/nothing-here is not a folder.\n"


ARABIC = "---\ntitle: أبقوا الحافلة\nto: إلى البلدية\nstandfirst: هي الأخيرة.\n---\nأبقوها.\n"


def test_words_for_another_language_go_out_and_come_back_as_a_gettext_file(
    petition: Petition, cast: Cast, folder: Path
) -> None:
    """Issue 9: translators know .po; what is missing is said until nothing is."""
    (folder / "ar.md").write_text(ARABIC)
    made = petition("campaign", "new", folder)
    count = len(phrases.sentences())
    assert f"speak en: {count} of {count} sentences have no words in ar." in made.stdout
    written = petition("campaign", "phrases", "keep-the-bus", "ar")
    assert (written.exit_code, f"{count} of {count} sentences have no words yet." in written.stderr) == (0, True)
    file = folder / "ar.po"
    file.write_text(written.stdout)
    assert "nothing changed" in petition("campaign", "edit", folder).stdout
    file.write_text(written.stdout.replace('msgid "Your name"\nmsgstr ""', 'msgid "Your name"\nmsgstr "اسمك"'))
    half = petition("campaign", "edit", folder)
    assert "Changed in “keep-the-bus”: words in ar." in half.stdout
    assert f"{count - 1} of {count} sentences" in half.stdout
    assert petition("campaign", "phrases", "keep-the-bus", "ar").stdout == file.read_text()
    demo_words = next(path for one in demo.campaign_folders() for path in one.glob("ar.po"))
    file.write_bytes(demo_words.read_bytes())
    assert "no words" not in petition("campaign", "edit", folder).stdout
    assert "ar" in cast.reading("keep-the-bus").words


def test_words_that_cannot_be_used_are_refused_and_nothing_is_changed(
    petition: Petition, cast: Cast, folder: Path
) -> None:
    petition("campaign", "new", folder)
    file = folder / "ar.po"
    for text, why in (
        ("", "has words for a language without a text: ar.md is missing"),
        ('msgid "Your name"\nmsgstr "%(x)s"\n', "What stands for “Your name” does not have the placeholders"),
        ("nothing", "is not a gettext file"),
        ('msgid "Please confirm your signature"\nmsgstr "الحافلة تنتظر"\n', "names the campaign"),
    ):
        file.write_text(text)
        refused = petition("campaign", "edit", folder)
        assert (refused.exit_code, why in refused.stderr) == (2, True), refused.stderr
        (folder / "ar.md").write_text(ARABIC)
    assert phrases.kept(cast.reading("keep-the-bus").id) == {}


def test_words_are_asked_for_where_the_interface_has_none(petition: Petition, cast: Cast, folder: Path) -> None:
    petition("campaign", "new", folder)
    assert "The interface speaks es itself." in petition("campaign", "phrases", "keep-the-bus", "es").stderr
    assert "has no text in ar, only in en, es" in petition("campaign", "phrases", "keep-the-bus", "ar").stderr


def test_a_renamed_campaign_is_found_by_both_names_and_its_folder_wants_the_new_one(
    petition: Petition, cast: Cast, folder: Path
) -> None:
    petition("campaign", "new", folder)
    assert petition("campaign", "rename", "keep-the-bus", "save-the-bus").exit_code == 0
    db.session.remove()
    assert cast.reading("keep-the-bus").slug == "save-the-bus"
    assert deeds()[-1] == ("campaign renamed", "keep-the-bus → save-the-bus")
    assert "is called “save-the-bus” now" in petition("campaign", "edit", folder).stderr
    for words in (("none", "other"), ("save-the-bus", "save-the-bus"), ("save-the-bus", "Save the bus")):
        assert petition("campaign", "rename", *words).exit_code == 2
