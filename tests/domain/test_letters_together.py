"""Letters that are decided together wait, count and stay silent as if each had been decided alone."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from petition import links, signatures
from petition.base import db, delivery, mailbox, outbox
from petition.base.outbox import Letter
from petition.campaigns import Reading
from petition.details import Choices, Details
from petition.letters import Letters
from petition.links import MailboxDay
from tests.cast import Cast


def sign(reading: Reading, address: str, network: bytes | None = None) -> int:
    """Sign without a page; the pending signature's id. Not committed."""
    assert reading.consent is not None
    return signatures.sign(
        reading, reading.wording("en").id, reading.consent.version, mailbox.parse(address),
        Details(name="Ana", address=address), Choices(language="en"), network=network,
        at=db.now() - timedelta(seconds=1),
    )  # fmt: skip


def states() -> list[str]:
    found = sorted(db.session.scalars(select(Letter.state)))
    db.session.rollback()
    return found


def test_the_days_limit_over_all_campaigns_holds_for_one_mailbox_in_two_of_them(cast: Cast) -> None:
    one, other = cast.campaign("one"), cast.campaign("two")
    sign(one, "ana@example.org")
    box = links.site_mailbox("ana@example.org")
    day = db.now().date()
    db.session.add(MailboxDay(day=day, mailbox=box, n=links.A_DAY_EVERYWHERE - 1))
    sign(other, "ana@example.org")
    db.session.commit()
    assert len(cast.deliver(1)) == 1
    assert states() == ["sent", "waiting"]
    assert db.session.scalar(select(MailboxDay.n)) == links.A_DAY_EVERYWHERE


def test_letters_from_one_network_decided_together_keep_to_its_soft_limit(make_app: Callable[..., Flask]) -> None:
    app = make_app(soft_limit=3)
    with app.app_context():
        cast = Cast(app)
        reading = cast.campaign()
        for number in range(6):
            sign(reading, f"a{number}@example.org", b"network")
        sign(reading, "far@example.org", b"elsewhere")
        db.session.commit()
        assert len(cast.deliver(1)) == 4
        assert states() == ["sent"] * 4 + ["waiting"] * 3


def test_one_letter_that_does_not_open_keeps_no_other_from_going(cast: Cast) -> None:
    reading = cast.campaign()
    broken = [sign(reading, f"a{number}@example.org") for number in range(5)][2]
    changed = update(signatures.PendingSignature).where(signatures.PendingSignature.id == broken)
    db.session.execute(changed.values(sealed=b"not sealed by us at all, and long enough"))
    db.session.commit()
    assert {letter.to for letter in cast.deliver(1)} == {f"a{number}@example.org" for number in (0, 1, 3, 4)}
    row = db.session.execute(select(Letter.state, Letter.errors).where(Letter.about == broken)).one()
    assert tuple(row) == ("waiting", 1)


def test_many_mailboxes_taken_by_several_workers_at_once_wait_for_each_other_in_no_circle(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    """Everybody signs both campaigns twice; the letters are due in an order that has nothing to do with keys."""
    readings = [cast.campaign("one"), cast.campaign("two")]
    for _ in range(2):
        for number in range(40):
            for reading in readings:
                sign(reading, f"a{number}@example.org")
    db.session.commit()
    broken: list[BaseException] = []

    def work() -> None:
        try:
            with cast.app.app_context():
                while delivery.deliver(Letters(), cast.sink):
                    pass
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert broken == []
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    # The second letter to a mailbox is needless, or waits because another worker had the first one just then.
    assert len(cast.sink.letters) == 80
    assert states().count("sent") == 80
    asked = select(outbox.table.c.state).where(outbox.table.c.state.in_(("failed", "parked", "claimed", "sending")))
    assert db.session.execute(asked).all() == []
