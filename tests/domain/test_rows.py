"""Many rows and long lists go with one statement, on both databases alike."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import bindparam, event, select, text

from petition import links
from petition.base import db, rows
from petition.links import MailboxDay, Suppression
from tests.cast import Cast

DAY = date(2031, 5, 4)
AT = datetime(2031, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)
_days, _suppressions = MailboxDay.__table__, Suppression.__table__
BOXES = [bytes([number]) * 32 for number in range(60)]


def insert(several: list[dict[str, object]]) -> list[bytes]:
    """Count mailboxes of a day; those that were new."""
    statement = rows.insert(_days, ("day", "mailbox", "n")).on_conflict_do_nothing()
    return list(db.session.connection().execute(statement.returning(_days.c.mailbox), rows.handed(several)).scalars())


def counted(box: bytes, n: int = 1) -> dict[str, object]:
    return {"day": DAY, "mailbox": box, "n": n}


def test_rows_are_inserted_but_for_those_that_are_there(app: Flask) -> None:
    assert sorted(insert([counted(box) for box in BOXES[:50]])) == BOXES[:50]
    assert sorted(insert([counted(box, 2) for box in BOXES])) == BOXES[50:]
    assert dict(db.session.execute(select(MailboxDay.mailbox, MailboxDay.n)).all()) == {
        box: 1 if place < 50 else 2 for place, box in enumerate(BOXES)
    }


def test_values_of_every_kind_come_back_as_they_were(app: Flask) -> None:
    one = {"mailbox": b"\x00\\x'\xff" * 8, "link_id": uuid4(), "until": AT}
    db.session.connection().execute(rows.insert(_suppressions, tuple(one)), rows.handed([one]))
    assert db.session.execute(select(*_suppressions.c)).one()._mapping == one


def test_each_row_gets_its_own_value_and_no_other_row_any(app: Flask) -> None:
    insert([counted(box) for box in BOXES])
    rows.update(db.session.connection(), _days, "mailbox", "n", {box: place for place, box in enumerate(BOXES[:50])})
    found = dict(db.session.execute(select(MailboxDay.mailbox, MailboxDay.n)).all())
    assert found == {box: place if place < 50 else 1 for place, box in enumerate(BOXES)}


def test_a_list_of_any_length_is_the_same_statement(app: Flask) -> None:
    """Where the database has arrays."""
    insert([counted(box) for box in BOXES])
    query = select(MailboxDay.mailbox).where(db.Among(MailboxDay.mailbox, "m"), MailboxDay.day == bindparam("day"))
    said: list[str] = []
    event.listen(db.database().engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    found = [sorted(db.session.scalars(query, {"m": BOXES[:most], "day": DAY})) for most in (0, 1, 60)]
    assert found == [[], BOXES[:1], BOXES]
    assert len(set(said)) == (3 if db.is_sqlite() else 1)


@pytest.mark.parametrize("column", ["id", "letter"])
def test_a_list_of_ids_of_either_kind_finds_its_rows(cast: Cast, column: str) -> None:
    reading = cast.campaign()
    taken = [links.take(reading.id, box) for box in BOXES[:3]]
    for number, link in enumerate(taken):
        link.letter = 2**62 + number
    db.session.flush()
    wanted: list[UUID | int | None] = [getattr(link, column) for link in taken[:2]]
    query = select(links.Link.mailbox).where(db.Among(getattr(links.Link, column), "some"))
    assert sorted(db.session.scalars(query, {"some": wanted})) == BOXES[:2]


def test_links_are_made_once_and_their_letters_stand_on_them_in_the_database_and_in_hand(cast: Cast) -> None:
    reading = cast.campaign()
    taken = links.take_all(reading.id, BOXES)
    assert links.take_all(reading.id, []) == {}
    turns = [links.Turn(taken[box], number + 1, box) for number, box in enumerate(BOXES)]
    assert links.reserve(turns, AT) == [None] * len(BOXES)
    assert [taken[box].letter for box in BOXES] == [*range(1, 61)]
    stored = db.session.execute(text("SELECT mailbox, letter FROM link")).all()
    assert {bytes(mailbox): letter for mailbox, letter in stored} == {
        box: number + 1 for number, box in enumerate(BOXES)
    }
    assert links.take_all(reading.id, BOXES)[BOXES[0]].id == taken[BOXES[0]].id
    assert links.reserve([links.Turn(taken[BOXES[0]], 99, BOXES[0])], AT + timedelta(days=1)) == [None]
