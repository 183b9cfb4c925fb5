"""The checker finds each breach that is planted, and none where all holds."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect, text

from petition.base import db
from tests.cast import Cast, link_in
from tests.chaos import checker
from tests.chaos.ledger import Entry
from tests.chaos.people import CANARY
from tests.chaos.sink import Mail

pytestmark = pytest.mark.chaos

ANA, BEA, CAI = (f"{CANARY}.{name}@example.org" for name in ("ana", "bea", "cai"))
SLUG = "canteen"


@dataclass
class World:
    """Ana has confirmed, Bea has not yet, Cai has withdrawn; and what each was told."""

    environ: dict[str, str]
    folder: Path
    entries: list[Entry] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)

    def check(self) -> list[str]:
        """What the checker says."""
        db.session.remove()
        acks, letters = self.folder / "acks.jsonl", self.folder / "letters.jsonl"
        for path, found in ((acks, self.entries), (letters, self.mails)):
            path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in found))
        return checker.check(acks, letters, self.environ, [self.folder / "logs"], kills=self.kills)

    def told(self, who: str, asked: str, status: int, **more: object) -> None:
        """Somebody was told something, just now."""
        now = time.time()
        self.entries.append(Entry(now - 0.01, now, who, asked, status, campaign=SLUG, **more))  # type: ignore[arg-type]

    def run(self, statement: str, **values: object) -> None:
        """Change the database behind the site's back."""
        db.session.execute(text(statement), values)
        db.session.commit()

    def mail(self, who: str) -> int:
        """The place of somebody's letter."""
        return next(place for place, mail in enumerate(self.mails) if mail.to == who)

    def again(self, who: str, after: float, **changes: object) -> None:
        """Somebody's letter once more, seconds later."""
        mail = self.mails[self.mail(who)]
        self.mails.append(replace(mail, **{"at": mail.at + after} | changes))  # type: ignore[arg-type]


@pytest.fixture
def world(app: Flask, cast: Cast, database_url: str, keys_file: Path, tmp_path: Path) -> World:
    """All is well."""
    environ = {"DATABASE_URL": database_url, "KEYS_FILE": str(keys_file), "BASE_URL": "http://localhost",
               "ERASURES_FILE": str(tmp_path / "erasures")}  # fmt: skip
    made = World(environ, tmp_path)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "web.log").write_text("all is well\n")
    cast.campaign()
    for who in (ANA, BEA, CAI):
        assert cast.sign(who).status_code == 303
        made.told(who, "sign", 303)
        letter = cast.deliver()[0]
        made.mails.append(Mail(time.time(), who, cast.sink.ids[-1], link_in(letter), "confirm", SLUG))
        if who != BEA:
            assert "/thanks/" in cast.press(letter).headers["Location"]
            made.told(who, "confirm", 303, note="thanks")
    link = made.mails[-1].link.partition("?")[0]
    assert cast.browser().post(link + "/withdraw").status_code == 200
    made.told(CAI, "withdraw", 200)
    cast.number()
    return made


def test_where_all_holds_nothing_is_found(world: World) -> None:
    assert world.check() == []


def _second_row_of_one_mailbox(world: World) -> None:
    if db.is_sqlite():
        for statement in (
            "ALTER TABLE signature RENAME TO held_together",
            "CREATE TABLE signature AS SELECT * FROM held_together",
        ):
            world.run(statement)
    else:
        world.run("ALTER TABLE signature DROP CONSTRAINT signature_campaign_id_mailbox_seat_key")
    columns = inspect(db.session.connection()).get_columns("signature")
    others = ", ".join(column["name"] for column in columns if column["name"] != "id")
    world.run(f"INSERT INTO signature (id, {others}) SELECT id + 1, {others} FROM signature")


def _enter_again(world: World) -> None:
    columns = "campaign_id, signature_id, kind, amount, day, country, language, channel, source, partner, at"
    world.run(
        f"""INSERT INTO move ({columns}) SELECT {columns} FROM move WHERE kind = 'entered'
        AND signature_id IN (SELECT id FROM signature)"""
    )


#: What goes wrong → the sentence that must come.
PLANTED: dict[str, tuple[str, Callable[[World], object]]] = {
    "a pending signature is lost": ("I1", lambda world: world.run("DELETE FROM pending_signature")),
    "who was told “taken” is not there at all": ("I1", lambda world: world.told("nobody@example.org", "sign", 303)),
    "one of two is lost": ("I1", lambda world: world.told(BEA, "sign", 303)),
    "one form is stored twice": ("I1", lambda world: (world.entries.pop(2), world.told(BEA, "sign", 422))),
    "a signature is lost": ("I2", lambda world: world.run("DELETE FROM signature")),
    "somebody is thanked for nothing": ("I2", lambda world: world.told(BEA, "confirm", 303, note="thanks")),
    "somebody is counted twice": ("I2", _enter_again),
    "who withdrew is there": ("I2", lambda world: world.told(ANA, "withdraw", 200)),
    "a tally is wrong": ("I3", lambda world: world.run("UPDATE tally SET amount = 9 WHERE dimension = 'total'")),
    "a row counts that no move entered": ("I3", lambda world: world.run("DELETE FROM move WHERE amount > 0")),
    "a mailbox has two signatures": ("I4", _second_row_of_one_mailbox),
    "a number is missing": ("I5", lambda world: world.run("UPDATE move SET number = 9 WHERE number = 2")),
    "a letter never comes": ("I6", lambda world: world.mails.pop(world.mail(BEA))),
    "a letter comes too late": ("I6", lambda world: (world.again(BEA, 90), world.mails.pop(1))),
    "a link is dead": ("I6", lambda world: world.run("DELETE FROM link")),
    "a letter comes twice without a reason": ("I7", lambda world: world.again(BEA, 1)),
    "a letter comes three times": (
        "I7", lambda world: (world.again(BEA, 1), world.again(BEA, 2), world.kills.append(world.mails[-2].at)),
    ),
    "the second one has another link": (
        "I7", lambda world: (world.again(BEA, 1, link="/t/x"), world.kills.append(time.time())),
    ),
    "two letters in ten minutes": ("I8", lambda world: world.again(BEA, 60, message_id="<2@x>")),
    "four letters on a day": (
        "I8", lambda world: [world.again(BEA, 0, at=_noon() + 700 * n, message_id=f"<{n}@x>") for n in range(4)],
    ),
    "six letters from all campaigns": (
        "I8", lambda world: [world.again(BEA, n, at=_noon() + n, message_id=f"<{n}@x>", campaign=f"{n}")
                             for n in range(6)],
    ),
    "an address stays where it was sent": (
        "I9", lambda world: world.run("UPDATE letter SET sealed = :b WHERE state = 'sent'", b=b"x"),
    ),
    "somebody is named in a log": (
        "I10", lambda world: (world.folder / "logs" / "web.log").write_text(f"sent to {ANA}"),
    ),
    "an answer is an error": ("I11", lambda world: world.told("", "view", 500)),
    "nobody says when to come again": ("I11", lambda world: world.told("", "view", 503)),
    "somebody hangs": ("I11", lambda world: world.entries.append(Entry(time.time() - 40, time.time(), "", "view", 0))),
}  # fmt: skip


def _noon() -> float:
    """So that what follows within hours is of one UTC day, and later than all that was sent."""
    return (int(time.time()) // 86400 + 1) * 86400 + 43200


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_breach_is_found(world: World, what: str) -> None:
    invariant, plant = PLANTED[what]
    plant(world)
    found = world.check()
    assert [line for line in found if line.startswith(f"{invariant}:")], found


def test_a_letter_may_come_twice_where_something_was_cut_off_in_between(world: World) -> None:
    world.again(BEA, 1)
    world.kills.append(world.mails[-1].at - 0.5)
    assert world.check() == []
    world.kills.clear()
    place = world.mail(BEA)
    world.mails[place] = replace(world.mails[place], answered="")
    assert world.check() == []


def test_who_was_cut_off_from_twice_while_theirs_was_on_the_wire_may_have_no_letter(world: World) -> None:
    sent = world.mails.pop(world.mail(BEA)).at
    world.kills += [sent - 0.2, sent - 0.1]
    assert world.check() != []
    world.run("UPDATE letter SET state = 'uncertain' WHERE about = (SELECT id FROM pending_signature)")
    assert world.check() == []
    world.kills.pop()
    assert world.check() != []


def test_nobody_knows_is_no_breach_and_is_counted(world: World) -> None:
    """I12: stored and never acknowledged."""
    world.entries = [replace(one, status=0) if one.who == BEA else one for one in world.entries]
    assert world.check() == []
    assert checker.unacknowledged(world.folder / "acks.jsonl", world.environ) == 1


def test_i3_is_seen_at_any_moment(world: World) -> None:
    with db.snapshot() as connection:
        assert list(checker.consistent(connection)) == []
    world.run("UPDATE move SET amount = 2 WHERE amount = 1")
    with db.snapshot() as connection:
        assert [line[:3] for line in checker.consistent(connection)] == ["I3:"]
