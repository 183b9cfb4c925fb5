"""Who has signed? Nothing that can be seen, measured or stolen tells."""

import gc
import hashlib
import hmac
import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from petition import campaigns, contacts, decisions, networks, objections, retention, signatures
from petition.base import crypto, db, i18n, mailbox
from petition.letters import KINDS, Letters
from petition.links import SiteKey
from petition.signatures import PendingSignature
from tests.cast import Cast, Sink, form_token, link_in
from tests.web import endorsing
from tests.web.steps import START, network_key, page, path_of, pending, stored


@pytest.fixture
def clock(app: Flask) -> Iterator[time_machine.Traveller]:
    """A clock that the test moves."""
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


#: One address of equal length for each thing that may be known about it.
STATES = {
    "never": "new", "waiting": "pen", "counted": "con", "withdrawn": "wit", "refused": "sup", "over the limit": "ove",
    "held": "hel", "removed": "rem", "quiet": "qui",
}  # fmt: skip


def in_all_states(cast: Cast, clock: time_machine.Traveller) -> dict[str, str]:
    """A mailbox in each state, by the state's name; an hour later."""
    emails = {state: f"{name}@example.org" for state, name in STATES.items()}
    for state in ("waiting", "over the limit"):
        cast.sign(emails[state])
    cast.deliver()
    for _ in range(4):
        clock.shift(timedelta(minutes=11))
        cast.sign(emails["over the limit"])
        cast.deliver()
    for state, verb in (("withdrawn", "withdraw"), ("refused", "no-letters"), ("quiet", "not-me")):
        letter = cast.signed(emails[state])
        cast.browser().post(f"{path_of(link_in(letter))}/{verb}")
        cast.deliver()
    for state, verb in (("held", "hold"), ("removed", "remove")):
        cast.signed(emails[state])
        decisions.decide(stored()[-1].id, verb, actor="a test", reason="a doubt", at=db.now())
        db.session.commit()
        clock.shift(timedelta(seconds=1))
    cast.signed(emails["counted"])
    clock.shift(timedelta(hours=1))
    return emails


def seen(answer: TestResponse, email: str) -> tuple[object, ...]:
    """All that a stranger sees of an answer, without the stamp and the address typed."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in ("Date", "Location"))
    where = answer.headers.get("Location", "")
    length = len(answer.data) if "Location" not in answer.headers else len(where)
    text = "" if where else answer.text.replace(email, "ADDRESS")
    return answer.status_code, headers, where.rpartition("/")[0], length, text


def test_the_answer_to_the_form_is_the_same_whatever_is_known_of_an_address(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S12, C1, C2: status, headers, body and length, of the POST and of the page after it, sign and send-me-my-link."""
    cast.campaign()
    emails = in_all_states(cast, clock)
    client = cast.browser()
    token = form_token(client.get("/en/campaigns/canteen").text)
    posts, pages, links = {}, {}, {}
    for state, email in emails.items():
        data = {"name": "Ana", "email": email, "country": "IE", "token": token}
        answer = client.post("/en/campaigns/canteen", data=data)
        posts[state] = seen(answer, email)
        pages[state] = page(cast, answer.location).replace(email, "ADDRESS")
        headers = dict(client.get(answer.location).headers)
        assert "Set-Cookie" not in headers
        assert not any("limit" in name.lower() for name in headers)
        sent = client.post("/en/campaigns/canteen/link", data={"email": email, "token": token})
        links[state] = (*seen(sent, email), seen(client.get(sent.location), email))
    for answers in (posts, pages, links):
        assert {state for state in answers if answers[state] != answers["never"]} == set()


def test_a_form_with_a_mistake_is_answered_alike_whatever_is_known_of_the_address(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S12, C1."""
    cast.campaign()
    emails = in_all_states(cast, clock)
    token = form_token(cast.browser().get("/en/campaigns/canteen").text)
    data = {"name": "", "country": "IE", "token": token}
    answers = {
        seen(cast.browser().post("/en/campaigns/canteen", data=data | {"email": email}), email)[-1]
        for email in emails.values()
    }
    assert len(answers) == 1


def test_a_form_does_the_same_work_in_the_database_whatever_is_known_of_the_address(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """S12, B7, C3: the same number of rows, and sealed pieces of the same length."""
    cast.campaign()
    emails = in_all_states(cast, clock)
    token = form_token(cast.browser().get("/en/campaigns/canteen").text)
    lengths = set()
    for email in emails.values():
        before = {row.id for row in pending()}
        data = {"name": "Ana", "email": email, "country": "IE", "token": token}
        cast.browser().post("/en/campaigns/canteen", data=data)
        (new,) = [row for row in pending() if row.id not in before]
        lengths.add(len(new.sealed))
        assert new.asked_at is None
    assert len(lengths) == 1


def measured(cast: Cast, known: str, unknown: str, times: int = 300) -> tuple[float, float]:
    """Post two addresses in turn so often: the p-value that they differ (Mann-Whitney), the medians' difference (s)."""
    token = form_token(cast.browser().get("/en/campaigns/canteen").text)
    spent: dict[str, list[float]] = {known: [], unknown: []}
    client = cast.browser()
    gc.disable()
    try:
        for _ in range(times):
            for email, list_ in spent.items():
                data = {"name": "Ana", "email": email, "country": "IE", "token": token}
                start = time.perf_counter()
                answer = client.post("/en/campaigns/canteen", data=data)
                list_.append(time.perf_counter() - start)
                assert answer.status_code == 303
    finally:
        gc.enable()
    first, second = spent.values()
    return mann_whitney(first, second), abs(statistics.median(first) - statistics.median(second))


def mann_whitney(first: list[float], second: list[float]) -> float:
    """Two-sided p-value by the normal approximation; ties do not matter to clocks of nanoseconds."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    rank_sum = sum(rank for rank, (_, of) in enumerate(ranked, 1) if of == 0)
    m, n = len(first), len(second)
    u = rank_sum - m * (m + 1) / 2
    z = abs(u - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12)
    return math.erfc(z / math.sqrt(2))


def tells(cast: Cast, known: str, unknown: str, times: int = 300) -> bool:
    """Whether a stranger with a stopwatch learns something: twice in a row."""
    for _ in range(2):
        p, difference = measured(cast, known, unknown, times)
        if p >= 0.0001 or difference <= 0.0005:
            return False
    return True


def test_a_stopwatch_does_not_tell_who_has_signed_but_would_tell_two_milliseconds(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S12, C3: with its control, for a test that cannot fail proves nothing."""
    app = make_app(hard_limit=1_000_000)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        cast.signed("con@example.org")
        assert not tells(cast, "con@example.org", "new@example.org")
        signs = signatures.sign

        def slower(reading: campaigns.Reading, *rest: Any, **more: Any) -> int:
            if "con@example.org" in [getattr(one, "address", "") for one in rest]:
                time.sleep(0.002)
            return signs(reading, *rest, **more)

        monkeypatch.setattr(signatures, "sign", slower)
        # On a machine that does ten other things it takes more tries to see it through the noise.
        assert any(tells(cast, "con@example.org", "new@example.org", times) for times in (300, 300, 1000, 3000))


def test_a_network_is_stored_as_a_hash_that_its_addresses_share_and_another_day_does_not(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """C10: /24 of IPv4, /48 of IPv6, an IPv4 inside IPv6 as itself; nothing for what is no address."""
    same = [
        ("203.0.113.1", "203.0.113.99"),
        ("2001:db8:7::1", "2001:db8:7:ffff::2"),
        ("::ffff:203.0.113.5", "203.0.113.8"),
    ]
    for one, other in same:
        assert networks.hashed(one, db.now()) == networks.hashed(other, db.now())
    db.session.commit()
    assert networks.hashed("203.0.113.1", db.now()) != networks.hashed("203.0.114.1", db.now())
    assert networks.hashed("2001:db8:7::1", db.now()) != networks.hashed("2001:db8:8::1", db.now())
    today = networks.hashed("203.0.113.1", db.now())
    clock.shift(timedelta(days=1))
    assert networks.hashed("203.0.113.1", db.now()) != today
    for none in (
        "",
        "<script>",
        "203.0.113",
        "0203.0.113.1",
        "203.0.113.01",
        "203.0.113.1 ",
        "２03.0.113.1",
        "203.0.113.1\0",
    ):
        assert networks.hashed(none, db.now()) is None


def test_after_forty_nine_hours_no_network_can_be_recomputed_from_a_known_address(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """C10: the day's key is gone, and the hashes on rows with it; nor does a process remember the key."""
    cast.campaign()
    cast.signed("bo@example.org")
    cast.sign()
    key = network_key(START)
    assert key is not None
    old = crypto.keyed_hash(key, "network", networks.network("127.0.0.1"))
    assert {one.network for one in (*pending(), *stored())} == {old}
    clock.move_to(START.replace(hour=0) + timedelta(days=1, hours=49))
    _retain()
    assert network_key(START) is None
    assert {one.network for one in (*pending(), *stored())} == {None}
    names = db.session.scalars(select(SiteKey.name)).all()
    db.session.remove()
    assert [name for name in names if name.startswith("network")] == []
    assert old not in _all_bytes()


def _retain() -> None:
    for _ in retention.steps(db.now()):
        db.session.commit()
    db.session.remove()


def _all_bytes() -> set[bytes]:
    """Every binary value in the database."""
    found = set()
    for table in db.Base.metadata.sorted_tables:
        for row in db.session.execute(select(table)):
            found |= {bytes(value) for value in row if isinstance(value, bytes)}
    db.session.remove()
    return found


def _dump() -> str:
    """Every value in the database as text."""
    tables = db.Base.metadata.sorted_tables
    found = "\n".join(repr(tuple(row)) for table in tables for row in db.session.execute(select(table)))
    db.session.remove()
    return found


SIGNERS = [("Zebulon Quokka", "zebulon.quokka@example.org"), ("Ada Numbat", "ada@numbat.example")]


def test_a_stolen_database_without_the_keys_tells_of_no_address_in_a_dictionary(cast: Cast) -> None:
    """C11, scaled down: signers among a thousand guesses, under every plain hash; with the key ring they are found."""
    cast.campaign()
    for name, email in SIGNERS:
        cast.signed(email, name=name, place="Wombat Bay", comment="My quoll told me", news="y")
    cast.sign("waiting@bandicoot.example", name="Willa Bandicoot")
    dump, values = _dump(), _all_bytes()
    for word in ("quokka", "numbat", "zebulon", "ada@", "wombat", "quoll", "bandicoot", "willa"):
        assert word not in dump.lower()
    guesses = [email for _, email in SIGNERS] + [f"guess{number}@example.org" for number in range(1000)]
    assert [guess for guess in guesses if values & _plain_hashes(guess, values)] == []
    reading = cast.reading()
    found = [guess for guess in guesses if signatures.mailbox_key(reading, mailbox.parse(guess).folded) in values]
    assert found == [email for _, email in SIGNERS]


def _plain_hashes(email: str, values: set[bytes]) -> set[bytes]:
    """What somebody without the keys can compute, with what stands in the database as keys too."""
    texts = [email.encode(), f"mailbox\n{email}".encode()]
    plain = {hashlib.new(name, text).digest() for name in ("sha256", "sha1", "md5", "blake2s") for text in texts}
    keys = [b"", b"petition", *(value for value in values if len(value) >= 60)][:8]
    return plain | {hmac.digest(key, text, "sha256") for key in keys for text in texts}


def test_without_the_key_ring_nothing_sealed_opens(cast: Cast, make_app: Callable[..., Flask], tmp_path: Path) -> None:
    """C11, C12: another ring, the same database."""
    cast.campaign()
    cast.sign()
    (waiting,) = pending()
    crypto.write(tmp_path / "other.json", crypto.with_new_key(None))
    stranger = make_app(keys_file=tmp_path / "other.json")
    with stranger.app_context():
        reading = campaigns.read("canteen")
        assert reading is not None
        with pytest.raises(crypto.Unsealable):
            reading.hash_key()
        with pytest.raises(crypto.Unsealable):
            crypto.unseal("signature", str(reading.id), waiting.sealed)
        db.session.remove()


def test_a_sealed_piece_opens_for_its_own_campaign_and_purpose_alone(cast: Cast) -> None:
    """C11: a blob moved to another row or campaign is worth nothing."""
    cast.campaign()
    other = cast.campaign("library")
    cast.sign()
    (waiting,) = pending()
    for purpose, context in (("signature", str(other.id)), ("contact", str(waiting.campaign_id)), ("letter", "1")):
        with pytest.raises(crypto.Unsealable):
            crypto.unseal(purpose, context, waiting.sealed)


def test_confirming_copies_what_was_sealed_and_every_sealing_differs(cast: Cast) -> None:
    """C11: equal details do not look equal."""
    cast.campaign()
    cast.sign()
    cast.sign()
    first, second = pending()
    assert first.sealed != second.sealed
    cast.press(cast.deliver()[0], str(first.id))
    assert stored()[0].sealed == first.sealed


def test_neither_subject_nor_sender_of_any_letter_says_a_word_of_the_campaign(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    """C13: every kind of letter there is, in every language, in all its forms."""
    cast.campaign()
    words = {"take", "canteen", "workers", "back", "port", "authority", "readmitan", "trabajadoras", "portuaria"}
    for language in i18n.languages():
        subjects = _every_letter(cast, clock, language)
        assert len(subjects) == 7
        for subject in subjects:
            assert not words & set(subject.lower().replace("“", " ").split()), subject
            assert "ana" not in subject.lower().split()


def _every_letter(cast: Cast, clock: time_machine.Traveller, language: str) -> set[str]:
    """Walk through all that makes a letter; the subjects of those that came."""
    email = f"ana-{language}@example.org"
    path = path_of(link_in(_signed(cast, email, language)))
    kinds = {"link"}
    for verb, back in ((None, None), ("hold", "release"), ("remove", "restore")):
        clock.shift(timedelta(days=1))
        mine = next(one for one in stored() if one.language == language)
        if verb:
            decisions.decide(mine.id, verb, actor="a test", reason="a doubt", at=db.now())
            db.session.commit()
        cast.sign(email, language=language)
        assert len(cast.deliver()) == 1
        if back:
            decisions.decide(mine.id, back, actor="a test", reason="a doubt", at=db.now())
            db.session.commit()
    kinds |= _decided_and_answered(cast, clock, language, path)
    cast.browser().post(f"{path}/correct", data={"name": "Ana", "country": "IE"})
    assert len(cast.deliver()) == 1
    cast.browser().post(f"{path}/withdraw")
    assert len(cast.deliver()) == 1
    clock.shift(timedelta(days=1))
    endorsing.asked(cast, email, path=f"/{language}/campaigns/canteen/endorse")
    kinds |= {"corrected", "withdrawn", "endorsement"}
    # What is posted ready goes to organisers, who know what they work on.
    assert kinds | {"fresh", "reminder", "ready", *contacts.LETTERS} == set(KINDS)
    return {letter.subject for letter in cast.sink.letters if letter.to == email}


def _decided_and_answered(cast: Cast, clock: time_machine.Traveller, language: str, path: str) -> set[str]:
    mine = next(one for one in stored() if one.language == language)
    decisions.decide(mine.id, "hold", actor="a test", reason="a doubt", at=db.now(), tell=True)
    db.session.commit()
    clock.shift(timedelta(hours=2))
    assert len(cast.deliver()) == 1
    cast.browser().post(f"{path}/object", data={"words": "It was me."})
    row = objections.waiting(mine.campaign_id, 1)[0]
    objections.answer(row, "release", "Sorry.", mailbox=mine.mailbox, language=language, actor="a test", reason="",
                      at=db.now())  # fmt: skip
    decisions.decide(mine.id, "release", actor="a test", reason="a doubt", at=db.now())
    db.session.commit()
    assert len(cast.deliver()) == 1
    return {"decided", "answered"}


def _signed(cast: Cast, email: str, language: str):
    cast.sign(email, language=language)
    (letter,) = cast.deliver()
    cast.press(letter)
    return letter


def test_the_worker_needs_no_request_to_word_a_letter(cast: Cast) -> None:
    """B12: what it sends is built from the settings alone."""
    cast.campaign()
    cast.sign()
    other = replace(cast, sink=Sink())
    assert [letter.to for letter in other.deliver()] == ["ana@example.org"]
    assert db.session.scalars(select(PendingSignature.asked_at)).all() != [None]
    assert set(dir(Letters())) >= {"decide", "settle"}
