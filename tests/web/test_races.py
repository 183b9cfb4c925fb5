"""Everything at the same time: nobody is counted twice, written to twice, or stuck."""

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import bindparam, event, select

from petition import campaigns, decisions, links, register, signatures
from petition.base import db, delivery, mailbox, together
from petition.base.mailbox import Mailbox
from petition.base.outbox import Message
from petition.base.smtp import Trouble
from petition.details import Choices, Details
from petition.letters import Letters
from petition.links import Link
from petition.register import Move
from petition.signatures import PendingSignature, Signature
from tests.cast import Cast, Sink, form_token, link_in
from tests.signers import press
from tests.web.steps import page, path_of, pending, stored

only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def crowd(make_app: Callable[..., Flask]) -> Iterator[Cast]:
    """A campaign on an application with room for many at once."""
    app = make_app(pool_size=16, soft_limit=100_000, hard_limit=100_000)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        yield cast


def at_once(deeds: Iterable[Callable[[], Any]]) -> list[Any]:
    """Do all of these at the same instant, a thread each; what they answered, in order."""
    todo = list(deeds)
    start = threading.Barrier(len(todo))

    def wait_and_do(deed: Callable[[], Any]) -> Any:
        start.wait(20)
        return deed()

    with ThreadPoolExecutor(len(todo)) as pool:
        return list(pool.map(wait_and_do, todo))


def _work(app: Flask, sink: Sink) -> None:
    with app.app_context():
        while delivery.deliver(Letters(), sink):
            pass


FIFTY = [
    "".join(part.upper() if number & 1 else part for part in local) + tag + domain
    for number, (local, tag, domain) in enumerate(
        (local, tag, domain)
        for local in ("anamaria", "ana.maria", "a.n.a.maria", "anam.aria", "a.namaria")
        for tag in ("", "+x", "+1", "+list", "+a.b")
        for domain in ("@gmail.com", "@googlemail.com")
    )
]


def test_fifty_simultaneous_posts_of_one_mailbox_look_alike_send_one_letter_and_make_one_signature(
    crowd: Cast,
) -> None:
    """S13, A4, B4, F1: whatever is clicked how often from how many tabs."""
    token = form_token(crowd.browser().get("/en/campaigns/canteen").text)

    def send(number: int, email: str) -> Any:
        data = {"name": f"Ana {number}", "email": email, "country": "IE", "token": token}
        return crowd.browser().post("/en/campaigns/canteen", data=data)

    assert len(set(FIFTY)) == 50
    answers = at_once(partial(send, number, email) for number, email in enumerate(FIFTY))
    assert [answer.status_code for answer in answers] == [303] * 50
    pages = {page(crowd, one.location).replace(email, "ADDRESS") for one, email in zip(answers, FIFTY, strict=True)}
    assert len(pages) == 1
    assert "ADDRESS" in pages.pop()
    rows = pending()
    assert len(rows) == 50
    at_once([partial(_work, crowd.app, crowd.sink)] * 4)
    (letter,) = crowd.sink.letters
    link = path_of(link_in(letter))

    def press(row: int) -> Any:
        return crowd.browser().post(f"{link}/confirm", data={"row": str(row)})

    for chosen in ([row.id for row in rows], [rows[0].id] * 50):
        pressed = at_once(partial(press, row) for row in chosen)
        assert [answer.status_code for answer in pressed] == [303] * 50
        assert len({page(crowd, answer.location) for answer in pressed}) == 1
    assert len(stored()) == 1
    assert pending() == []
    assert db.session.scalars(select(Move.kind)).all() == ["entered"]
    assert crowd.total() == 1


def test_withdrawing_confirming_and_not_me_may_race_and_each_mailbox_ends_in_one_state(crowd: Cast) -> None:
    """F14: a hundred races, two different buttons too; moves alternate."""
    races = 30 if db.is_sqlite() else 100
    token = form_token(crowd.browser().get("/en/campaigns/canteen").text)
    client = crowd.browser()
    for number in range(races):
        for name in ("One", "Two"):
            data = {"name": name, "email": f"p{number}@example.org", "country": "IE", "token": token}
            assert client.post("/en/campaigns/canteen", data=data).status_code == 303
    crowd.deliver(rounds=15)
    assert len(crowd.sink.letters) == races
    rows: dict[bytes, list[int]] = {}
    for waiting in pending():
        rows.setdefault(waiting.mailbox, []).append(waiting.id)
    chance = random.Random(14)
    for letter in crowd.sink.letters:
        mine = next(ids for ids in rows.values() if int(link_in(letter).partition("row=")[2]) in ids)
        _race(crowd, path_of(link_in(letter)), mine, chance)
    _check_moves(crowd.reading().id)
    assert register.check(crowd.reading().id, len(stored())) == []


def _race(crowd: Cast, link: str, rows: list[int], chance: random.Random) -> None:
    deeds = [("confirm", rows[0]), ("confirm", rows[1]), ("withdraw", 0), ("not-me", 0)]
    if chance.random() < 0.5:
        crowd.browser().post(f"{link}/confirm", data={"row": str(rows[0])})
    chance.shuffle(deeds)

    def press(verb: str, row: int) -> int:
        return int(crowd.browser().post(f"{link}/{verb}", data={"row": str(row)}).status_code)

    codes = at_once(partial(press, verb, row) for verb, row in deeds)
    assert set(codes) <= {200, 303, 404}, codes
    assert len(stored()) == crowd.total() <= 1
    for left in stored():
        assert not _pending_of(left.mailbox)


def _pending_of(box: bytes) -> list[PendingSignature]:
    return [one for one in pending() if one.mailbox == box]


#: From which state each move may come, and where it leads.
_LEGAL = {
    ("none", "entered"): "counted",
    ("counted", "held"): "held",
    ("counted", "removed"): "removed",
    ("counted", "withdrawn"): "none",
    ("counted", "corrected"): "counted",
    ("held", "released"): "counted",
    ("held", "removed"): "removed",
    ("removed", "restored"): "counted",
    ("held", "withdrawn"): "erased",
    ("removed", "withdrawn"): "erased",
    ("erased", "removed"): "erased",
}


def _check_moves(campaign_id: int) -> None:
    """Each signature's moves are a walk that can be, and what it adds is 0 or 1 at every moment."""
    walks: dict[int, list[tuple[str, int]]] = {}
    query = select(Move.signature_id, Move.kind, Move.amount).where(Move.campaign_id == campaign_id).order_by(Move.id)
    for signature_id, kind, amount in db.session.execute(query):
        walks.setdefault(signature_id, []).append((kind, amount))
    db.session.remove()
    for walk in walks.values():
        state, counts = "none", 0
        for kind, amount in walk:
            assert (state, kind) in _LEGAL, walk
            state = _LEGAL[state, kind]
            counts += amount
            assert counts in (0, 1), walk
        assert counts == (state == "counted"), walk


class Slow(Sink):
    """A relay that takes a moment, and now and then is away."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance

    def offer(self, message: Message, message_id: str) -> Callable[[], None]:
        time.sleep(self.chance.random() / 200)
        if self.chance.random() < 0.05:
            raise Trouble("relay", "away")
        return super().offer(message, message_id)


class Race:
    """Many threads doing to six mailboxes whatever can be done, by a schedule that its seed decides."""

    def __init__(self, app: Flask, reading: campaigns.Reading, seed: int, *, threads: int = 14) -> None:
        self.app, self.reading, self.seed, self.threads = app, reading, seed, threads
        self.boxes = [f"box{number}-{seed}" for number in range(6)]
        self.sink = Slow(random.Random(seed))
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()
        self.steps = {
            self.sign: 6, self.deliver: 5, self.confirm: 6, self.withdraw: 2, self.disown: 1, self.correct: 2,
            self.judge: 4, self.number: 2, self.look: 2,
        }  # fmt: skip

    def run(self, seconds: float, *, until_wrong: bool = False) -> None:
        """Race for so long, or until something goes wrong."""
        self.end = time.monotonic() + seconds
        self.until_wrong = until_wrong
        for engine in (db.database().engine, db.database().alone):
            if engine is not None:
                event.listen(engine, "handle_error", self._note)
        at_once(partial(self._thread, number) for number in range(self.threads))

    def _note(self, context: Any) -> None:
        self.wrong.append(type(context.original_exception).__name__)

    def _thread(self, number: int) -> None:
        chance = random.Random(f"{self.seed} {number}")
        with self.app.app_context():
            while time.monotonic() < self.end and not (self.until_wrong and self.wrong):
                (step,) = chance.choices(list(self.steps), list(self.steps.values()))
                try:
                    step(chance)
                    db.session.commit()
                    self.done[step.__name__] += 1
                except Exception as error:
                    self.wrong.append(f"{step.__name__}: {type(error).__name__} {error}"[:300])
                finally:
                    db.session.remove()

    def _box(self, chance: random.Random) -> tuple[str, Mailbox]:
        name = chance.choice(self.boxes)
        return name, mailbox.parse(f"{name}@example.org")

    def _link(self, box: Mailbox) -> tuple[UUID | None, bytes]:
        """What somebody holding a letter knows: the link's id as it was a moment ago."""
        key = signatures.mailbox_key(self.reading, box.folded)
        found = links.of_mailbox(self.reading.id, key)
        db.session.remove()
        return (found.id if found else None), key

    def sign(self, chance: random.Random) -> None:
        name, box = self._box(chance)
        consent = self.reading.consent
        assert consent is not None
        signatures.sign(
            self.reading, self.reading.wording("en").id, consent.version, box, Details(name, box.address),
            Choices("en", country=chance.choice(["IE", "FR", "ES"]), source=name), network=None, at=db.now(),
            put=together.put,
        )  # fmt: skip

    def deliver(self, chance: random.Random) -> None:
        delivery.deliver(Letters(), self.sink, most=4)

    def _locked(self, chance: random.Random) -> tuple[Link | None, list[int]]:
        _, box = self._box(chance)
        link_id, key = self._link(box)
        query = select(PendingSignature.id).where(PendingSignature.mailbox == key)
        rows = list(db.session.scalars(query))
        db.session.remove()
        return (links.lock(link_id) if link_id else None), rows

    def confirm(self, chance: random.Random) -> None:
        link, rows = self._locked(chance)
        if link is not None and rows:
            press(self.reading, link, chance.choice(rows))

    def withdraw(self, chance: random.Random) -> None:
        link, _ = self._locked(chance)
        if link is not None and self._may_leave(link, chance):
            signatures.withdraw(self.reading, link, db.now())

    def disown(self, chance: random.Random) -> None:
        link, _ = self._locked(chance)
        if link is not None and self._may_leave(link, chance):
            signatures.disown(self.reading, link, db.now())
            db.session.commit()
            again = links.lock(link.id)
            if again is not None:
                links.allow(again, db.now())

    def _may_leave(self, link: Link, chance: random.Random) -> bool:
        """A mailbox whose held signature leaves is taken for good: seldom, and another one comes in its place."""
        signature = signatures.signature_of(link)
        if signature is None or signature.state == "counted":
            return True
        if chance.random() < 0.9:
            return False
        at = self.boxes.index(signature.source) if signature.source in self.boxes else 0
        self.boxes[at] = f"box{at}-{self.seed}-{chance.randrange(10**9)}"
        return True

    def correct(self, chance: random.Random) -> None:
        link, _ = self._locked(chance)
        signature = signatures.signature_of(link) if link is not None else None
        if signature is not None and signature.sealed is not None:
            choices = Choices("en", country=chance.choice(["IE", "FR", "ES"]), source=signature.source)
            signatures.correct(self.reading, signature, Details("New", ""), choices, db.now())

    def judge(self, chance: random.Random) -> None:
        """Hold, release, remove, restore."""
        known = db.session.execute(select(Signature.id, Signature.state)).all()
        db.session.remove()
        if known:
            signature_id, state = chance.choice(known)
            likely = {"counted": "hold", "held": "release", "removed": "restore"}[state]
            verb = likely if chance.random() < 0.8 else chance.choice(["hold", "release", "remove", "restore"])
            decisions.decide(signature_id, verb, actor="a race", reason="chance", at=db.now())

    def number(self, chance: random.Random) -> None:
        register.number(self.reading.id)

    def look(self, chance: random.Random) -> None:
        """Rows, moves, tallies, numbers and the total shown, of one snapshot (I3, I5)."""
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        self.wrong += register.check(self.reading.id, signatures.counted(self.reading.id))

    def finish(self) -> None:
        """What must hold once all is quiet."""
        while register.number(self.reading.id):
            db.session.commit()
        db.session.commit()
        self.look(random.Random(0))
        db.session.remove()
        _check_moves(self.reading.id)
        assert self.wrong == []
        assert max(Counter(self.sink.ids).values()) == 1
        rows = [row for letter in self.sink.letters for row in re.findall(r"\?row=(\d+)", letter.text)]
        assert max(Counter(rows).values()) == 1


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without limits on letters and with short waits, so that a few seconds are as good as a month."""
    monkeypatch.setattr(links, "BETWEEN_LETTERS", timedelta(0))
    monkeypatch.setattr(links, "A_DAY_HERE", 10**6)
    monkeypatch.setattr(links, "A_DAY_EVERYWHERE", 10**6)
    monkeypatch.setattr(links, "ON_THE_WIRE", timedelta(milliseconds=20))


@pytest.fixture
def racers(make_app: Callable[..., Flask], hurry: None) -> Iterator[tuple[Flask, campaigns.Reading]]:
    """The application and the campaign of a race."""
    app = make_app(pool_size=20)
    with app.app_context():
        Cast(app).campaign()
        reading = campaigns.read("canteen")
        assert reading is not None
        db.session.remove()
        yield app, reading


@only_postgresql
@pytest.mark.parametrize("seed", [1])
def test_whatever_is_done_to_one_mailbox_at_the_same_time_nothing_crosses(
    racers: tuple[Flask, campaigns.Reading], seed: int
) -> None:
    """The race of issue 7: signing, deciding, confirming, withdrawing, "not me", deciding about, numbering."""
    race = Race(*racers, seed)
    race.run(7)
    race.finish()
    assert min(race.done[step.__name__] for step in race.steps) > 5, race.done
    assert len(race.sink.letters) > 20
    kinds = set(db.session.scalars(select(Move.kind)))
    assert kinds >= {"entered", "withdrawn", "held", "released", "corrected"}


@only_postgresql
def test_without_the_lock_on_the_link_the_same_race_goes_wrong(
    racers: tuple[Flask, campaigns.Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch that must turn the race red: else it would prove nothing."""
    unlocked = select(Link).where(Link.campaign_id == bindparam("c"), Link.mailbox == bindparam("m"))
    monkeypatch.setattr(links, "_by_mailbox", unlocked)
    of_many = Link.mailbox.in_(bindparam("m", expanding=True))
    monkeypatch.setattr(links, "_by_mailboxes", select(Link).where(Link.campaign_id == bindparam("c"), of_many))
    monkeypatch.setattr(links, "_by_id", select(Link).where(Link.id == bindparam("i")))
    for seed in range(1, 6):
        race = Race(*racers, seed)
        race.run(7, until_wrong=True)
        if race.wrong:
            break
    assert race.wrong
