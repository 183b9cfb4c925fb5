"""`petition export contacts`: who asked for what, with a way out in every row, and the journal before the first."""

import csv
import hashlib
import io
import stat
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select, update

from petition import lists
from petition.base import db
from petition.campaigns import Campaign
from petition.contacts import Contact
from petition.journal import Entry
from tests.cast import Cast
from tests.cli.conftest import Petition
from tests.web.asking import ask, listed, root


def journal() -> list[Entry]:
    """Who took lists."""
    db.session.remove()
    found = list(db.session.scalars(select(Entry).where(Entry.deed == "contacts exported")))
    db.session.remove()
    return found


def rows_of(text: str) -> list[list[str]]:
    """The cells of a CSV list."""
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_list_of_who_joined_goes_to_a_file_for_its_owner_alone(
    cast: Cast, petition: Petition, tmp_path: Path
) -> None:
    letters = [listed(cast, "join", f"{name}@example.org", name=name.title(), place="Cork", note="Cook")
               for name in ("ana", "luz")]  # fmt: skip
    listed(cast, "meetings", "far@example.org")
    file = tmp_path / "list.csv"
    done = petition("export", "contacts", file, "--wish", "join", "--reason", "a letter to all")
    assert (done.exit_code, done.stdout) == (0, "")
    head, *rows = rows_of(file.read_text("utf-8"))
    assert head == ["number", "address", "name", "country", "place", "note", "language", "confirmed_at", "unsubscribe"]
    assert [row[:7] for row in rows] == [
        ["1", "ana@example.org", "Ana", "IE", "Cork", "Cook", "en"],
        ["2", "luz@example.org", "Luz", "IE", "Cork", "Cook", "en"],
    ]  # fmt: skip
    assert [row[-1] for row in rows] == ["http://localhost:8000" + root(letter) for letter in letters]
    manifest = tmp_path / "list.csv.manifest.json"
    told = orjson.loads(manifest.read_bytes())
    assert (told["wish"], told["slug"], told["rows"], told["left_out"]) == ("join", None, 2, 0)
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (file, manifest)} == {0o600}
    (line,) = journal()
    assert (line.count, line.campaign_id, line.reason.split("\n")[0]) == (2, None, "a letter to all")


def test_the_address_in_a_row_ends_that_contact_and_no_other(cast: Cast, petition: Petition) -> None:
    """RFC 8058."""
    for email in ("ana@example.org", "luz@example.org"):
        listed(cast, "meetings", email)
    done = petition("export", "contacts", "-", "--wish", "meetings", "--columns", "unsubscribe", "--reason", "a test")
    first = rows_of(done.stdout)[1][0].removeprefix("http://localhost:8000")
    assert cast.browser().post(first, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    left = petition("export", "contacts", "-", "--wish", "meetings", "--columns", "address", "--reason", "a test")
    assert rows_of(left.stdout)[1:] == [["luz@example.org"]]


def test_news_of_one_campaign_is_one_list_whichever_button_made_it_certain(cast: Cast, petition: Petition) -> None:
    cast.campaign()
    cast.campaign("other")
    cast.signed("tick@example.org", news="y")
    listed(cast, "news", "form@example.org")
    listed(cast, "news", "far@example.org", path="/en/campaigns/other/news")
    done = petition("export", "contacts", "-", "--wish", "news", "--campaign", "canteen", "--format", "jsonl",
                    "--columns", "address,proof,forgets_at", "--reason", "a test")  # fmt: skip
    assert done.exit_code == 0
    assert [orjson.loads(line) for line in done.stdout_bytes.splitlines()] == [
        {"address": "tick@example.org", "proof": "signature", "forgets_at": ""},
        {"address": "form@example.org", "proof": "letter", "forgets_at": ""},
    ]  # fmt: skip
    (line,) = journal()
    assert line.campaign_id == cast.reading().id
    assert orjson.loads(done.stderr)["slug"] == "canteen"


def test_whoever_refused_all_letters_is_on_no_list(cast: Cast, petition: Petition) -> None:
    """S15: refused by the link of another wish, after joining and after asking for news."""
    cast.campaign()
    for email in ("ana@gmail.com", "luz@example.org"):
        listed(cast, "join", email)
        listed(cast, "news", email)
    other = listed(cast, "meetings", "a.n.a+x@gmail.com")
    cast.browser().post(root(other) + "/no-letters")
    for options in (["--wish", "join"], ["--wish", "news", "--campaign", "canteen"]):
        done = petition("export", "contacts", "-", *options, "--columns", "number,address", "--reason", "a test")
        assert rows_of(done.stdout)[1:] == [["1", "luz@example.org"]]
        told = orjson.loads(done.stderr)
        assert (told["rows"], told["left_out"]) == (1, 1)


def test_what_would_start_a_formula_is_made_harmless_in_csv_alone(cast: Cast, petition: Petition) -> None:
    """S33."""
    listed(cast, "join", name="=1+1", place="@SUM", note="+49 30")
    words = ["export", "contacts", "-", "--wish", "join", "--columns", "name,place,note", "--reason", "a test"]
    assert rows_of(petition(*words).stdout)[1] == ["'=1+1", "'@SUM", "'+49 30"]
    lines = petition(*words, "--format", "jsonl").stdout_bytes
    assert orjson.loads(lines) == {"name": "=1+1", "place": "@SUM", "note": "+49 30"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--wish", "news"], "News is asked of a campaign"),
        (["--wish", "join", "--campaign", "canteen"], "News is asked of a campaign"),
        (["--wish", "news", "--campaign", "nowhere"], "There is no campaign “nowhere”"),
        (["--wish", "join", "--columns", "shoe"], "There is no column “shoe”"),
        (["--wish", "join", "--columns", "name,name"], "each of them once"),
        (["--wish", "join", "--reason", " "], "with a reason only"),
        (["--wish", "news", "--campaign", "gone"], "are forgotten"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    cast: Cast, petition: Petition, tmp_path: Path, words: list[str], sentence: str
) -> None:
    cast.campaign()
    cast.campaign("gone")
    db.session.execute(update(Campaign).where(Campaign.slug == "gone").values(forgotten_at=db.now()))
    db.session.commit()
    done = petition("export", "contacts", tmp_path / "list.csv", "--reason", "x", *words)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert sentence in done.stderr
    assert list(tmp_path.glob("*list*")) == []
    assert journal() == []


def test_without_a_reason_nothing_leaves(cast: Cast, petition: Petition) -> None:
    listed(cast, "join")
    done = petition("export", "contacts", "-", "--wish", "join")
    assert (done.exit_code, done.stdout, journal()) == (2, "", [])


def test_a_row_that_does_not_open_ends_the_list_and_leaves_no_file_but_a_line_in_the_journal(
    cast: Cast, petition: Petition, tmp_path: Path
) -> None:
    listed(cast, "join")
    db.session.execute(update(Contact).values(sealed=b"not sealed by us at all, and long enough"))
    db.session.commit()
    done = petition("export", "contacts", tmp_path / "list.csv", "--wish", "join", "--reason", "x")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert list(tmp_path.glob("*list*")) == []
    assert len(journal()) == 1


def test_many_rows_leave_in_batches_in_the_order_of_confirming(
    cast: Cast, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "BATCH", 3)
    emails = [f"a{number}@example.org" for number in range(8)]
    for email in emails:
        listed(cast, "meetings", email)
    done = petition("export", "contacts", "-", "--wish", "meetings", "--columns", "number,address", "--reason", "x")
    assert rows_of(done.stdout)[1:] == [[str(number), email] for number, email in enumerate(emails, 1)]


def test_every_key_that_seals_a_contact_or_a_wish_is_counted(cast: Cast, petition: Petition) -> None:
    """A key that still seals something is not removed."""

    def rows() -> int:
        return int(petition("keys", "list", "--rows").stdout.split()[2])

    listed(cast, "join")
    before = rows()
    listed(cast, "join", "luz@example.org")
    assert rows() == before + 1
    ask(cast, "join", "waits@example.org")
    assert rows() == before + 2
