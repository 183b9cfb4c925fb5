"""What organisers see of figures is of one moment: every part sums up to the total, and to the rows of an export."""

from datetime import datetime, timedelta

import pytest

from petition import charts, decisions, export, links, register, signatures, standing
from petition.base import db, mailbox
from petition.campaigns import Reading
from petition.details import Choices, Details
from petition.selection import Filter
from petition.signatures import Signature
from tests.cast import Cast
from tests.signers import press

CHOICES = [
    Choices("en", "IE", source="poster"), Choices("es", "ES", partner="union"), Choices("en", "", source="newsletter"),
    Choices("en", "IE"), Choices("es", "MX", source="poster", channel="paper"),
]  # fmt: skip


def campaign(cast: Cast, slug: str = "canteen") -> Reading:
    """A campaign that has been in public for a month."""
    cast.campaign(slug)
    cast.row(slug).published_at = db.now() - timedelta(days=30)
    db.session.commit()
    return cast.reading(slug)


def enter(reading: Reading, number: int, at: datetime) -> Signature:
    """Sign and press the button, with the number's own choices."""
    box = mailbox.parse(f"person{number}@example.org")
    row = signatures.sign(
        reading, reading.wording("en").id, 1, box, Details("A person", box.address), CHOICES[number % len(CHOICES)],
        network=None, at=at,
    )  # fmt: skip
    link = links.take(reading.id, signatures.mailbox_key(reading, box.folded))
    assert press(reading, link, row, at).outcome == "confirmed"
    found = signatures.signature_of(link)
    assert found is not None
    return found


def _exported(reading: Reading) -> int:
    with export.signatures(reading, Filter(), ("number",), "csv") as found:
        return sum(chunk.count(b"\r\n") for chunk in found.chunks()) - 1


def test_total_breakdowns_and_export_agree_while_moves_have_no_number_yet(cast: Cast) -> None:
    """Issue 10: to the unit, at the same moment, some moves folded up and some not."""
    reading, at = campaign(cast), db.now()
    rows = [enter(reading, number, at - timedelta(days=number % 4)) for number in range(12)]
    register.number(reading.id, most=7)
    decisions.decide(rows[0].id, "hold", actor="a test", reason="odd", at=at)
    decisions.decide(rows[1].id, "remove", actor="a test", reason="odd", at=at)
    signatures.correct(reading, rows[2], Details("Another name", ""), Choices("en", "PL"), at)
    db.session.commit()
    for _turn in range(2):
        found = standing.whole(reading.id)
        assert found["total"] == {"": 10}
        assert {name: sum(cells.values()) for name, cells in found.items()} == dict.fromkeys(found, 10)
        assert {name: found[name] for name in register.DIMENSIONS} == {
            name: register.breakdown(reading.id, name) for name in register.DIMENSIONS
        }
        assert standing.recent([reading.id], [at.date()])[reading.id].total == 10
        assert found["country"]["PL"] == 1
        db.session.rollback()
        assert _exported(reading) == 10
        cast.number()


def test_hours_tell_what_came_and_what_left_and_a_corrected_country_is_neither(cast: Cast) -> None:
    reading, at = campaign(cast), db.now()
    before = at - timedelta(hours=3)
    rows = [enter(reading, number, before if number < 4 else at) for number in range(6)]
    decisions.decide(rows[0].id, "hold", actor="a test", reason="odd", at=at)
    signatures.correct(reading, rows[1], Details("Another name", ""), Choices("en", "PL"), at)
    enter(reading, 7, at - timedelta(days=3))
    db.session.commit()
    wanted = charts.hours_until(at, 48)
    for _turn in range(2):
        found = standing.hours(reading.id, wanted)
        assert list(found) == wanted
        assert {hour: moved for hour, moved in found.items() if any(moved)} == {wanted[-4]: (4, 0), wanted[-1]: (2, 1)}
        cast.number()
    assert register.check(reading.id, signatures.counted(reading.id)) == []


def test_several_campaigns_are_read_at_once_each_with_its_own_days(cast: Cast) -> None:
    first, second, empty = (campaign(cast, slug) for slug in ("first", "second", "empty"))
    at = db.now()
    today, before = at.date(), at.date() - timedelta(days=1)
    for number in range(3):
        enter(first, number, at - timedelta(days=number))
    cast.number()
    enter(second, 1, at)
    enter(first, 9, at)
    db.session.commit()
    found = standing.recent([first.id, second.id, empty.id], [before, today])
    names = before.isoformat(), today.isoformat()
    assert [(one.total, *(one.days[name] for name in names)) for one in found.values()] == [
        (4, 1, 2), (1, 0, 1), (0, 0, 0),
    ]  # fmt: skip
    assert standing.recent([], [today]) == {}


@pytest.mark.parametrize("forged", ["came", "left"])
def test_an_hour_changed_by_hand_is_found_and_mended_by_rebuilding(cast: Cast, forged: str) -> None:
    reading, at = campaign(cast), db.now()
    decisions.decide(enter(reading, 1, at).id, "hold", actor="a test", reason="odd", at=at)
    cast.number()
    hours = register.tallies(reading.id)[forged]
    assert hours == {register.hour(at): 1}
    db.session.execute(register.Tally.__table__.delete().where(register.Tally.dimension == forged))
    db.session.commit()
    assert register.check(reading.id, 0) == [f"the tally of {forged} “{register.hour(at)}” is 0, the moves say 1"]
    register.rebuild(reading.id)
    assert register.tallies(reading.id)[forged] == hours
