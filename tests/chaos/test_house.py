"""A house of processes with people in it, its parts killed and started again; and nothing is left of it."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from petition.app import create_app
from petition.base import db, outbox, settings
from tests.chaos import checker, ledger, sink
from tests.chaos.house import House, below, house, is_there, until
from tests.chaos.people import Level, crowd

pytestmark = pytest.mark.chaos

LEVEL = Level(signs=6, views=10, seconds=6, linger=4, thinking=0.5, seed=3)


def let_go_of_letters(at: House) -> None:
    """A worker that was killed would hold what it had claimed for five minutes."""
    with create_app(settings.read(at.environ)).app_context():
        claimed = outbox.table.c.state == "claimed"
        db.session.execute(update(outbox.table).where(claimed).values(lease_until=db.now() - timedelta(seconds=1)))
        db.session.commit()
        db.session.remove()
        db.database().dispose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_people_come_to_a_house_whose_parts_are_killed(database_url: str, tmp_path: Path) -> None:
    with house(tmp_path, database_url, webs=2, workers=2, names=("harbour",)) as at:
        pids = [pid for process in at.running.values() for pid in below(process.pid)]
        kills = []
        with crowd(at, LEVEL) as people:
            time.sleep(2)
            for name in ("worker-1", "web-1"):
                kills.append(time.time())
                at.kill(name)
                at.start(name)
            at.wait_for("web-1")
            cost = people.wait()
        let_go_of_letters(at)
        well = time.time()
        pids += [pid for process in at.running.values() for pid in below(process.pid)]
        entries = list(ledger.read(people.ledger))
        signed = {entry.who for entry in entries if (entry.asked, entry.status) == ("sign", 303)}
        until(lambda: signed <= {mail.to for mail in sink.mails(at.letters)}, 30)
        assert checker.check(people.ledger, at.letters, at.environ, at.logs, kills=kills, well=well) == []
        assert len(at.pids("web-0")) == 1
    assert len(signed) > 15
    assert [entry for entry in entries if entry.note == "thanks"]
    assert cost["came"] > 50
    until(lambda: not any(is_there(pid) for pid in pids), 10)


def test_a_sink_told_to_misbehave_does(tmp_path: Path) -> None:
    """Each fault of one seed meets the same addresses; what was cut off was taken."""
    fates = []
    for number in range(2):
        control = tmp_path / f"sink{number}.json"
        sink.order(control, sink.Orders(seed=5, faults={"greylist": 0.3, "cut": 0.3}))
        fate = sink.Fate(control)
        found = [fate.of(f"p{n}@example.org", phase, faults) for n in range(50)
                 for phase, faults in (("rcpt", sink.AT_RCPT), ("data", sink.AT_DATA))]  # fmt: skip
        fates.append(found)
        assert {"greylist", "cut", None} == set(found)
        sink.order(control, sink.Orders())
        assert fate.of("p1@example.org", "rcpt", sink.AT_RCPT) is None
    assert fates[0] == fates[1]
