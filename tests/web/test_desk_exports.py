"""Taking lists and totals out at the desk (S33, S41, S44, E1): who may, who is told, what leaves, what is left."""

import base64
import csv
import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import openpyxl
import orjson
import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from petition import decisions, journal, lists, register, retention, taking, teams
from petition.base import crypto, db, files, jobs
from petition.base.files import File, FileChunk
from petition.base.jobs import Job, Task
from petition.campaigns import Campaign, Reading
from petition.export import BREAKDOWNS
from petition.signatures import Signature
from petition.taking import NamedExport, TakenList
from petition.worker import DOERS
from tests import organisers
from tests.cast import Cast
from tests.domain.test_export import ANA, enter
from tests.organisers import Desk

ROOT = "/desk/campaigns/canteen/exports"
NEW = f"{ROOT}/new"
#: The day on which everybody of `enter` has signed.
ANA_DAY = date(2031, 5, 4)
COLUMNS = {"column-number": "y", "column-name": "y"}


def take(desk: Desk, query: str = "", *, at: str = NEW, **typed: str) -> TestResponse:
    """Send the form of a list."""
    form = COLUMNS | {"form": "csv", "reason": "handing over"} | typed
    return desk.send(at + query, NEW, **{name: value for name, value in form.items() if value})


def rows(answer: TestResponse) -> list[list[str]]:
    """What a spreadsheet sees of a CSV."""
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def sheet(answer: TestResponse, name: str = "list") -> list[list[object]]:
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    return [list(row) for row in book[name].iter_rows(values_only=True)]


def deeds(campaign: Reading) -> list[tuple[str, str, int, str]]:
    found = [
        (one.actor, one.deed, one.count, one.reason.partition("\n")[0])
        for one in reversed(journal.lines(journal.Sought(campaign.id), 50))
        if "export" in one.deed or "list" in one.deed
    ]
    db.session.remove()
    return found


def kept(campaign: Reading) -> list[TakenList]:
    found = list(taking.taken(campaign.id))
    db.session.remove()
    return found


def work() -> bool:
    """The worker does one job."""
    done = jobs.work(DOERS)
    db.session.remove()
    return done


@pytest.fixture
def campaign(cast: Cast) -> Reading:
    """Three signatures that count, one from elsewhere."""
    reading = cast.campaign()
    texts = ("=1+1", "محمد", "Ana")
    enter(reading, *({"details": replace(ANA, name=name)} for name in texts), {"country": "ES"})
    return reading


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows are a long list already, and a batch."""
    monkeypatch.setattr(taking, "AT_ONCE", 1)
    monkeypatch.setattr(lists, "BATCH", 2)


def test_take_export_a_short_list_leaves_at_once_and_is_known_again(cast: Cast, campaign: Reading) -> None:
    """S44: as long as the total at that moment; its manifest stays at the desk."""
    owner = cast.organiser(teams.OWNER, "canteen")
    answer = take(owner)
    assert answer.status_code == 200
    assert rows(answer) == [["number", "name"], ["1", "'=1+1"], ["2", "محمد"], ["3", "Ana"], ["4", "Ana"]]
    assert len(rows(answer)) - 1 == register.total(campaign.id)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="canteen-signatures-')
    (row,) = kept(campaign)
    digest = hashlib.sha256(answer.data)
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    told = orjson.loads(owner.get(f"{ROOT}/{row.id}").data)
    assert told == {
        "campaign": campaign.wording("en").title, "slug": "canteen", "moment": told["moment"],
        "filter": {"states": ["counted"]}, "columns": ["number", "name"], "format": "csv", "rows": 4, "total": 4,
        "sha256": digest.hexdigest(),
    }  # fmt: skip
    page = owner.get(ROOT).text
    assert digest.hexdigest() in page
    assert "4 signatures" in page


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_take_export_no_cell_starts_a_formula_in_any_form(cast: Cast, campaign: Reading, form: str) -> None:
    """S33."""
    answer = take(cast.organiser(teams.OWNER, "canteen"), form=form)
    if form == "csv":
        assert rows(answer)[1] == ["1", "'=1+1"]
    elif form == "jsonl":
        assert orjson.loads(answer.data.splitlines()[0]) == {"number": 1, "name": "=1+1"}
    else:
        assert sheet(answer)[1:3] == [[1, "=1+1"], [2, "محمد"]]
        cell = openpyxl.load_workbook(io.BytesIO(answer.data))["list"]["B2"]
        assert (cell.data_type in ("s", "inlineStr"), cell.number_format, cell.quotePrefix) == (True, "@", True)
        about = dict(sheet(answer, "about")[1:])
        assert (about["rows"], about["total"], about["slug"]) == (4, 4, "canteen")
        assert answer.headers["Content-Type"].endswith("spreadsheetml.sheet")


def test_take_export_takes_what_the_address_says_and_nothing_else(cast: Cast, campaign: Reading) -> None:
    owner = cast.organiser(teams.OWNER, "canteen")
    assert len(rows(take(owner, "?country=ES"))) == 2
    assert len(rows(take(owner, "?state=counted&from=2031-05-05"))) == 1
    # Without a word about states those held are among them; with no filter at all they are not.
    spanish = db.session.scalars(select(Signature.id).where(Signature.country == "ES")).one()
    assert decisions.decide(spanish, "hold", actor="a test", reason="odd", at=db.now())
    db.session.commit()
    assert len(rows(take(owner))) == 4
    assert len(rows(take(owner, "?state="))) == 5
    assert [one.manifest["rows"] for one in kept(campaign)] == [4, 3, 0, 1]


def test_take_export_is_in_the_journal_and_with_the_other_owners_before_the_first_row_leaves(
    cast: Cast, campaign: Reading
) -> None:
    """S41, E1: also where not a single row then opens."""
    other, _secret = organisers.enrol("Berta", language="es")
    waiting, editor = organisers.enrol("Wanda")[0], organisers.enrol("Edo")[0]
    waiting.joined_at = None
    for account, role in ((other, teams.OWNER), (waiting, teams.OWNER), (editor, teams.EDITOR)):
        teams.grant(account, role, campaign.id, "a test")
    db.session.execute(update(Signature).values(sealed=b"broken"))
    db.session.commit()
    owner = cast.organiser(teams.OWNER, "canteen")
    assert "1 other owner gets a letter" in owner.get(NEW).text
    answer = take(owner, reason="for the notary")
    assert answer.status_code == 500
    assert b"number" not in answer.data
    assert kept(campaign) == []
    (line,) = deeds(campaign)
    assert line[1:] == ("signatures exported", 4, "for the notary")
    (letter,) = cast.deliver()
    assert letter.to == "berta@example.org"
    assert letter.subject == "Se ha sacado una lista de firmas"
    for said in ("Olga", "for the notary", "4 filas", "number, name", "/desk/campaigns/canteen/journal"):
        assert said in letter.text
    for personal in ("Ana", "ana@example.org", "محمد"):
        assert personal not in letter.text


def test_take_export_is_refused_without_reason_right_or_fresh_code(cast: Cast, campaign: Reading) -> None:
    cast.campaign("other")
    owner = cast.organiser(teams.OWNER, "canteen")
    refused = {
        take(owner, reason="").status_code: "Say why", take(owner, reason="  ").status_code: "Say why",
        take(owner, **{"column-number": "", "column-name": ""}).status_code: "at least one",
    }  # fmt: skip
    assert refused.keys() == {422}
    assert "at least one" in take(owner, **{"column-number": "", "column-name": ""}).text
    assert "cannot have one of these" in take(owner, **{"column-shoe": "y"}).text
    assert take(owner, form="pdf").status_code == 422
    for strange in ("?country=ES&from=soon", "?state=doubtful", "?shoe=1", "?country=ES&country=ES"):
        answer = take(owner, strange)
        assert (answer.status_code, "not one we know" in answer.text) == (422, True), strange
    assert take(cast.organiser(teams.OWNER, "canteen", name="Stale", fresh=False)).status_code == 403
    for role in (teams.EDITOR, teams.MODERATOR, teams.FIGURES):
        helper = cast.organiser(role, "canteen", name=role.title())
        assert helper.get(ROOT).status_code == 403
        assert helper.send(NEW, **COLUMNS, form="csv", reason="x").status_code == 403
    stranger = cast.organiser(teams.OWNER, "other", name="Stranger")
    assert stranger.send(NEW, **COLUMNS, form="csv", reason="x").status_code == 404
    assert deeds(campaign) == []
    assert kept(campaign) == []


def test_new_export_ticks_what_was_agreed_and_the_address_only_where_it_is_asked_for(
    cast: Cast, campaign: Reading
) -> None:
    owner = cast.organiser(teams.OWNER, "canteen")
    page = owner.get(NEW).text
    ticked = {name for name in ("number", "day", "name", "country", "place", "address") if _is_ticked(page, name)}
    assert ticked == {"number", "day", "name", "country"}
    assert "The list has 4 rows." in page
    assert "The list has 1 row." in owner.get(f"{NEW}?country=ES&state=counted").text
    asked = owner.get(f"{NEW}?columns=name,address,shoe&form=xlsx").text
    assert {name for name in ("number", "name", "address") if _is_ticked(asked, name)} == {"name", "address"}
    assert rows(take(owner, **{"column-address": "y"}))[1] == ["1", "'=1+1", "ana@example.org"]


def _is_ticked(page: str, name: str) -> bool:
    return " checked" in page.partition(f'name="column-{name}"')[2].partition(">")[0]


def test_name_export_keeps_a_choice_that_is_one_click_and_a_reason_away(cast: Cast, campaign: Reading) -> None:
    owner = cast.organiser(teams.OWNER, "canteen")
    named = f"{ROOT}/name"
    assert take(owner, at=named).status_code == 422
    answer = take(owner, "?country=ES&state=counted", at=named, name="For <Madrid>", form="xlsx", reason="")
    assert (answer.status_code, kept(campaign)) == (303, [])
    # The same name again is the same row.
    take(owner, "?state=", at=named, name="Everything")
    take(owner, "?state=", at=named, name="Everything", form="jsonl")
    page = owner.get(ROOT).text
    assert "For &lt;Madrid&gt;" in page
    assert f"{NEW}?state=&amp;columns=number%2Cname&amp;form=jsonl" in page
    href = page.partition('href="' + NEW + "?state=counted")[2].partition('"')[0].replace("&amp;", "&")
    again = owner.get(f"{NEW}?state=counted{href}").text
    assert "The list has 1 row." in again
    assert len(sheet(take(owner, "?state=counted&country=ES", form="xlsx"))) == 2
    mine = db.session.scalars(select(NamedExport).where(NamedExport.name == "Everything")).one().id
    db.session.remove()
    cast.campaign("other")
    assert cast.organiser(teams.OWNER, "other", name="S").send(
        f"/desk/campaigns/other/exports/names/{mine}/remove").status_code == 404  # fmt: skip
    assert owner.send(f"{ROOT}/names/{mine}/remove").status_code == 303
    assert owner.send(f"{ROOT}/names/{mine}/remove").status_code == 404
    assert [deed[1] for deed in deeds(campaign)].count("export named") == 3


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_fetch_export_a_long_list_is_made_in_the_background_and_fetched(
    app: Flask, cast: Cast, campaign: Reading, form: str
) -> None:
    """S44: the moment is the one at which it was made."""
    owner = cast.organiser(teams.OWNER, "canteen")
    answer = take(owner, form=form)
    assert (answer.status_code, answer.location) == (303, f"{ROOT}?done=begun")
    assert [deed[1] for deed in deeds(campaign)] == ["signatures exported"]
    assert "Waits for its turn" in owner.get(ROOT).text
    assert "watch.js" in owner.get(ROOT).text
    enter(campaign, {"details": replace(ANA, name="Late")})
    assert work()
    (row,) = kept(campaign)
    page = owner.get(ROOT).text
    assert "Fetch it" in page
    assert "watch.js" not in page
    answer = owner.send(f"{ROOT}/{row.id}/file")
    assert answer.status_code == 200
    assert hashlib.sha256(answer.data).hexdigest() == row.manifest["sha256"]
    assert answer.headers["Content-Length"] == str(len(answer.data))
    found = {"csv": rows, "xlsx": sheet, "jsonl": lambda one: [None, *one.data.splitlines()]}[form](answer)
    assert len(found) - 1 == row.manifest["rows"] == row.manifest["total"] == register.total(campaign.id) == 5
    assert deeds(campaign)[1:] == [(deeds(campaign)[0][0], "list fetched", 5, "handing over")]


@pytest.mark.usefixtures("long")
def test_fetch_export_is_refused_to_others_and_told_where_another_owner_fetches(cast: Cast, campaign: Reading) -> None:
    owner = cast.organiser(teams.OWNER, "canteen")
    take(owner)
    work()
    (row,) = kept(campaign)
    cast.campaign("other")
    stranger = cast.organiser(teams.OWNER, "other", name="Stranger")
    assert stranger.send(f"{ROOT}/{row.id}/file").status_code == 404
    assert stranger.send(f"/desk/campaigns/other/exports/{row.id}/file").status_code == 404
    assert stranger.get(f"/desk/campaigns/other/exports/{row.id}").status_code == 404
    assert cast.organiser(teams.MODERATOR, "canteen", name="Mod").send(f"{ROOT}/{row.id}/file").status_code == 403
    stale = cast.organiser(teams.OWNER, "canteen", name="Stale", fresh=False)
    assert stale.send(f"{ROOT}/{row.id}/file").status_code == 403
    assert [deed[1] for deed in deeds(campaign)] == ["signatures exported"]
    cast.deliver()
    berta = cast.organiser(teams.OWNER, "canteen", name="Berta")
    assert berta.send(f"{ROOT}/{row.id}/file").status_code == 200
    told = cast.deliver()
    assert {letter.to for letter in told} == {"olga@example.org", "stale@example.org"}
    assert all("Berta" in letter.text for letter in told)
    # Who asked for it has told of it already.
    assert owner.send(f"{ROOT}/{row.id}/file").status_code == 200
    assert cast.deliver() == []


@pytest.mark.usefixtures("long")
def test_fetch_export_the_file_lies_sealed_and_is_gone_after_a_day(cast: Cast, campaign: Reading) -> None:
    owner = cast.organiser(teams.OWNER, "canteen")
    take(owner)
    work()
    (row,) = kept(campaign)
    stored = b"".join(db.session.scalars(select(FileChunk.data)))
    assert stored
    assert b"Ana" not in stored
    at = db.now() + timedelta(hours=23)
    for _step in retention.steps(at - timedelta(minutes=5)):
        db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(FileChunk)) == 1
    for _step in retention.steps(at + timedelta(minutes=1)):
        db.session.commit()
    for table in (File, FileChunk):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0
    db.session.remove()
    answer = owner.send(f"{ROOT}/{row.id}/file")
    assert (answer.status_code, "not kept any more" in answer.text) == (410, True)
    assert "list fetched" not in [deed[1] for deed in deeds(campaign)]
    # What it was is known for good.
    assert orjson.loads(owner.get(f"{ROOT}/{row.id}").data)["rows"] == 4


@pytest.mark.usefixtures("long")
def test_fetch_export_a_file_that_is_not_all_there_breaks_off(cast: Cast, campaign: Reading) -> None:
    """Its length is said in advance, so nobody takes a part for the whole."""
    owner = cast.organiser(teams.OWNER, "canteen")
    take(owner)
    work()
    (row,) = kept(campaign)
    db.session.execute(update(FileChunk).values(data=b"broken"))
    db.session.commit()
    with pytest.raises(crypto.Unsealable):
        owner.send(f"{ROOT}/{row.id}/file")


@pytest.mark.usefixtures("long")
def test_cancel_export_before_it_begins_and_half_way(cast: Cast, campaign: Reading) -> None:
    owner = cast.organiser(teams.OWNER, "canteen")
    take(owner)
    job = db.session.scalars(select(Job)).one().id
    db.session.remove()
    cast.campaign("other")
    stranger = cast.organiser(teams.OWNER, "other", name="Stranger")
    assert stranger.send(f"/desk/campaigns/other/exports/jobs/{job}/cancel").status_code == 404
    assert owner.send(f"{ROOT}/jobs/{job}/cancel").status_code == 303
    assert not work()
    assert "Stopped." in owner.get(ROOT).text

    take(owner)
    pressed = threading.Event()

    def pressing(task: Task) -> Iterator[None]:
        for number, _step in enumerate(taking.make(task)):
            yield
            if number == 2:
                found = jobs.find(task.id, task.campaign_id, taking.JOB)
                assert found is not None
                jobs.cancel(found, db.now())
                pressed.set()

    jobs.work({taking.JOB: pressing})
    db.session.remove()
    assert pressed.is_set()
    assert [one.state for one in jobs.newest(campaign.id, (taking.JOB,))] == ["cancelled", "cancelled"]
    assert kept(campaign) == []
    # What was written of it cannot be read, and goes.
    name = db.session.scalars(select(File.name)).one()
    with pytest.raises(files.Broken):
        list(files.read(name))
    for _step in retention.steps(db.now() + taking.UNFINISHED):
        db.session.commit()
    assert db.session.scalars(select(File.name)).all() == []


@pytest.mark.usefixtures("long")
def test_make_whoever_takes_over_from_a_dead_worker_begins_anew(cast: Cast, campaign: Reading) -> None:
    owner = cast.organiser(teams.OWNER, "canteen")
    take(owner)

    class Killed(BaseException):
        """No `except Exception` sees it."""

    def dying(task: Task) -> Iterator[None]:
        for number, _step in enumerate(taking.make(task)):
            if number == 4:
                db.session.rollback()
                raise Killed
            yield

    with pytest.raises(Killed):
        jobs.work({taking.JOB: dying})
    db.session.remove()
    assert not work()
    enter(campaign, {"details": replace(ANA, name="Late")})
    db.session.execute(update(Job).values(lease_until=db.now() - timedelta(seconds=1)))
    db.session.commit()
    assert work()
    (row,) = kept(campaign)
    names = [one[1] for one in rows(owner.send(f"{ROOT}/{row.id}/file"))[1:]]
    assert sorted(names) == ["'=1+1", "Ana", "Ana", "Late", "محمد"]
    # What the first one wrote has ended.
    for _step in retention.steps(db.now()):
        db.session.commit()
    assert db.session.scalars(select(File.name)).all() == [row.file]


@pytest.mark.usefixtures("long")
def test_make_a_list_that_disagrees_with_the_total_is_never_there(cast: Cast, campaign: Reading) -> None:
    owner = cast.organiser(teams.OWNER, "canteen")
    take(owner)
    db.session.execute(update(Signature).where(Signature.country == "ES").values(state="held"))
    db.session.commit()
    assert work()
    assert kept(campaign) == []
    assert "do not agree" in owner.get(ROOT).text
    answer = take(owner)
    assert (answer.status_code, "do not agree" in answer.text) == (422, True)


def test_take_totals_in_each_form_with_a_line_in_the_journal(cast: Cast, campaign: Reading) -> None:
    owner = cast.organiser(teams.OWNER, "canteen")
    totals = f"{ROOT}/totals"
    for form in ("csv", "json", "xlsx"):
        answer = owner.send(totals, ROOT, form=form, reason="the press")
        assert answer.status_code == 200
        if form == "json":
            told = orjson.loads(answer.data)
            assert (told["total"], told["country"], set(BREAKDOWNS) <= told.keys()) == (4, {"IE": 3, "ES": 1}, True)
        else:
            found = rows(answer) if form == "csv" else [list(map(str, row)) for row in sheet(answer)]
            assert ["country", "IE", "3"] in found
        assert kept(campaign)[0].manifest["sha256"] == hashlib.sha256(answer.data).hexdigest()
    assert [deed[1:] for deed in deeds(campaign)] == [("totals exported", 1, "the press")] * 3
    assert owner.send(totals, ROOT, form="csv", reason="").status_code == 422
    assert owner.send(totals, ROOT, form="jsonl", reason="x").status_code == 422
    assert cast.organiser(teams.FIGURES, "canteen", name="F").send(totals, form="csv", reason="x").status_code == 403
    assert cast.deliver() == []


def test_exports_of_a_campaign_whose_people_are_forgotten_are_refused(cast: Cast, campaign: Reading) -> None:
    db.session.execute(update(Campaign).values(forgotten_at=db.now()))
    db.session.commit()
    owner = cast.organiser(teams.OWNER, "canteen")
    assert "are forgotten" in owner.get(ROOT).text
    answer = take(owner)
    assert (answer.status_code, "are forgotten" in answer.text) == (422, True)
