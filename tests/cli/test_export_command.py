"""`petition export`: whole files or none, for their owner alone, and the journal before the first row."""

import csv
import hashlib
import io
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import openpyxl
import orjson
import pytest
from sqlalchemy import insert, select, update

from petition.base import db
from petition.campaigns import Campaign, Reading
from petition.journal import Entry
from petition.signatures import Signature
from tests.cast import Cast
from tests.cli.conftest import Petition
from tests.domain.test_export import enter


def lines_of_the_journal() -> list[Entry]:
    """Who took lists."""
    db.session.remove()
    return list(db.session.scalars(select(Entry).where(Entry.deed == "signatures exported")))


def signed(cast: Cast, how_many: int = 2) -> Reading:
    """A campaign with signatures."""
    reading = cast.campaign()
    enter(reading, *({} for _ in range(how_many)))
    db.session.remove()
    return reading


def test_a_list_goes_to_a_file_for_its_owner_alone_with_a_manifest_beside_it(
    cast: Cast, petition: Petition, tmp_path: Path
) -> None:
    reading = signed(cast)
    file = tmp_path / "list.csv"
    done = petition("export", "signatures", "canteen", file, "--reason", "handing over")
    assert (done.exit_code, done.stdout) == (0, "")
    rows = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline="")))
    assert rows == [["number", "day", "name", "country"], ["1", "2031-05-04", "Ana", "IE"],
                    ["2", "2031-05-04", "Ana", "IE"]]  # fmt: skip
    manifest = tmp_path / "list.csv.manifest.json"
    told = orjson.loads(manifest.read_bytes())
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (told["rows"], told["total"]) == (2, 2)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (file, manifest)} == {0o600}
    (line,) = lines_of_the_journal()
    assert line.actor.startswith("command: ")
    assert (line.count, line.campaign_id, line.reason.split("\n")[0]) == (2, reading.id, "handing over")


def test_a_list_goes_to_standard_output_and_its_manifest_to_standard_error(cast: Cast, petition: Petition) -> None:
    signed(cast)
    done = petition(
        "export", "signatures", "canteen", "-", "--format", "jsonl", "--columns", "number, name", "--reason", "a look"
    )
    assert done.exit_code == 0
    assert [orjson.loads(line) for line in done.stdout_bytes.splitlines()] == [
        {"number": 1, "name": "Ana"}, {"number": 2, "name": "Ana"},
    ]  # fmt: skip
    assert orjson.loads(done.stderr)["sha256"] == hashlib.sha256(done.stdout_bytes).hexdigest()


def test_options_choose_rows(cast: Cast, petition: Petition) -> None:
    reading = cast.campaign()
    enter(reading, {"country": "IE", "source": "leaflet"}, {"country": "ES", "language": "es"}, {"channel": "paper"})
    for options, numbers in (
        (["--country", "es", "--country", "FR"], 1), (["--country", "ie"], 2), (["--source", "leaflet"], 1),
        (["--language", "en"], 2), (["--channel", "paper"], 1), (["--state", "held", "--state", "counted"], 3),
        (["--from", "2031-05-05"], 0), (["--from", "2031-05-04", "--to", "2031-05-04"], 3),
    ):  # fmt: skip
        done = petition("export", "signatures", "canteen", "-", "--columns", "id", "--reason", "a test", *options)
        assert (done.exit_code, len(done.stdout.splitlines()) - 1) == (0, numbers), options


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["signatures", "nowhere", "{file}", "--reason", "x"], "There is no campaign “nowhere”"),
        (["signatures", "canteen", "{file}", "--reason", "x", "--columns", "shoe"], "There is no column “shoe”"),
        (["signatures", "canteen", "{file}", "--reason", "x", "--columns", "name,name"], "each of them once"),
        (["signatures", "canteen", "{file}", "--reason", "  "], "with a reason only"),
        (["signatures", "canteen", "{file}", "--reason", "x", "--country", "ZZ"], "There is no country “ZZ”"),
        (["signatures", "canteen", "{file}", "--reason", "x", "--from", "2031-05-05", "--to", "2031-05-04"], "later"),
        (["signatures", "canteen", "{file}/deeper", "--reason", "x"], "There is no folder"),
        (["totals", "nowhere", "{file}"], "There is no campaign “nowhere”"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    cast: Cast, petition: Petition, tmp_path: Path, words: list[str], sentence: str
) -> None:
    signed(cast)
    before = set(tmp_path.rglob("list*"))
    done = petition("export", *(word.format(file=tmp_path / "list.csv") for word in words))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("petition: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert set(tmp_path.rglob("*list*")) == before


def test_without_a_reason_nothing_leaves(cast: Cast, petition: Petition) -> None:
    signed(cast)
    done = petition("export", "signatures", "canteen", "-")
    assert (done.exit_code, done.stdout) == (2, "")
    assert lines_of_the_journal() == []


def test_a_list_that_disagrees_with_the_total_is_not_given(cast: Cast, petition: Petition, tmp_path: Path) -> None:
    signed(cast)
    db.session.execute(update(Signature).values(state="held"))
    db.session.commit()
    done = petition("export", "signatures", "canteen", tmp_path / "list.csv", "--reason", "x")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "0 signatures count, but the total says 2" in done.stderr
    assert lines_of_the_journal() == []


def test_a_list_that_breaks_off_leaves_the_older_file_alone_and_nothing_half_written(
    cast: Cast, petition: Petition, tmp_path: Path
) -> None:
    reading = signed(cast)
    broken = Signature.id == select(Signature.id).order_by(Signature.entered_at.desc()).limit(1).scalar_subquery()
    db.session.execute(update(Signature).where(broken).values(sealed=b"no key opens this, whatever it may be"))
    db.session.commit()
    folder = tmp_path / "lists"
    folder.mkdir()
    file = folder / "list.csv"
    file.write_text("older")
    done = petition("export", "signatures", reading.slug, file, "--reason", "x")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "does not open" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["list.csv"]
    assert file.read_text() == "older"


def test_forgotten_people_are_on_no_list(cast: Cast, petition: Petition) -> None:
    reading = signed(cast)
    db.session.execute(update(Campaign).where(Campaign.id == reading.id).values(forgotten_at=db.now()))
    db.session.commit()
    done = petition("export", "signatures", "canteen", "-", "--reason", "x")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "forgotten" in done.stderr
    assert petition("export", "totals", "canteen", "-").exit_code == 0


def test_totals_go_to_a_file_for_its_owner_alone(cast: Cast, petition: Petition, tmp_path: Path) -> None:
    signed(cast)
    file = tmp_path / "totals.json"
    assert petition("export", "totals", "canteen", file, "--format", "json").exit_code == 0
    assert orjson.loads(file.read_bytes())["total"] == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "total,,2" in petition("export", "totals", "canteen", "-").stdout.replace('"', "")


def test_a_list_and_totals_leave_as_workbooks_too_and_totals_are_in_the_journal(
    cast: Cast, petition: Petition, tmp_path: Path
) -> None:
    """S44."""
    signed(cast)
    file = tmp_path / "list.xlsx"
    assert petition("export", "signatures", "canteen", file, "--format", "xlsx", "--reason", "x").exit_code == 0
    book = openpyxl.load_workbook(file)
    assert [row[2] for row in book["list"].iter_rows(values_only=True)] == ["name", "Ana", "Ana"]
    assert orjson.loads((tmp_path / "list.xlsx.manifest.json").read_bytes())["format"] == "xlsx"
    done = petition("export", "totals", "canteen", file, "--format", "xlsx", "--reason", "the press")
    assert done.exit_code == 0
    assert ("total", None, 2) in openpyxl.load_workbook(file)["list"].iter_rows(values_only=True)
    db.session.remove()
    (line,) = db.session.scalars(select(Entry).where(Entry.deed == "totals exported"))
    assert (line.actor.partition(":")[0], line.reason) == ("command", "the press")


def many(cast: Cast, how_many: int = 60_000) -> None:
    """A campaign whose list no pipe holds: rows copied in the database."""
    reading = cast.campaign()
    enter(reading, {})
    row = db.session.execute(select(*Signature.__table__.c)).one()._asdict()
    rows = [row | {"id": n, "mailbox": n.to_bytes(32)} for n in range(how_many - 1)]
    db.session.execute(insert(Signature), rows)
    db.session.commit()
    db.session.remove()


def started(settings_of: dict[str, str], file: str | Path, **streams: int) -> subprocess.Popen[bytes]:
    """The command as a process of its own: every signature in every column that has to be opened."""
    words = ["export", "signatures", "canteen", str(file), "--reason", "x", "--country", "IE",
             "--columns", "name,address,comment"]  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "petition", *words], env=os.environ | settings_of, stdin=subprocess.DEVNULL, **streams
    )


def test_a_reader_that_stops_reading_ends_it_without_a_word(cast: Cast, settings_of: dict[str, str]) -> None:
    many(cast, 20_000)
    process = started(settings_of, "-", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(100)
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (said, process.wait(30)) == (b"", 1)


def test_a_full_disk_behind_standard_output_is_told_and_never_passes_for_a_whole_list(
    cast: Cast, settings_of: dict[str, str]
) -> None:
    many(cast, 100)
    with Path("/dev/full").open("wb") as full:
        process = started(settings_of, "-", stdout=full, stderr=subprocess.PIPE)
        assert process.stderr is not None
        said = process.stderr.read().decode()
        process.stderr.close()
    assert (process.wait(30), said.count("\n")) == (75, 1)
    assert said.startswith("petition: What was to be written cannot be: No space left on device.")


@pytest.mark.parametrize(
    "words", [["signatures", "canteen", "{file}", "--reason", "x"], ["totals", "canteen", "{file}"]]
)
def test_what_is_no_file_is_not_replaced_by_one(
    cast: Cast, petition: Petition, tmp_path: Path, words: list[str]
) -> None:
    """Typed by root, the name of a device would otherwise take its place."""
    signed(cast)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = petition("export", *(word.format(file=pipe) for word in words))
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "is no file" in done.stderr
    assert pipe.is_fifo()
    assert list(tmp_path.glob("*pipe*")) == [pipe]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_leaves_nothing_half_written(
    cast: Cast, settings_of: dict[str, str], tmp_path: Path, how: signal.Signals
) -> None:
    many(cast)
    folder = tmp_path / "lists"
    folder.mkdir()
    process = started(settings_of, folder / "list.csv", stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not any(path.stat().st_size for path in folder.iterdir()):
        assert time.monotonic() < end
        assert process.poll() is None
    process.send_signal(how)
    assert process.wait(30) not in (0, -how)
    assert list(folder.iterdir()) == []


def test_a_terminal_sees_how_far_it_is(cast: Cast, settings_of: dict[str, str], tmp_path: Path) -> None:
    many(cast, 20_000)
    ours, theirs = pty.openpty()
    process = started(settings_of, tmp_path / "list.csv", stderr=theirs)
    os.close(theirs)
    seen = b""
    # Linux answers with an error, not with an end, once nobody has the other side open.
    with suppress(OSError):
        while piece := os.read(ours, 4096):
            seen += piece
    os.close(ours)
    assert process.wait(30) == 0
    assert b"Rows" in seen
    assert b"/20000" in seen
