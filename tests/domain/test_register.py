"""Moves, numbers and tallies agree with each other and with the rows, whatever happens in which order."""

import random
from collections import Counter

import pytest
from sqlalchemy import select, text, update

from petition import decisions, links, register, signatures
from petition.base import db, mailbox
from petition.base.crypto import new_key
from petition.campaigns import Reading
from petition.details import Choices, Details
from petition.register import Move, Tally
from petition.signatures import Signature
from tests.cast import Cast
from tests.signers import press

PEOPLE = [f"person{n}@example.org" for n in range(6)]
COUNTRIES = ["IE", "ES", ""]


def _press(reading: Reading, address: str, country: str) -> None:
    box = mailbox.parse(address)
    row = signatures.sign(
        reading, reading.wording("en").id, 1, box, Details("A person", address), Choices("en", country),
        network=None, at=db.now(),
    )  # fmt: skip
    link = links.take(reading.id, signatures.mailbox_key(reading, box.folded))
    press(reading, link, row)


def _link(reading: Reading, address: str) -> links.Link:
    return links.take(reading.id, signatures.mailbox_key(reading, mailbox.parse(address).folded))


def _one(reading: Reading, address: str) -> Signature | None:
    return signatures.signature_of(_link(reading, address))


class Model:
    """What must be true, kept by hand: who counts, who is held or removed, and what was erased."""

    def __init__(self) -> None:
        self.state: dict[str, str] = {}
        self.country: dict[str, str] = {}
        self.erased: set[str] = set()

    def total(self) -> int:
        return Counter(self.state.values())["counted"]

    def by_country(self) -> dict[str, int]:
        counted = Counter(self.country[who] for who, state in self.state.items() if state == "counted")
        return dict(sorted(counted.items()))


def _act(reading: Reading, model: Model, dice: random.Random) -> None:
    who = dice.choice(PEOPLE)
    verb = dice.choice(["press", "hold", "release", "remove", "restore", "withdraw", "correct"])
    state = model.state.get(who)
    if verb == "press":
        country = dice.choice(COUNTRIES)
        _press(reading, who, country)
        if state is None:
            model.state[who], model.country[who] = "counted", country
    elif verb == "withdraw":
        signatures.withdraw(reading, _link(reading, who), db.now())
        if state == "counted":
            del model.state[who]
        elif state:
            model.erased.add(who)
    elif verb == "correct":
        found = _one(reading, who)
        if found is not None and found.sealed is not None:
            country = dice.choice(COUNTRIES)
            signatures.correct(reading, found, Details("Another name", ""), Choices("en", country), db.now())
            model.country[who] = country
    elif state:
        _decide(reading, model, who, verb)


def _decide(reading: Reading, model: Model, who: str, verb: str) -> None:
    found = _one(reading, who)
    assert found is not None
    ways = {"hold": ("counted",), "release": ("held",), "remove": ("counted", "held"), "restore": ("removed",)}
    ends = {"hold": "held", "release": "counted", "remove": "removed", "restore": "counted"}
    allowed = model.state[who] in ways[verb] and not (who in model.erased and ends[verb] == "counted")
    assert decisions.decide(found.id, verb, actor="a test", reason="because", at=db.now()) is allowed
    if allowed:
        model.state[who] = ends[verb]


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_deeds_gives_the_total_a_person_would_count(cast: Cast, seed: int) -> None:
    reading = cast.campaign()
    model, dice = Model(), random.Random(seed)
    for _ in range(60):
        _act(reading, model, dice)
        db.session.commit()
        if dice.random() < 0.2:
            register.number(reading.id, most=dice.choice([1, 3, 1000]))
            db.session.commit()
        assert register.total(reading.id) == model.total() == signatures.counted(reading.id)
        assert register.breakdown(reading.id, "country") == model.by_country()
        assert register.check(reading.id, signatures.counted(reading.id)) == []
    db.session.rollback()
    cast.number()
    numbers = list(db.session.scalars(select(Move.number).order_by(Move.number)))
    assert numbers == list(range(1, len(numbers) + 1))
    assert register.check(reading.id, signatures.counted(reading.id)) == []


def _counted_twice(cast: Cast) -> Reading:
    reading = cast.campaign()
    for who in PEOPLE[:2]:
        _press(reading, who, "IE")
    db.session.commit()
    cast.number()
    return reading


def test_a_tally_changed_by_hand_is_found_and_mended_by_rebuilding(cast: Cast) -> None:
    reading = _counted_twice(cast)
    db.session.execute(update(Tally).where(Tally.dimension == "country").values(amount=7))
    db.session.commit()
    assert register.check(reading.id, 2) == ["the tally of country “IE” is 7, the moves say 2"]
    register.rebuild(reading.id)
    db.session.commit()
    assert register.check(reading.id, 2) == []


def test_a_missing_number_a_missing_row_and_a_wrong_total_are_found(cast: Cast) -> None:
    reading = _counted_twice(cast)
    db.session.execute(text("DELETE FROM move WHERE number = 1"))
    db.session.commit()
    wrong = " ".join(register.check(reading.id, 2))
    assert "the numbers have gaps" in wrong
    assert "2 signatures count, the moves sum up to 1" in wrong
    assert "the total shown is 2" in wrong


def test_equal_mailboxes_in_two_campaigns_have_keys_that_cannot_be_linked(cast: Cast) -> None:
    one, other = cast.campaign("one"), cast.campaign("other")
    assert signatures.mailbox_key(one, "ana@example.org") != signatures.mailbox_key(other, "ana@example.org")
    assert one.hash_key() != other.hash_key() != new_key()
