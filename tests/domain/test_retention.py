"""What is forgotten, when, and that nothing personal is left (S54)."""

import logging
import secrets
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import Table, func, insert, select, text, update

from petition import (
    accounts,
    blocks,
    contacts,
    decisions,
    drafts,
    endorsements,
    gatherings,
    links,
    networks,
    objections,
    personal,
    register,
    retention,
    rules,
    running,
    signatures,
    unshown,
)
from petition.accounts import Guess
from petition.base import crypto, db, jobs, mailbox, outbox
from petition.base.jobs import Job
from petition.base.outbox import ENDED, UNSENT, Letter
from petition.campaigns import Campaign, Pause, Reading
from petition.contacts import NEWS, Contact, ContactDetails, ContactLink, PendingContact, Wish
from petition.details import Details
from petition.endorsements import ACCEPTED, ASKED, CONFIRMED, REFUSED, Endorsement, Organisation, Person
from petition.journal import Entry
from petition.links import Link, MailboxDay, SiteKey, Suppression
from petition.rules import Rule, RuleRun, Touched
from petition.signatures import PendingSignature, Signature
from tests.cast import ASKS, TERMS, Cast

START = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def purge(at: datetime) -> Counter[str]:
    """Everything that is due, as the worker does it."""
    done: Counter[str] = Counter()
    for rule, rows in retention.steps(at):
        db.session.commit()
        assert rows <= 2 * retention.BATCH
        done[rule] += rows
    db.session.remove()
    return done


def how_many(model: type[db.Base]) -> int:
    """Rows of a table."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def pending(reading: Reading, asked_at: datetime | None, *, mailbox: bytes | None = None, **changes: object) -> int:
    """A pending signature's row."""
    row = row_of(reading, mailbox) | {"news": False, "created_at": START, "asked_at": asked_at} | changes
    db.session.execute(insert(PendingSignature), [row])
    db.session.commit()
    return row["id"]


def signature(reading: Reading, *, mailbox: bytes | None = None, **changes: object) -> dict[str, object]:
    """A signature's columns."""
    return row_of(reading, mailbox) | {
        "seat": 0, "state": "counted", "day": START.date(), "signed_at": START, "entered_at": START,
        "shown_name": "Ana", "shown_role": "nurse",
    } | changes  # fmt: skip


def row_of(reading: Reading, mailbox: bytes | None) -> dict[str, object]:
    """What pending signatures and signatures have in common."""
    return {
        "id": secrets.randbits(60), "campaign_id": reading.id, "wording_id": reading.wordings["en"].id,
        "consent_version": reading.consent.version, "mailbox": mailbox or secrets.token_bytes(32),
        "domain": bytes(32), "sealed": Details("Ana", "ana@example.org").seal(reading.id), "country": "IE",
        "language": "en", "channel": "online", "source": "", "partner": "", "appear": "full", "with_role": True,
        "on_behalf": False, "network": None,
    }  # fmt: skip


def test_every_column_is_either_personal_with_its_rule_or_not_personal() -> None:
    for table in db.Base.metadata.tables.values():
        named = set(personal.PERSONAL.get(table.name, {}))
        other = set(personal.NOT_PERSONAL.get(table.name, ()))
        assert named | other == set(table.c.keys()), table.name
        assert not named & other, table.name
    assert (personal.PERSONAL.keys() | personal.NOT_PERSONAL.keys()) == db.Base.metadata.tables.keys()


def test_a_pending_signature_goes_fourteen_days_after_its_letter_and_not_a_second_earlier(cast: Cast) -> None:
    reading = cast.campaign()
    first, second = pending(reading, START), pending(reading, START + SECOND)
    never_asked = pending(reading, None)
    assert purge(START + 14 * DAY - SECOND)["pending signatures"] == 0
    assert purge(START + 14 * DAY)["pending signatures"] == 1
    assert set(db.session.scalars(select(PendingSignature.id))) == {second, never_asked}
    assert first not in (second, never_asked)
    purge(START + 3650 * DAY)
    assert list(db.session.scalars(select(PendingSignature.id))) == [never_asked]


def test_a_pause_stops_the_fourteen_days_of_its_own_campaign_only(cast: Cast) -> None:
    paused, other = cast.campaign("paused"), cast.campaign("other")
    for began, ended in ((2, 5), (10, 11)):
        db.session.add(Pause(campaign_id=paused.id, began_at=START + began * DAY, ended_at=START + ended * DAY))
    pending(paused, START)
    pending(other, START)
    assert purge(START + 14 * DAY)["pending signatures"] == 1
    assert db.session.scalar(select(PendingSignature.campaign_id)) == paused.id
    purge(START + 18 * DAY - SECOND)
    assert how_many(PendingSignature) == 1
    purge(START + 18 * DAY)
    assert how_many(PendingSignature) == 0


def test_while_a_pause_lasts_no_pending_signature_grows_old(cast: Cast) -> None:
    reading = cast.campaign()
    db.session.add(Pause(campaign_id=reading.id, began_at=START + DAY, ended_at=None))
    pending(reading, START)
    purge(START + 100 * DAY)
    assert how_many(PendingSignature) == 1


def test_an_organisation_nobody_confirms_goes_fourteen_days_after_its_letter_and_the_others_stay(cast: Cast) -> None:
    reading = cast.campaign()
    endorsed(reading, ASKED)
    never_asked = endorsed(reading, ASKED, asked_at=None)
    decided = [endorsed(reading, state) for state in (CONFIRMED, ACCEPTED, REFUSED)]
    box = signatures.mailbox_key(reading, f"{ACCEPTED}@example.org")
    contacts.take(endorsements.wish_of(reading.id, box)).created_at = START
    contacts.take(endorsements.wish_of(reading.id, bytes(32))).created_at = START
    db.session.commit()
    assert purge(START + endorsements.KEPT - SECOND)["endorsements"] == 0
    done = purge(START + endorsements.KEPT)
    assert (done["endorsements"], done["links of contacts"]) == (1, 1)
    assert set(db.session.scalars(select(Endorsement.id))) == {never_asked, *decided}
    assert db.session.scalars(select(ContactLink.mailbox)).all() == [box]


def test_a_forgotten_campaign_keeps_its_organisations_and_forgets_who_spoke_for_them_also_later(cast: Cast) -> None:
    reading = peopled(cast)
    day = datetime(2031, 11, 24, 12, 0, tzinfo=UTC)
    purge(day)
    late = dict.fromkeys(("sealed", "mailbox"), b"x" * 32) | {"shown_name": "Ana"}
    db.session.execute(update(Endorsement).values(late))
    db.session.commit()
    assert purge(day)["campaign"] == 1
    row = db.session.scalars(select(Endorsement)).one()
    assert (row.campaign_id, row.organisation, row.body) == (reading.id, "Dockers", "the assembly")
    assert (row.sealed, row.mailbox, row.shown_name, row.shown_office) == (None, None, None, None)


def test_networks_and_their_key_are_gone_after_48_hours(cast: Cast) -> None:
    reading = cast.campaign()
    with time_machine.travel(START, tick=False):
        known = networks.hashed("192.0.2.7", START)
        db.session.execute(insert(Signature), [signature(reading, network=known)])
        outbox.post("link", language="en", campaign_id=reading.id, mailbox=bytes(32), network=known)
        pending(reading, None, network=known)
        links.site_key("site")
        db.session.commit()

    def left() -> int:
        rows = [db.session.scalar(select(func.count(model.network))) for model in (Signature, PendingSignature, Letter)]
        return sum(rows) + len(list(db.session.scalars(select(SiteKey).where(SiteKey.name != "site"))))

    assert not purge(START + networks.KEPT - SECOND)
    assert left() == 4
    assert purge(START + networks.KEPT) == {"networks": 4}
    assert left() == 0
    assert links.known_site_key("site") is not None
    assert how_many(Signature) == how_many(PendingSignature) == how_many(Letter) == 1


def test_letters_counted_per_mailbox_and_day_are_gone_after_two_days(cast: Cast) -> None:
    for days in range(4):
        db.session.add(MailboxDay(day=(START - days * DAY).date(), mailbox=bytes(32), n=1))
    db.session.commit()
    assert purge(START)["limits"] == 2
    assert sorted(db.session.scalars(select(MailboxDay.day))) == [(START - DAY).date(), START.date()]


def test_a_suppression_and_a_silence_end_to_the_second(cast: Cast) -> None:
    reading = cast.campaign()
    link = links.take(reading.id, bytes(32))
    db.session.add(Suppression(mailbox=bytes(32), link_id=uuid4(), until=START))
    link.quiet_until = START
    link.sent_at = START
    db.session.commit()
    assert not purge(START - SECOND)
    assert purge(START) == {"suppressions": 1, "links": 1}
    assert how_many(Suppression) == 0
    assert db.session.scalars(select(Link.quiet_until)).all() == [None]


def test_an_ended_letter_goes_after_thirty_days_and_one_that_waits_stays(cast: Cast) -> None:
    for state in (*ENDED, *UNSENT):
        letter = outbox.post("corrected", language="en", mailbox=bytes(32))
        settled = START if state in ENDED else None
        db.session.execute(update(Letter).where(Letter.id == letter).values(state=state, settled_at=settled))
    db.session.commit()
    purge(START + 30 * DAY - SECOND)
    assert how_many(Letter) == len(ENDED) + len(UNSENT)
    assert purge(START + 30 * DAY)["letters"] == len(ENDED)
    assert set(db.session.scalars(select(Letter.state))) == set(UNSENT)


def test_the_address_in_a_parked_letter_is_forgotten_fourteen_days_after_its_last_try(cast: Cast) -> None:
    for state in ("parked", "waiting"):
        letter = outbox.post("withdrawn", language="en", sealed={"to": "ana@example.org"}, due_at=START)
        db.session.execute(update(Letter).where(Letter.id == letter).values(state=state))
    db.session.commit()
    purge(START + 14 * DAY - SECOND)
    assert db.session.scalar(select(func.count(Letter.sealed))) == 2
    assert purge(START + 14 * DAY) == {"parked letters": 1}
    assert db.session.scalars(select(Letter.state).where(Letter.sealed.is_not(None))).all() == ["waiting"]


def test_a_link_goes_only_when_it_holds_nothing(cast: Cast) -> None:
    reading = cast.campaign()
    names = ("idle", "pending", "signature", "contact", "letter", "quiet", "suppression", "recent")
    boxes = {name: name.encode().ljust(32, b"-") for name in names}
    with time_machine.travel(START, tick=False):
        found = {name: links.take(reading.id, box) for name, box in boxes.items()}
        pending(reading, None, mailbox=boxes["pending"])
        db.session.execute(insert(Signature), [signature(reading, mailbox=boxes["signature"], sealed=None)])
        contacts.confirm(
            Wish(reading.id, NEWS, boxes["contact"]), ContactDetails("ana@example.org"), language="en",
            consent_version=1, at=START,
        )  # fmt: skip
        outbox.post("corrected", language="en", campaign_id=reading.id, mailbox=boxes["letter"])
        links.quieten(found["quiet"], START)
        links.suppress(found["suppression"], bytes(32), START)
        found["recent"].sent_at = START + SECOND
        found["idle"].sent_at = START
        db.session.commit()
    assert not purge(START + 14 * DAY - SECOND)
    assert purge(START + 14 * DAY) == {"links": 1}
    assert set(db.session.scalars(select(Link.mailbox))) == set(boxes.values()) - {boxes["idle"]}


def test_links_are_looked_through_to_the_last_one(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 7)
    for slug in ("one", "two"):
        reading = cast.campaign(slug)
        for place in range(10):
            links.take(reading.id, bytes([place]) * 32).sent_at = START + (place % 2) * 100 * DAY
    db.session.commit()
    assert purge(START + 20 * DAY)["links"] == 10
    assert {box[0] % 2 for box in db.session.scalars(select(Link.mailbox))} == {1}


@pytest.mark.parametrize(
    ("closed", "months", "forgotten"),
    [
        ("2031-05-04T12:00:00", 6, "2031-11-04T12:00:00"),
        ("2031-08-31T23:59:59", 6, "2032-02-29T23:59:59"),
        ("2031-12-31T00:00:00", 1, "2032-01-31T00:00:00"),
        ("2031-12-15T08:30:00", 12, "2032-12-15T08:30:00"),
        ("2031-11-30T08:30:00", 3, "2032-02-29T08:30:00"),
    ],
)
def test_a_campaign_is_forgotten_so_many_calendar_months_after_closing(
    cast: Cast, closed: str, months: int, forgotten: str
) -> None:
    closes_at, then = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (closed, forgotten))
    reading = cast.campaign(closes_at=closes_at, terms=replace(TERMS, months=months))
    db.session.execute(insert(Signature), [signature(reading)])
    db.session.commit()
    assert retention.forgets_at(reading) == then
    assert not purge(then - SECOND)
    assert purge(then) == {"campaign": 2}
    after = cast.reading()
    assert after.forgotten_at == then
    with pytest.raises(crypto.Unsealable):
        after.hash_key()


def test_an_open_campaign_is_never_forgotten_and_a_withdrawn_one_from_its_withdrawing(cast: Cast) -> None:
    assert retention.forgets_at(cast.campaign("open")) is None
    cast.campaign("gone", closes_at=START + 300 * DAY)
    with time_machine.travel(START, tick=False):
        running.withdraw(cast.row("gone"), "a test")
        db.session.commit()
    assert retention.forgets_at(cast.reading("gone")) == datetime(2031, 11, 4, 12, 0, tzinfo=UTC)


def test_nobody_is_kept_longer_than_promised_when_terms_change(cast: Cast) -> None:
    reading = cast.campaign(closes_at=START, terms=replace(TERMS, months=3))
    db.session.execute(insert(Signature), [signature(reading)])
    db.session.commit()
    # Longer terms came later; shorter ones hold for everybody at once.
    longer = cast.campaign(closes_at=START, terms=replace(TERMS, months=12))
    assert retention.forgets_at(longer) == datetime(2031, 8, 4, 12, 0, tzinfo=UTC)
    shorter = cast.campaign(closes_at=START, terms=replace(TERMS, months=2))
    assert retention.forgets_at(shorter) == datetime(2031, 7, 4, 12, 0, tzinfo=UTC)


def test_terms_nobody_is_stored_under_bind_nobody(cast: Cast) -> None:
    cast.campaign(closes_at=START, terms=replace(TERMS, months=1))
    reading = cast.campaign(closes_at=START, terms=replace(TERMS, months=12))
    assert retention.forgets_at(reading) == datetime(2032, 5, 4, 12, 0, tzinfo=UTC)


def peopled(cast: Cast) -> Reading:
    """A campaign with people in every state that there is, as the product's own verbs leave them."""
    with time_machine.travel(START, tick=False):
        reading = cast.campaign(closes_at=START + 20 * DAY)
        for name in ("counted", "held", "removed", "erased"):
            cast.signed(f"{name}@example.org", name=name.title(), appear="full", role="nurse", with_role="1", news="1")
        rows = {row.shown_name: row.id for row in db.session.scalars(select(Signature))}
        for name, verb in (("Held", "hold"), ("Removed", "remove"), ("Erased", "remove")):
            assert decisions.decide(rows[name], verb, actor="a test", reason="looked odd", at=START)
        db.session.commit()
        box = signatures.mailbox_key(reading, "erased@example.org")
        signatures.withdraw(reading, links.take(reading.id, box), START)
        db.session.commit()
        cast.sign("waits@example.org")
    with time_machine.travel(START + timedelta(hours=1), tick=False):
        cast.sign("counted@example.org")
        cast.deliver()
        cast.sign("late@example.org")
        quiet = links.take(reading.id, signatures.mailbox_key(reading, "quiet@example.org"))
        links.quieten(quiet, START)
        links.suppress(quiet, links.site_mailbox("quiet@example.org"), START)
        for state in (*ENDED, *UNSENT):
            letter = outbox.post("link", language="en", campaign_id=reading.id, mailbox=box, about=1, network=bytes(32),
                                 sealed={"to": "ana@example.org"})  # fmt: skip
            ended = {"settled_at": START, "sealed": None} if state in ENDED else {}
            db.session.execute(update(Letter).where(Letter.id == letter).values(state=state, **ended))
        quiet.letter = letter
        organiser = accounts.invite(mailbox.parse("olga@example.org"), "a test", language="en")
        accounts.begin_session(organiser.id, "Firefox, Linux")
        done = jobs.post("look", {"name": "Ana"}, actor="a test", campaign_id=reading.id, at=START)
        db.session.execute(update(Job).where(Job.id == done).values(state=jobs.DONE, result=b"x"))
        db.session.add(Guess(key=bytes(32), hour=int(START.timestamp()) // 3600, n=1))
        wish = {"id": 1, "wish": "news", "mailbox": box, "sealed": b"x", "language": "en",
                "consent_version": 1, "campaign_id": reading.id, "created_at": START, "asked_at": START}  # fmt: skip
        db.session.execute(insert(PendingContact).values(wish))
        _joined(letter)
        for state in (ASKED, CONFIRMED, ACCEPTED, REFUSED):
            endorsed(reading, state)
        db.session.execute(update(PendingSignature).values(reminded_at=START, partner_version=1))
        db.session.execute(update(Signature).where(Signature.shown_name == "Counted").values(first=1))
        _decided(reading, rows["Held"])
        db.session.commit()
        cast.number()
    return cast.reading()


def _decided(reading: Reading, held: int) -> None:
    """A rule that was run, a block, an objection, a name that waits."""
    rule = Rule(campaign_id=reading.id, name="The spike", verb="hold", filter={"domains": ["aa"]}, reason="odd",
                tell=True, actor="a test", created_at=START, figures={"touched": 1})  # fmt: skip
    db.session.add(rule)
    db.session.flush()
    run = RuleRun(campaign_id=reading.id, rule_id=rule.id, kind=rules.RUN, actor="a test", began_at=START)
    db.session.add(run)
    db.session.flush()
    db.session.add(Touched(campaign_id=reading.id, run_id=run.id, signature_id=held, former="counted", move_id=1))
    assert blocks.add(reading.id, blocks.DOMAIN, bytes(32), reason="odd", actor="a test", at=START)
    assert objections.say(reading.id, held, "It was me.", START)
    unshown.wait(reading.id, held, START)
    late = START + timedelta(hours=20)
    assert gatherings.begin(reading.id, "198.51.100.7", "Hall", late, actor="a test", reason="", at=START)


def endorsed(reading: Reading, state: str, asked_at: datetime | None = START) -> int:
    """An organisation in a state, with all that can be stored of who spoke for it."""
    box = signatures.mailbox_key(reading, f"{state}@example.org")
    row_id = endorsements.ask(
        reading, Organisation("Dockers", "local", "IE", "the assembly"), Person("Ana", "chair", "ana@example.org"),
        mailbox=box, show_name=True, language="en", consent_version=1, network=None, at=START,
    )  # fmt: skip
    db.session.execute(update(Letter).where(Letter.about == row_id).values(state="sent", settled_at=START))
    shown = {"shown_name": "Ana", "shown_office": "chair"} if state == ACCEPTED else {}
    changed = update(Endorsement).where(Endorsement.id == row_id)
    db.session.execute(changed.values(state=state, asked_at=asked_at, **shown))
    db.session.commit()
    return row_id


def _joined(letter: int) -> None:
    """Somebody on a list of the whole site, whose link has been used for everything."""
    wish = Wish(None, contacts.JOIN, links.site_mailbox("joined@example.org"))
    row = contacts.ask(wish, ContactDetails("joined@example.org"), language="en", consent_version=1, network=None,
                       at=START)  # fmt: skip
    db.session.execute(update(Letter).where(Letter.about == row).values(state="sent", settled_at=START))
    link = contacts.take(wish)
    assert contacts.press(link, row, START) == "confirmed"
    link.letter, link.sent_at, link.sent_day, link.told_day = letter, START, START.date(), START.date()
    link.quiet_until = START


def figures(reading: Reading) -> list[object]:
    """The total and every breakdown."""
    return [register.total(reading.id)] + [register.breakdown(reading.id, name) for name in register.DIMENSIONS]


def filled(name: str, column: str) -> int:
    """How many rows say anything in a column."""
    table: Table = db.Base.metadata.tables[name]
    return db.session.scalar(select(func.count(table.c[column]))) or 0


def test_after_forgetting_no_personal_column_holds_anything_and_the_figures_stay(cast: Cast) -> None:
    reading = peopled(cast)
    before = figures(reading)
    assert before[0] == 1
    assert [how_many(model) for model in (Signature, Contact)] == [4, 5]
    empty = [(name, column) for name, columns in personal.PERSONAL.items() for column in columns
             if not filled(name, column)]  # fmt: skip
    # Nothing may be missing before, or this test would prove nothing.
    assert empty == []
    day = datetime(2031, 11, 24, 12, 0, tzinfo=UTC)
    assert purge(day)["campaign"] > 0
    for name, columns in personal.PERSONAL.items():
        if name not in ("suppression", "contact", "contact_link"):
            assert [column for column in columns if filled(name, column)] == [], name
    assert figures(reading) == before
    assert register.check(reading.id, None) == []
    line = db.session.scalars(select(Entry).where(Entry.deed == "campaign forgotten")).one()
    assert (line.campaign_id, line.count, line.actor) == (reading.id, 4, "retention")
    left = db.session.execute(select(Endorsement.state, Endorsement.organisation)).all()
    assert [tuple(row) for row in left] == [(ACCEPTED, "Dockers")]
    # What somebody has asked of the whole site outlives the campaign, until its own year is over.
    assert [how_many(model) for model in (Suppression, Contact, ContactLink)] == [1, 1, 1]
    purge(START + links.QUIET + timedelta(hours=1))
    assert [how_many(model) for model in (Suppression, Contact, ContactLink)] == [0, 1, 1]
    purge(START.replace(year=START.year + 2))
    assert [how_many(model) for model in (Suppression, Contact, ContactLink)] == [0, 0, 0]


def test_every_rule_that_a_personal_column_names_is_one_that_runs(cast: Cast) -> None:
    reading = peopled(cast)
    reopened = update(Campaign).where(Campaign.id == reading.id).values(closes_at=None)
    db.session.execute(reopened)
    db.session.execute(update(PendingSignature).values(asked_at=START))
    links.take(reading.id, b"i" * 32).created_at = START
    db.session.commit()
    seen = purge(START + 400 * DAY).keys()
    db.session.execute(update(Campaign).values(closes_at=START))
    db.session.commit()
    seen |= purge(START + 800 * DAY).keys()
    named = {rule for columns in personal.PERSONAL.values() for rule in columns.values()}
    assert seen == named


def test_a_second_round_finds_nothing_to_do(cast: Cast) -> None:
    peopled(cast)
    purge(START + 800 * DAY)
    assert not purge(START + 801 * DAY)


def test_what_comes_in_after_forgetting_goes_too(cast: Cast) -> None:
    reading = peopled(cast)
    purge(START + 400 * DAY)
    outbox.post("link", language="en", campaign_id=reading.id, mailbox=bytes(32), sealed={"to": "ana@example.org"})
    links.take(reading.id, bytes(32))
    db.session.commit()
    assert purge(START + 400 * DAY) == {"campaign": 2}
    assert how_many(Letter) == how_many(Link) == 0
    lines = db.session.scalars(select(Entry).where(Entry.deed == "campaign forgotten")).all()
    assert len(lines) == 1


def test_one_campaign_in_trouble_does_not_stop_the_next(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    stuck, fine = cast.campaign("stuck", closes_at=START), cast.campaign("fine", closes_at=START)
    db.session.execute(insert(Signature), [signature(stuck), signature(stuck), signature(fine)])
    for statement in refusing(stuck.id):
        db.session.execute(text(statement))
    db.session.commit()
    with caplog.at_level(logging.ERROR):
        done = purge(START + 365 * DAY)
    assert done == {"in trouble": 1, "campaign": 2}
    assert "retention: “campaign” failed: " in caplog.text
    assert db.session.scalars(select(Signature.campaign_id)).all() == [stuck.id, stuck.id]
    assert cast.reading("stuck").forgotten_at is None
    assert cast.reading("fine").forgotten_at == START + 365 * DAY


def refusing(campaign_id: int) -> list[str]:
    """Statements after which the database refuses to delete a campaign's signatures."""
    when = f"BEFORE DELETE ON signature FOR EACH ROW WHEN (OLD.campaign_id = {campaign_id})"
    if db.is_sqlite():
        return [f"CREATE TRIGGER refuses {when} BEGIN SELECT RAISE(ABORT, 'no'); END"]
    function = "CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$"
    return [function, f"CREATE TRIGGER refuses {when} EXECUTE FUNCTION refuses()"]


def test_a_large_campaign_goes_in_many_transactions_and_others_write_in_between(cast: Cast) -> None:
    reading, other = cast.campaign(closes_at=START), cast.campaign("other")
    plain = signature(reading)
    rows = [plain | {"id": n, "mailbox": n.to_bytes(32)} for n in range(3 * retention.BATCH + 1)]
    db.session.execute(insert(Signature), rows)
    db.session.commit()
    left = [how_many(Signature)]
    db.session.rollback()
    for rule, _ in retention.steps(START + 365 * DAY):
        assert rule == "campaign"
        db.session.commit()
        with db.database().engine.begin() as somebody:
            row = {"campaign_id": other.id, "mailbox": secrets.token_bytes(32), "id": uuid4(), "created_at": START,
                   "sent_count": 0}  # fmt: skip
            somebody.execute(insert(Link), [row])
            left.append(somebody.scalar(select(func.count()).select_from(Signature)))
    assert [before - after for before, after in pairwise(left)] == [*[retention.BATCH] * 3, 1, 0]


# On SQLite there is one writer at a time, so nothing can be locked by somebody else.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_link_that_somebody_has_locked_is_left_to_the_next_hour(cast: Cast) -> None:
    reading = cast.campaign()
    link_id = links.take(reading.id, bytes(32)).id
    db.session.execute(update(Link).values(sent_at=START))
    db.session.commit()
    with db.database().engine.begin() as somebody:
        somebody.execute(select(Link.id).where(Link.id == link_id).with_for_update())
        assert not purge(START + 14 * DAY)
    assert purge(START + 14 * DAY) == {"links": 1}


def test_terms_and_texts_of_a_forgotten_campaign_can_still_be_read(cast: Cast) -> None:
    reading = peopled(cast)
    purge(START + 400 * DAY)
    after = cast.reading()
    assert after.consent is not None
    assert after.consent.responsible == TERMS.responsible
    assert after.wording("es").title == reading.wording("es").title
    with time_machine.travel(START + 401 * DAY, tick=False):
        answer = cast.browser().get("/en/campaigns/canteen")
    assert answer.status_code == 200


def test_a_draft_that_was_withdrawn_is_forgotten_without_a_word_of_trouble(cast: Cast) -> None:
    cast.campaign(publish=False, asks=ASKS)
    with time_machine.travel(START, tick=False):
        running.withdraw(cast.row(), "a test")
        db.session.commit()
    assert purge(START + 400 * DAY) == {"campaign": 1}
    assert drafts.read_id(cast.row().id).forgotten_at == START + 400 * DAY
