"""From the form to the button: counted by the worker, once, and kept when what was counted is gone."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from petition import answers
from petition.answers import Answer, Answers
from petition.base import db
from petition.links import Link
from petition.signatures import PendingSignature, Signature
from tests.cast import Cast

SETTLED = timedelta(minutes=3)


def count(cast: Cast, at: datetime | None = None) -> Answers:
    """Let the worker count what is two minutes old by then."""
    at = at or db.now() + SETTLED
    for campaign_id in answers.due(at):
        more = True
        while more:
            more = answers.count(campaign_id, at)
            db.session.commit()
    db.session.commit()
    assert answers.due(at) == []
    return answers.read(cast.reading().id, at - timedelta(days=2))


def test_mailboxes_asked_and_buttons_pressed_are_counted_once(cast: Cast) -> None:
    cast.campaign()
    cast.signed("ana@example.org")
    cast.signed("ben@example.org")
    cast.sign("eve@example.org")
    cast.sign("eve@example.org", name="Somebody else")
    cast.deliver()
    found = count(cast)
    assert (found.asked, found.confirmed, found.open) == (3, 2, 1)
    assert found.after == {"at_once": 2, "within_an_hour": 0, "within_a_day": 0, "later": 0}
    assert sum(one.asked for one in found.hours) == 3
    again = count(cast, db.now() + timedelta(hours=2))
    assert (again.asked, again.confirmed) == (3, 2), "and not a second time"


def test_whoever_counts_already_is_not_asked_again(cast: Cast) -> None:
    cast.campaign()
    cast.signed("ana@example.org")
    db.session.execute(update(Link).values(asked_at=None, sent_at=db.now() - timedelta(days=1)))
    db.session.commit()
    cast.sign("ana@example.org")
    assert [letter.subject for letter in cast.deliver()] == ["You have already signed"]
    assert db.session.scalars(select(Link.asked_at)).one() is None


def test_a_letter_that_did_not_go_out_asked_nobody(cast: Cast) -> None:
    cast.campaign()
    cast.sign("ana@example.org")
    found = count(cast)
    assert (found.asked, found.confirmed, found.open, found.until) == (0, 0, 1, None)


def test_the_numbers_stay_when_links_and_signatures_are_gone(cast: Cast) -> None:
    cast.campaign()
    cast.signed("ana@example.org")
    count(cast)
    for gone in (Signature, PendingSignature, Link):
        db.session.execute(delete(gone))
    db.session.commit()
    found = count(cast)
    assert (found.asked, found.confirmed) == (1, 1)


def test_how_long_after_the_form_is_told_in_four_steps(cast: Cast) -> None:
    cast.campaign()
    for place, ago in enumerate((10, 11, 61, 24 * 60 + 1)):
        cast.signed(f"person{place}@example.org")
        mine = select(Signature.id).order_by(Signature.signed_at.desc()).limit(1).scalar_subquery()
        moment = db.session.scalars(select(Signature.entered_at).where(Signature.id == mine)).one()
        change = update(Signature).where(Signature.id == mine).values(signed_at=moment - timedelta(minutes=ago))
        db.session.execute(change)
        db.session.commit()
    assert count(cast).after == {"at_once": 1, "within_an_hour": 1, "within_a_day": 1, "later": 1}


def test_what_is_younger_than_two_minutes_waits_for_the_next_round(cast: Cast) -> None:
    """It may not be committed yet, and would then never be counted."""
    cast.campaign()
    cast.signed("ana@example.org")
    assert count(cast, db.now() + timedelta(minutes=1)).asked == 0
    assert count(cast).asked == 1


def test_every_hour_is_a_row_of_its_own_and_long_silence_is_stepped_over(cast: Cast) -> None:
    cast.campaign()
    cast.signed("ana@example.org")
    cast.signed("ben@example.org")
    first, _second = db.session.scalars(select(Link.mailbox).order_by(Link.asked_at)).all()
    early = db.now() - timedelta(days=400)
    db.session.execute(update(Link).where(Link.mailbox == first).values(asked_at=early))
    db.session.commit()
    found = count(cast)
    assert (found.asked, [one.asked for one in found.hours]) == (2, [1])
    assert db.session.scalar(select(func.count()).select_from(Answer)) <= 3
