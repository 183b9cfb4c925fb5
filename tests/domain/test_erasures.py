"""What is erased is remembered without naming anybody, on two disks, and done again on an older database (E3, E5)."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from petition import accounts, campaigns, contacts, endorsements, erasures, links, replaying, signatures, teams
from petition.accounts import Account
from petition.base import db, mailbox
from petition.contacts import ContactDetails, Wish
from petition.endorsements import Endorsement, Organisation, Person
from petition.erasures import Book, Deed, Erasure
from petition.links import Link, Suppression
from petition.signatures import Signature
from tests.cast import Cast


def noted() -> list[Deed]:
    """What the database remembers."""
    return list(erasures.since(None))


def test_after_a_withdrawal_nothing_that_is_remembered_leads_to_the_mailbox(cast: Cast) -> None:
    """E5: neither the hash of the mailbox nor the id that its link has now."""
    reading = cast.campaign()
    cast.signed("ana@example.org")
    link = db.session.scalars(select(Link)).one()
    before, box = link.id, link.mailbox
    signature = db.session.scalars(select(Signature)).one().id
    signatures.withdraw(reading, links.take(reading.id, box), db.now())
    db.session.commit()
    (deed,) = noted()
    assert (deed.deed, deed.link, deed.rows, deed.mailbox) == (erasures.WITHDRAWN, before, (signature,), None)
    assert db.session.scalars(select(Link)).one().id != before
    assert box.hex() not in deed.line()


def test_every_machine_writes_down_everything_once_whoever_erased(app: Flask, tmp_path: Path) -> None:
    here, beside, elsewhere = Book(tmp_path / "a"), Book(tmp_path / "a"), Book(tmp_path / "b")
    assert here.keep_up() == 0
    assert erasures.read(tmp_path / "a") == []
    for number in range(3):
        erasures.note(erasures.WITHDRAWN, db.now() - timedelta(minutes=number), link=uuid4(), rows=[number])
    db.session.commit()
    assert (here.keep_up(), beside.keep_up(), elsewhere.keep_up()) == (3, 0, 3)
    # One that was committed late, with an earlier moment.
    erasures.note(erasures.SUPPRESSED, db.now() - timedelta(minutes=5), link=uuid4(), mailbox=b"m" * 32)
    db.session.commit()
    assert (beside.keep_up(), here.keep_up(), Book(tmp_path / "b").keep_up(), elsewhere.keep_up()) == (1, 0, 1, 0)
    by_id = sorted(noted(), key=lambda one: one.id)
    for name in ("a", "b"):
        assert sorted(erasures.read(tmp_path / name), key=lambda one: one.id) == by_id
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_a_line_that_a_full_disk_cut_off_is_written_again_as_a_whole(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "book"
    erasures.note(erasures.WITHDRAWN, db.now(), link=uuid4())
    db.session.commit()
    Book(path).keep_up()
    whole = path.read_text()
    path.write_text(whole + whole[:30])
    erasures.note(erasures.WITHDRAWN, db.now(), link=uuid4())
    db.session.commit()
    assert Book(path).keep_up() == 1
    assert [one.id for one in erasures.read(path)] == [one.id for one in noted()]


def test_the_list_forgets_what_is_old_and_what_was_taken_back(app: Flask, tmp_path: Path) -> None:
    """A little sooner than the database, so that an older backup's own list has all that this one has of before."""
    book, at, link = Book(tmp_path / "book"), db.now(), uuid4()
    erasures.note(erasures.WITHDRAWN, at - erasures.KEPT + timedelta(days=1), link=uuid4())
    erasures.note(erasures.SUPPRESSED, at - timedelta(days=3), link=link, mailbox=b"m" * 32)
    erasures.note(erasures.ALLOWED, at - timedelta(days=2), link=link)
    erasures.note(erasures.SUPPRESSED, at - timedelta(days=1), link=link, mailbox=b"n" * 32)
    db.session.commit()
    book.keep_up()
    book.forget(at)
    left = erasures.read(tmp_path / "book")
    assert [(one.deed, one.mailbox) for one in left] == [(erasures.ALLOWED, None), (erasures.SUPPRESSED, b"n" * 32)]
    assert book.keep_up() == 0
    assert len(noted()) == 4


@pytest.mark.parametrize("line", ["not json\n", "[]\n", '{"id": 1}\n', '{"id": 1, "at": "", "deed": "", "rows": []}\n'])
def test_a_file_that_is_no_list_of_erasures_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "book").write_text(line)
    with pytest.raises(erasures.BookRefused, match="no list of erasures"):
        erasures.read(tmp_path / "book")


def deed(name: str, **changes: object) -> Deed:
    """A deed of a book, done just now."""
    given: dict[str, object] = {"id": 1, "at": db.now(), "deed": name, "link": None, "rows": (), "mailbox": None}
    return Deed(**(given | changes))  # type: ignore[arg-type]


def test_a_deed_done_again_twice_or_on_what_is_not_there_changes_nothing_more(cast: Cast) -> None:
    reading = cast.campaign()
    cast.signed("ana@example.org")
    link = db.session.scalars(select(Link)).one()
    gone = deed(erasures.WITHDRAWN, link=link.id)
    assert replaying.replay(gone)
    assert not replaying.replay(deed(erasures.WITHDRAWN, id=2, link=gone.link))
    for number, name in enumerate(replaying._AGAIN, 10):
        wanted = name == erasures.SUPPRESSED
        assert replaying.replay(deed(name, id=number, link=uuid4(), mailbox=b"m" * 32)) == wanted, name
    assert not replaying.replay(deed("what a later version does", id=99))
    db.session.commit()
    assert cast.total() == 0
    cast.number()
    assert [one.id for one in erasures.unknown([gone, deed("x", id=7)])] == [7]
    assert reading.id == 1


def test_wishes_endorsements_and_accounts_that_were_ended_are_ended_again(cast: Cast) -> None:
    """The database as it was before: everything is there; the list says what was ended since."""
    reading = cast.campaign()
    now = db.now()
    wish = Wish(None, contacts.MEETINGS, links.site_mailbox("ana@example.org"))
    contacts.confirm(wish, ContactDetails("ana@example.org"), language="en", consent_version=1, at=now)
    endorsing = contacts.take(endorsements.wish_of(reading.id, b"e" * 32))
    said = Organisation("Dockers", endorsements.LOCAL, "IE", "")
    kept = endorsements.ask(
        reading, said, Person("Eve", "", "eve@example.org"), mailbox=b"e" * 32, show_name=False, language="en",
        consent_version=1, network=None, at=now,
    )  # fmt: skip
    olga = accounts.invite(mailbox.parse("olga@example.org"), "a test", language="en")
    teams.grant(olga, teams.ORGANISER, None, "a test")
    db.session.commit()
    assert replaying.replay(deed(erasures.WISH_ENDED, id=1, link=contacts.take(wish).id))
    assert replaying.replay(deed(erasures.ENDORSEMENT_WITHDRAWN, id=2, rows=(kept,)))
    assert replaying.replay(deed(erasures.WISH_DISOWNED, id=3, link=endorsing.id))
    assert replaying.replay(deed(erasures.ACCOUNT_REMOVED, id=4, rows=(olga.id,)))
    suppressed = links.site_mailbox("eve@example.org")
    assert replaying.replay(deed(erasures.SUPPRESSED, id=5, link=endorsing.id, mailbox=suppressed))
    db.session.commit()
    for model in (contacts.Contact, Endorsement, Account):
        assert db.session.scalars(select(model)).all() == [], model
    assert contacts.take(endorsements.wish_of(reading.id, b"e" * 32)).quiet_until is not None
    assert db.session.scalars(select(Suppression.mailbox)).all() == [suppressed]
    assert replaying.replay(deed(erasures.ALLOWED, id=6, link=endorsing.id))
    assert db.session.scalars(select(Suppression.mailbox)).all() == []
    assert campaigns.exist()


def test_what_was_done_is_noted_in_the_deeds_own_transaction(cast: Cast) -> None:
    """Rolled back with it."""
    reading = cast.campaign()
    cast.signed("ana@example.org")
    link = db.session.scalars(select(Link)).one()
    signatures.disown(reading, links.take(reading.id, link.mailbox), db.now())
    assert len(db.session.scalars(select(Erasure)).all()) == 1
    db.session.rollback()
    assert noted() == []
