"""Lists and totals: what is in them, that they are whole, and that no cell starts a formula (S33, S44, D11, D12)."""

import csv
import hashlib
import io
import re
import secrets
import sys
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import openpyxl
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from petition import campaigns, decisions, export, formats, lists, register
from petition.base import crypto, db
from petition.base.workbook import Workbook
from petition.campaigns import Campaign, Reading
from petition.details import Details
from petition.export import COLUMNS, Export
from petition.journal import Entry
from petition.lists import Disagrees, ExportRefused
from petition.selection import Filter, of_facts
from petition.signatures import Signature, cell_of
from tests.cast import TERMS, Cast

EVERYBODY = Filter()
START = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
ANA = Details("Ana", "ana@example.org", "Ballina", "nurse", "Dockside Aid", "For them.")


def enter(reading: Reading, *changes: dict[str, object]) -> list[int]:
    """Counted signatures a minute apart, with their moves; their ids."""
    rows: list[dict[str, object]] = []
    for place, change in enumerate(changes):
        at = START + timedelta(minutes=place)
        details = change.pop("details", ANA)
        row = {
            "id": secrets.randbits(60), "campaign_id": reading.id, "wording_id": reading.wordings["en"].id,
            "consent_version": reading.consent.version, "mailbox": secrets.token_bytes(32), "domain": bytes(32),
            "sealed": details.seal(reading.id), "country": "IE", "language": "en", "channel": "online", "source": "",
            "partner": "", "appear": "hidden", "with_role": False, "on_behalf": False, "network": None, "seat": 0,
            "state": "counted", "day": at.date(), "signed_at": at, "entered_at": at, "shown_name": "",
            "shown_role": "",
        }  # fmt: skip
        rows.append(row | change)
    db.session.execute(insert(Signature), rows)
    for row in rows:
        register.move(reading.id, "entered", 1, cell_of(row), signature_id=row["id"], at=row["entered_at"])
    db.session.commit()
    return [row["id"] for row in rows]


def taken(
    reading: Reading, wanted: Filter = EVERYBODY, columns: Sequence[str] = ("name",), form: str = "csv"
) -> tuple[bytes, Export]:  # fmt: skip
    """A list's bytes, and what it says of itself."""
    with export.signatures(reading, wanted, columns, form) as found:
        return b"".join(found.chunks()), found


def read(content: bytes) -> list[list[str]]:
    """What a spreadsheet sees."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def names(reading: Reading, wanted: Filter) -> list[str]:
    """The names of a list."""
    return [row[0] for row in read(taken(reading, wanted)[0])[1:]]


def test_every_column_says_what_is_stored(cast: Cast) -> None:
    reading = cast.campaign()
    (one,) = enter(reading, {"source": "articles/canteen", "partner": "union", "on_behalf": True, "appear": "full"})
    content, _ = taken(reading, columns=tuple(COLUMNS))
    head, row = read(content)
    assert dict(zip(head, row, strict=True)) == {
        "number": "1", "id": str(one), "day": "2031-05-04", "state": "counted", "name": "Ana",
        "address": "ana@example.org", "country": "IE", "place": "Ballina", "role": "nurse",
        "organisation": "Dockside Aid", "comment": "For them.", "capacity": "organisation", "appear": "full",
        "language": "en", "channel": "online", "source": "articles/canteen", "partner": "union", "wording": "1",
        "consent": "1", "signed_at": "2031-05-04T12:00:00+00:00", "entered_at": "2031-05-04T12:00:00+00:00",
    }  # fmt: skip


def test_json_lines_say_the_same_and_leave_texts_as_typed(cast: Cast) -> None:
    reading = cast.campaign()
    enter(reading, {"details": replace(ANA, name="=1+1")}, {})
    content, _ = taken(reading, columns=("number", "name", "day", "capacity"), form="jsonl")
    assert [orjson.loads(line) for line in content.splitlines()] == [
        {"number": 1, "name": "=1+1", "day": "2031-05-04", "capacity": "personal"},
        {"number": 2, "name": "Ana", "day": "2031-05-04", "capacity": "personal"},
    ]


def test_a_list_longer_than_a_batch_is_whole_in_order_and_numbered_through(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "BATCH", 4)
    reading = cast.campaign()
    enter(reading, *({"details": replace(ANA, name=f"Ana {n}")} for n in range(11)))
    content, found = taken(reading, columns=("number", "name"))
    assert read(content)[1:] == [[str(n + 1), f"Ana {n}"] for n in range(11)]
    assert (found.rows, found.total, found.done) == (11, 11, 11)


def test_by_default_the_address_stays_here_and_only_what_all_have_agreed_to_leaves(cast: Cast) -> None:
    reading = cast.campaign()
    assert export.default_columns(reading) == ("number", "day", "name", "country")
    enter(reading, {})
    wider = cast.campaign(terms=replace(TERMS, fields=["place", "name", "address", "country"]))
    # The one who has signed agreed to name and country alone.
    assert export.default_columns(wider) == ("number", "day", "name", "country")
    db.session.execute(update(Signature).values(consent_version=2))
    assert export.default_columns(wider) == ("number", "day", "name", "country", "place")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), ["A", "B", "C", "D"]),
        (Filter(countries=("IE",)), ["A", "B"]),
        (Filter(countries=("IE", "ES")), ["A", "B", "C"]),
        (Filter(languages=("es",)), ["C"]),
        (Filter(sources=("leaflet",)), ["B"]),
        (Filter(channels=("paper",)), ["D"]),
        (Filter(first_day=date(2031, 5, 5)), ["B", "C", "D"]),
        (Filter(last_day=date(2031, 5, 5)), ["A", "B"]),
        (Filter(first_day=date(2031, 5, 5), last_day=date(2031, 5, 5)), ["B"]),
        (Filter(countries=("IE",), sources=("leaflet",)), ["B"]),
        (Filter(partners=("dockers",)), ["C"]),
        (Filter(domains=(b"d" * 32,)), ["A"]),
        (Filter(networks=(b"n" * 32,)), ["B"]),
        (Filter(states=()), ["A", "B", "C", "D", "E"]),
        (Filter(states=("held",)), ["E"]),
        (Filter(states=("counted", "held")), ["A", "B", "C", "D", "E"]),
        (Filter(states=("removed",)), []),
        (Filter(countries=("FR",)), []),
    ],
)
def test_a_filter_keeps_what_it_names(cast: Cast, wanted: Filter, expected: list[str]) -> None:
    reading, other = cast.campaign(), cast.campaign("other")
    rows = {
        "A": {"country": "IE", "day": date(2031, 5, 4), "domain": b"d" * 32},
        "B": {"country": "IE", "day": date(2031, 5, 5), "source": "leaflet", "network": b"n" * 32},
        "C": {"country": "ES", "day": date(2031, 5, 6), "language": "es", "partner": "dockers"},
        "D": {"country": "", "day": date(2031, 5, 7), "channel": "paper"},
        "E": {"country": "DE", "day": date(2031, 5, 8)},
    }
    ids = enter(reading, *(row | {"details": replace(ANA, name=name)} for name, row in rows.items()))
    enter(other, {"details": replace(ANA, name="Z")})
    assert decisions.decide(ids[4], "hold", actor="a test", reason="odd", at=START)
    db.session.commit()
    assert names(reading, wanted) == expected
    assert of_facts(wanted.facts()) == wanted


@pytest.mark.parametrize(
    "facts", [{"states": ["doubtful"]}, {"address": "ana@example.org"}, {"first_day": "soon"}, {"domains": ["x"]}]
)
def test_what_no_filter_says_makes_none(facts: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        of_facts(facts)


def test_a_list_of_everybody_counted_is_as_long_as_the_total_or_there_is_none(cast: Cast) -> None:
    reading = cast.campaign()
    enter(reading, {}, {}, {})
    cast.number()
    enter(reading, {})
    assert len(names(reading, Filter())) == register.total(reading.id) == 4
    db.session.execute(update(Signature).where(Signature.entered_at > START).values(state="held"))
    db.session.commit()
    with pytest.raises(Disagrees, match="2 signatures count, but the total says 4"), \
            export.signatures(reading, Filter(), ("name",), "csv"):  # fmt: skip
        pass
    assert len(names(reading, Filter(countries=("IE",)))) == 2


def test_who_signs_while_a_list_leaves_is_not_in_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "BATCH", 2)
    reading = cast.campaign()
    enter(reading, {}, {}, {})
    with export.signatures(reading, Filter(), ("name",), "csv") as found:
        chunks = found.chunks()
        first = next(chunks)
        enter(reading, {"details": replace(ANA, name="Late")})
        assert len(read(first + b"".join(chunks))) == 4
        assert (found.rows, found.total) == (3, 3)
    assert "Late" in names(reading, Filter())


def test_the_manifest_says_what_the_list_is_and_proves_its_bytes(cast: Cast) -> None:
    reading = cast.campaign()
    enter(reading, {}, {"country": "ES"})
    content, found = taken(reading, Filter(countries=("ES",)), ("name", "country"))
    manifest = orjson.loads(found.manifest())
    moment = datetime.fromisoformat(manifest.pop("moment"))
    assert abs(moment - db.now()) < timedelta(seconds=10)
    assert manifest == {
        "campaign": "Take the canteen workers back", "slug": "canteen", "columns": ["name", "country"],
        "filter": {"states": ["counted"], "countries": ["ES"]}, "format": "csv", "rows": 1, "total": 2,
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip


def test_a_list_not_taken_to_its_end_has_no_manifest(cast: Cast) -> None:
    reading = cast.campaign()
    enter(reading, {})
    with export.signatures(reading, Filter(), ("name",), "csv") as found:
        next(found.chunks())
        with pytest.raises(ExportRefused):
            found.manifest()


def test_the_journal_says_who_took_what_and_why(cast: Cast) -> None:
    reading = cast.campaign()
    enter(reading, {}, {})
    with export.signatures(reading, Filter(first_day=START.date()), ("name",), "csv") as found:
        found.record("bea", "handing over")
        db.session.commit()
    line = db.session.scalars(select(Entry).where(Entry.deed == "signatures exported")).one()
    assert (line.actor, line.campaign_id, line.count) == ("bea", reading.id, 2)
    reason, asked = line.reason.split("\n")
    assert reason == "handing over"
    assert orjson.loads(asked) == {
        "filter": {"states": ["counted"], "first_day": "2031-05-04"}, "columns": ["name"],
    }  # fmt: skip


@pytest.mark.parametrize("columns", [(), ("name", "name"), ("name", "shoe size")])
def test_columns_that_make_no_list_are_refused(cast: Cast, columns: tuple[str, ...]) -> None:
    with pytest.raises(ExportRefused), export.signatures(cast.campaign(), Filter(), columns, "csv"):
        pass


def test_there_is_no_list_of_forgotten_people_but_there_are_totals(cast: Cast) -> None:
    reading = cast.campaign()
    enter(reading, {})
    db.session.execute(update(Campaign).values(forgotten_at=START))
    db.session.commit()
    reading = cast.reading()
    with pytest.raises(ExportRefused), export.signatures(reading, Filter(), ("name",), "csv"):
        pass
    assert orjson.loads(export.totals(reading, "json"))["total"] == 1


def test_who_is_erased_but_removed_has_a_row_without_a_name(cast: Cast) -> None:
    reading = cast.campaign()
    (one,) = enter(reading, {})
    assert decisions.decide(one, "remove", actor="a test", reason="odd", at=START)
    db.session.execute(update(Signature).values(sealed=None))
    db.session.commit()
    content, _ = taken(reading, Filter(states=("removed",)), ("state", "name", "comment"))
    assert read(content)[1:] == [["removed", "", ""]]


def test_a_row_that_does_not_open_stops_the_list(cast: Cast) -> None:
    reading, other = cast.campaign(), cast.campaign("other")
    enter(reading, {})
    db.session.execute(update(Signature).values(sealed=ANA.seal(other.id)))
    db.session.commit()
    with pytest.raises(crypto.Unsealable):
        taken(reading)
    assert len(read(taken(reading, columns=("country",))[0])) == 2


def test_totals_say_the_same_as_csv_and_as_json(cast: Cast) -> None:
    reading = cast.campaign()
    enter(reading, {}, {"country": "ES", "language": "es", "source": "=leaflet"}, {"channel": "paper"})
    cast.number()
    enter(reading, {"country": ""})
    document = orjson.loads(export.totals(reading, "json"))
    assert {name: document[name] for name in ("slug", "total", *export.BREAKDOWNS)} == {
        "slug": "canteen", "total": 4, "day": {"2031-05-04": 4}, "country": {"": 1, "ES": 1, "IE": 2},
        "language": {"en": 3, "es": 1}, "channel": {"online": 3, "paper": 1}, "source": {"": 3, "=leaflet": 1},
        "partner": {"": 4},
    }  # fmt: skip
    rows = read(export.totals(reading, "csv"))
    assert rows[:3] == [["dimension", "value", "amount"], ["total", "", "4"], ["day", "2031-05-04", "4"]]
    assert ["source", "'=leaflet", "1"] in rows
    assert len(rows) == 2 + 1 + 3 + 2 + 2 + 2 + 1


def test_totals_that_do_not_add_up_are_not_given(cast: Cast) -> None:
    reading = cast.campaign()
    enter(reading, {})
    cast.number()
    tally = register.Tally
    db.session.execute(update(tally).where(tally.dimension == "country").values(amount=7))
    with pytest.raises(Disagrees, match="by country add up to 7, the total says 1"):
        export.totals(campaigns.read_id(reading.id), "csv")


@pytest.mark.parametrize(
    "payload",
    [
        "=1+1", "+1+1", "-1+1", "@SUM(A1)", "|calc", "%0A=1", "\t=1", "\r=1", "\n=1", "\0=1", "\tplain", " =1",
        "\u00a0=1", "\u3000=1", "＝1+1", "＋1", "－1", "＠SUM(A1)", "﹢1", "\u200b=1", "\ufeff=1", "\u200e \u2066=1",
        "％1", "｜calc", "⁺1", "-5", "+49 30 1234567",
    ],
)  # fmt: skip
def test_what_would_start_a_formula_is_made_harmless(payload: str) -> None:
    assert lists.harmless(payload) == "'" + payload


@pytest.mark.parametrize(
    "plain", ["", "Ana", "ñandú", "1 = 1", "李雷", "(=1)", "'=1", "“=1”", "a\n=1", "   ", "\u200b"]
)
def test_what_starts_no_formula_stays_as_typed(plain: str) -> None:
    assert lists.harmless(plain) == plain


def test_no_letter_or_digit_stands_for_a_sign_that_starts_a_formula() -> None:
    characters = map(chr, range(sys.maxunicode + 1))
    folded = {unicodedata.normalize("NFKC", c)[0] for c in characters if c.isalnum()}
    assert not folded & set("=+-@|%\t\r\n\0")


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=3, max_size=3), max_size=5))
def test_whatever_is_written_is_read_again(rows: list[list[str]]) -> None:
    written = formats.csv_lines(tuple(row) for row in rows)
    assert list(csv.reader(io.StringIO(written.decode(), newline=""))) == rows


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_at_all_comes_out_as_the_start_of_a_formula(text: str) -> None:
    cell = lists.harmless(text)
    assert cell in (text, "'" + text)
    seen = [c for c in cell if not c.isspace() and unicodedata.category(c) != "Cf"]
    assert not seen or unicodedata.normalize("NFKC", seen[0])[0] not in "=+-@|%"
    assert cell[:1] not in ("\t", "\r", "\n", "\0")


def sheets(content: bytes) -> dict[str, list[list[object]]]:
    """What a spreadsheet sees in a workbook: by sheet, row by row."""
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=False)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def test_a_workbook_holds_the_list_and_beside_it_what_it_is(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """S44."""
    monkeypatch.setattr(lists, "BATCH", 3)
    reading = cast.campaign()
    enter(reading, *({"details": replace(ANA, name=name)} for name in ("محمد", "김민준", "O’Brien & <b>", "D", "E")))
    content, found = taken(reading, columns=("number", "day", "name", "place"), form="xlsx")
    told = sheets(content)
    assert told["list"][0] == ["number", "day", "name", "place"]
    assert told["list"][1:] == [
        [n, "2031-05-04", name, "Ballina"] for n, name in enumerate(("محمد", "김민준", "O’Brien & <b>", "D", "E"), 1)
    ]
    about = dict(told["about"][1:])
    assert about == {
        "campaign": reading.wording("en").title, "slug": "canteen", "moment": about["moment"],
        "filter": '{"states":["counted"]}', "columns": '["number","day","name","place"]', "format": "xlsx", "rows": 5,
        "total": 5,
    }  # fmt: skip
    assert orjson.loads(found.manifest())["sha256"] == hashlib.sha256(content).hexdigest()
    assert openpyxl.load_workbook(io.BytesIO(content))["list"].freeze_panes == "A2"


@pytest.mark.parametrize("text", ["=1+1", "+49 30 123", "-5", "@SUM(A1)", "＝1+1", "'=1", "=cmd|' /C calc'!A0", "%0A"])
def test_no_cell_of_a_workbook_is_a_formula(cast: Cast, text: str) -> None:
    """S33: there it needs no apostrophe in what was typed, for every such cell is a text, and stays one when edited."""
    reading = cast.campaign()
    enter(reading, {"details": replace(ANA, name=text, comment=f"\t{text}")})
    content, _ = taken(reading, columns=("name", "comment"), form="xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content))["list"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert all(cell.number_format == "@" and cell.quotePrefix for cell in cells)
    assert [cell.value for cell in cells[2:]] == [text, f"\t{text}"]
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert all(b"<f" not in parts.read(name) for name in parts.namelist() if "worksheets" in name)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=1, max_size=4))
def test_a_workbook_takes_whatever_can_be_typed(typed: list[str]) -> None:
    """Characters that XML cannot say, and what a spreadsheet would take for one of its own codes."""
    book = Workbook(("one",))
    content = book.begin(["x"] * len(typed)) + book.rows([[*typed]]) + book.end()
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        root = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    cells = list(root.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}row"))[1]
    said = ["".join(cell.itertext()) for cell in cells]
    assert [_decoded(text) for text in said] == [_sayable(text) for text in typed]


def _decoded(text: str) -> str:
    """As spreadsheets read `_x005F_`."""
    return re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text)


def _sayable(text: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text.replace("\r\n", "\n"))


def test_a_list_that_no_spreadsheet_holds_is_refused_before_it_leaves(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = cast.campaign()
    enter(reading, {}, {}, {})
    monkeypatch.setattr(lists, "MOST_ROWS", 3)
    with pytest.raises(ExportRefused, match="take it as CSV"):
        taken(reading, form="xlsx")
    monkeypatch.undo()
    monkeypatch.setattr("petition.base.workbook.LONGEST_CELL", 6)
    with pytest.raises(ExportRefused, match="take it as CSV"):
        taken(reading, columns=("place",), form="xlsx")


def test_totals_can_be_had_as_a_workbook(cast: Cast) -> None:
    reading = cast.campaign()
    enter(reading, {}, {"country": "ES", "source": "=1+1"})
    told = sheets(export.totals(campaigns.read_id(reading.id), "xlsx"))
    assert told["list"][:2] == [["dimension", "value", "amount"], ["total", None, 2]]
    assert ["source", "=1+1", 1] in told["list"]
    assert dict(told["about"][1:])["total"] == 2
