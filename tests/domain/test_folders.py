"""Folders of Markdown files: what they become, and what is refused in one sentence."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from petition import articles, folders
from petition.base.colour import ColourRefused
from petition.drafts import Draft, Terms, Text
from petition.fields import Field
from petition.folders import FolderRefused
from tests.cast import Cast, moment

NOW = datetime(2030, 6, 15, 12, tzinfo=UTC)
OWN = {"title": "Keep the bus", "to": "The council", "standfirst": "It is the last one."}
SHARED = {
    "handed_to": "the council",
    "colour": "1F5F74",
    "goals": "[500, 100]",
    "time_zone": "Europe/Madrid",
    "opens": "2030-07-01T09:00",
    "closes": "2030-12-01",
    "responsible": "{name: Bus friends, address: write@bus.example}",
    "handed_fields": "[country, name]",
    "months": "6",
    "ground": "consent",
    "asks": "{country: required, place: optional}",
}
Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a folder: for each language its keys, as YAML, or a whole file."""

    def write(slug: str = "keep-the-bus", **files: dict[str, str] | str | bytes) -> Path:
        folder = tmp_path / slug
        folder.mkdir()
        for name, content in files.items():
            if isinstance(content, dict):
                content = "---\n" + "".join(f"{key}: {value}\n" for key, value in content.items()) + "---\nKeep *it*.\n"
            path = folder / f"{name.replace('_', '-')}.md"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return write


def refused(folder: Path, read: Callable[..., Any] = folders.campaign) -> str:
    with pytest.raises(FolderRefused) as caught:
        read(folder, NOW)
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


def test_a_folder_becomes_a_draft(written: Written) -> None:
    spanish = {"title": "Que siga", "to": "Al ayuntamiento", "standfirst": "Es el último.", "outcome": "Sigue."}
    draft = folders.campaign(written(en=OWN | SHARED, es=spanish), NOW)
    assert draft == Draft(
        slug="keep-the-bus",
        first_language="en",
        texts={
            "en": Text("Keep the bus", "The council", "It is the last one.", "Keep *it*."),
            "es": Text("Que siga", "Al ayuntamiento", "Es el último.", "Keep *it*."),
        },
        terms=Terms("Bus friends", "write@bus.example", {"en": "the council"}, ["name", "country"], 6, "consent"),
        colour="1f5f74",
        goals=(100, 500),
        time_zone="Europe/Madrid",
        opens_at=moment("2030-07-01T07:00"),
        closes_at=moment("2030-11-30T23:00"),
        asks={"country": "required", "place": "optional"},
        outcome={"es": "Sigue."},
    )


def test_the_file_that_holds_what_is_shared_is_the_first_language(written: Written) -> None:
    assert folders.campaign(written(en=OWN, es=OWN | SHARED), NOW).first_language == "es"


def test_a_file_alone_is_the_first_language_whatever_it_holds(written: Written) -> None:
    draft = folders.campaign(written(pt_BR=OWN), NOW)
    assert (draft.first_language, draft.opens_at, draft.terms.months, draft.goals) == ("pt-BR", None, 0, ())


def test_what_is_shared_may_be_said_twice_but_not_differently(written: Written) -> None:
    assert folders.campaign(written("one", en=OWN | SHARED, es=OWN | {"months": "6"}), NOW).first_language == "en"
    said = refused(written("two", en=OWN | SHARED, es=OWN | {"months": "7"}))
    assert "en.md" in said
    assert "es.md" in said
    assert "“months”" in said


def test_a_key_that_stands_in_another_file_counts_too(written: Written) -> None:
    rest = {key: value for key, value in SHARED.items() if key != "months"}
    assert folders.campaign(written(en=OWN | rest, es=OWN | {"months": "9"}), NOW).terms.months == 9


def test_it_must_be_clear_which_language_comes_first(written: Written) -> None:
    assert "which language comes first" in refused(written("none", en=OWN, es=OWN))
    assert "which language comes first" in refused(written("both", en=OWN | SHARED, es=OWN | SHARED))


def test_words_stay_as_they_are_written_whatever_yaml_makes_of_them(written: Written) -> None:
    draft = folders.campaign(written(en=OWN | SHARED | {"title": "No", "to": "1984-01-01"}), NOW)
    assert (draft.texts["en"].title, draft.texts["en"].addressee) == ("No", "1984-01-01")


@pytest.mark.parametrize(
    ("written_date", "at"),
    [
        ("2030-07-01T09:00", "2030-07-01T07:00"),
        ("2030-01-31 09:00:30", "2030-01-31T08:00:30"),
        ("2030-07-01", "2030-06-30T22:00"),
        # The clocks of Madrid go back on 27 October 2030 at 3: half past two comes twice, and the first is meant.
        ("2030-10-27T02:30", "2030-10-27T00:30"),
        ("-3", "2030-06-11T22:00"),
        ("+10", "2030-06-24T22:00"),
        ("0", "2030-06-14T22:00"),
    ],
)
def test_dates_are_local_to_the_time_zone(written: Written, written_date: str, at: str) -> None:
    keys = OWN | SHARED | {"opens": written_date}
    assert folders.campaign(written(en=keys), NOW).opens_at == moment(at)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("opens", "2030-03-31T02:30", "clocks of Europe/Madrid skip"),
        ("opens", "2030-07-01T09:00+02:00", "without an offset"),
        ("opens", "2030-07-01T09:00Z", "without an offset"),
        ("opens", "soon", "must be a date"),
        ("opens", "0001-01-01", "must lie in a year"),
        ("opens", "9999-12-31T23:59", "must lie in a year"),
        ("opens", "+99999", "must lie in a year"),
        ("opens", "[1]", "must be words"),
        ("closes", "2030-07-01T09:00", "must come after “opens”"),
        ("time_zone", "Mars/Olympus", "must name a time zone"),
        ("time_zone", "../etc/passwd", "must name a time zone"),
        ("time_zone", "[UTC]", "must name a time zone"),
        ("colour", "ffeeaa", "too pale to read"),
        ("colour", "red", "six hexadecimal digits"),
        ("goals", "[many]", "a whole number from 1"),
        ("goals", "[0]", "a whole number from 1"),
        ("goals", "{a: 1}", "must be a list"),
        ("months", "0", "a whole number from 1"),
        ("months", "-6", "a whole number from 1"),
        ("months", "six", "a whole number from 1"),
        ("ground", "curiosity", "must be one of"),
        ("responsible", "Bus friends", "must hold names and words"),
        ("responsible", "{name: A, phone: B}", "does not know “phone”"),
        ("handed_fields", "[address]", "does not know “address”"),
        ("handed_fields", "[name, comment]", "does not ask for"),
        ("asks", "{shoe: optional}", "does not know “shoe”"),
        ("asks", "{place: perhaps}", "“required” or “optional” for “place”"),
        ("title", '""', "is missing"),
        ("title", "{a: b}", "must be words"),
        ("title", '"a\\u2028b"', "line break"),
        ("title", '"a\\u202Eb"', "turns the direction"),
        ("title", "x" * 201, "too long"),
        ("responsible", '{name: "a\\u202Eb", address: x}', "turns the direction"),
        ("handed_to", '"a\\u2028b"', "line break"),
    ],
)
def test_a_wrong_value_is_refused_with_file_key_and_reason(written: Written, key: str, value: str, why: str) -> None:
    said = refused(written(en=OWN | SHARED | {key: value}, es=OWN))
    assert "en.md" in said
    assert f"“{key}" in said
    assert why in said


def test_a_colour_that_is_too_pale_comes_with_one_that_can_be_read(written: Written) -> None:
    said = refused(written(en=OWN | SHARED | {"colour": "ffeeaa"}))
    better = said.split("; ")[1].split(" ")[0]
    assert folders.campaign(written("again", en=OWN | SHARED | {"colour": better}), NOW).colour == better
    assert issubclass(ColourRefused, ValueError)


@pytest.mark.parametrize("key", ["title", "to", "standfirst"])
def test_what_every_language_needs_is_missed_in_each(written: Written, key: str) -> None:
    said = refused(written(en=OWN | SHARED, es={name: value for name, value in OWN.items() if name != key}))
    assert "es.md" in said
    assert f"“{key}” is missing" in said


def test_an_unknown_key_is_named_with_its_file_and_the_known_ones(written: Written) -> None:
    said = refused(written(en=OWN | SHARED, es=OWN | {"titel": "x"}))
    assert "es.md" in said
    assert "“titel”" in said
    assert "standfirst" in said


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("Only a text.\n", "does not begin with front matter"),
        ("---\n---\nText.\n", "does not begin with front matter"),
        ("---\n- a\n- b\n---\nText.\n", "does not begin with front matter"),
        ("---\ntitle: [\n---\nText.\n", "is not YAML"),
        ("---\ntitle: a\ntitle: b\n---\nText.\n", "twice"),
        ("---\ntitle: !!python/object:os.system x\n---\nText.\n", "“to” is missing"),
        ("---\ntitle: x\n---\n", "no text below"),
        ("---\ntitle: x\n---\n" + "word " * 5000, "too long"),
        ("---\ntitle: " + "x" * 200_001 + "\n---\nText.\n", "larger than"),
        (b"---\ntitle: \xff\n---\nText.\n", "UTF-8"),
    ],
)
def test_a_broken_file_is_refused(written: Written, content: str | bytes, why: str) -> None:
    said = refused(written(en=content))
    assert "en.md" in said
    assert why in said


@pytest.mark.parametrize("name", ["readme", "english", "EN", "xx1"])
def test_a_file_that_is_named_after_no_language_is_refused(written: Written, name: str) -> None:
    assert "is its language" in refused(written("bus", en=OWN | SHARED, **{name: OWN}))


@pytest.mark.parametrize("slug", ["Keep", "keep_it", "-keep", "ñu", "k" * 81])
def test_a_folder_whose_name_is_no_address_is_refused(written: Written, slug: str) -> None:
    assert "a folder's name is its address" in refused(written(slug, en=OWN | SHARED))


def test_a_folder_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    assert "is not a folder" in refused(tmp_path / "nothing")
    (tmp_path / "bare").mkdir()
    assert "holds no Markdown file" in refused(tmp_path / "bare")


def test_an_article_knows_its_campaign_its_authors_and_its_day(written: Written, cast: Cast) -> None:
    cast.campaign("canteen")
    keys = {"title": "At the gate", "standfirst": "Forty.", "date": "-3", "authors": "[Ana Ruiz, Bo Lind]",
            "campaign": "canteen"}  # fmt: skip
    draft = folders.article(written("at-the-gate", en=keys), NOW)
    assert (draft.campaign_id, draft.authors, draft.published_at) == (
        cast.reading().id, "Ana Ruiz, Bo Lind", moment("2030-06-12T00:00"),
    )  # fmt: skip
    assert draft.texts == {"en": articles.Text("At the gate", "Forty.", "Keep *it*.")}


def test_an_article_without_a_date_is_not_public(written: Written) -> None:
    keys = {"title": "At the gate", "standfirst": "Forty."}
    assert folders.article(written("at-the-gate", en=keys), NOW).published_at is None


def test_an_article_about_no_campaign_of_ours_is_refused(written: Written, cast: Cast) -> None:
    keys = {"title": "At the gate", "standfirst": "Forty.", "campaign": "nowhere"}
    assert "“nowhere”" in refused(written("at-the-gate", en=keys), folders.article)


OWN_FIELDS = {
    "fields": "{trade: 'choice, required', code: 'postcode, optional'}",
    "labels": "{trade: Your trade, code: Postcode}",
    "options": "{trade: {dock: Docks, ship: Ships}}",
}
OWN_SPANISH = {"labels": "{trade: Tu oficio, code: Código postal}", "options": "{trade: {dock: Muelle, ship: Barco}}"}


def test_a_campaign_has_fields_of_its_own_with_words_in_each_language(written: Written) -> None:
    english = OWN | SHARED | OWN_FIELDS | {"handed_fields": "[own:code, name]"}
    draft = folders.campaign(written(en=english, es=OWN | OWN_SPANISH), NOW)
    options = (("dock", {"en": "Docks", "es": "Muelle"}), ("ship", {"en": "Ships", "es": "Barco"}))
    assert draft.fields == (
        Field("trade", "choice", True, {"en": "Your trade", "es": "Tu oficio"}, options),
        Field("code", "postcode", False, {"en": "Postcode", "es": "Código postal"}),
    )
    assert draft.terms.fields == ["name", "own:code"]


@pytest.mark.parametrize(
    ("english", "spanish", "why"),
    [
        ({"fields": "[trade]"}, {}, "en.md: “fields” must hold keys and words"),
        ({"fields": "{trade: choice, code: 'postcode, optional'}"}, {}, "must say of “trade” its kind"),
        ({"fields": "{trade: 'colour, optional', code: 'date, optional'}"}, {}, "must say of “trade” its kind"),
        ({"fields": "{Trade: 'text, optional'}", "labels": "{Trade: x}", "options": "{}"},
         {"labels": "{Trade: x}", "options": "{}"}, "must have keys of"),
        ({}, {"labels": "{trade: Tu oficio}"}, "es.md: “labels” must have words for “code”"),
        ({}, {"labels": "{trade: Tu oficio, code: [a]}"}, "es.md: “labels” must have words for “code”"),
        ({}, {"labels": "{trade: Tu oficio, code: a, berth: b}"}, "es.md: “labels” names “berth”"),
        ({}, {"options": "{trade: {dock: Muelle}}"}, "es.md: “options” must give “trade” the options"),
        ({}, {"options": "{trade: Muelle}"}, "es.md: “options” must hold keys and words for “trade”"),
        ({"labels": "{trade: " + "a" * 201 + ", code: b}"}, {}, "en.md: “labels: trade” is too long"),
        ({"handed_fields": "[name, own:berth]"}, {}, "“handed_fields” does not know “own:berth”"),
    ],
    ids=["list", "need", "kind", "key", "label", "no words", "strange", "option", "no options", "long", "handed"],
)  # fmt: skip
def test_fields_without_their_words_are_refused(
    written: Written, english: dict[str, str], spanish: dict[str, str], why: str
) -> None:
    assert why in refused(written(en=OWN | SHARED | OWN_FIELDS | english, es=OWN | OWN_SPANISH | spanish))
