"""Signatures by commands: found by an address, decided with a reason, the first ones named; all in the journal."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from petition import breakdowns
from petition.base import db
from petition.journal import Entry
from petition.register import Tally
from petition.signatures import Signature
from tests.cast import Cast
from tests.cli.conftest import Petition
from tests.signers import enter, signer


def signature_id() -> int:
    db.session.remove()
    return db.session.scalars(select(Signature.id)).one()


def entries(deed: str) -> list[Entry]:
    db.session.remove()
    return list(db.session.scalars(select(Entry).where(Entry.deed == deed).order_by(Entry.id)))


def test_a_signature_is_found_by_any_spelling_of_its_mailbox(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    cast.signed("ana@example.org")
    result = petition("signature", "find", " ANA@Example.ORG ")
    assert result.exit_code == 0
    assert result.stdout.split() == [str(signature_id()), "counted", result.stdout.split()[2], "canteen"]


def test_a_pending_signature_is_found_and_called_so(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    cast.sign("ana@example.org")
    assert "pending" in petition("signature", "find", "ana@example.org", "--campaign", "canteen").stdout


def test_a_look_is_in_the_journal_by_number_and_never_by_address(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    cast.signed("ana@example.org")
    petition("signature", "find", "ana@example.org", "--reason", "she asked us")
    petition("signature", "find", "nobody@example.org")
    found, missed = entries("signature looked up")
    assert (found.about, found.count, found.reason) == (signature_id(), 1, "she asked us")
    assert (missed.about, missed.count) == (None, 0)
    assert "example.org" not in " ".join(f"{entry.actor} {entry.reason}" for entry in (found, missed))


def test_nothing_found_ends_with_1(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    assert petition("signature", "find", "nobody@example.org").exit_code == 1


@pytest.mark.parametrize(
    "words", [("ana@",), ("ana@example.org", "--campaign", "nowhere")], ids=["no address", "no campaign"]
)
def test_what_cannot_be_looked_for_ends_with_2(petition: Petition, cast: Cast, words: tuple[str, ...]) -> None:
    cast.campaign()
    assert petition("signature", "find", *words).exit_code == 2
    assert entries("signature looked up") == []


def test_decisions_move_the_total_and_are_in_the_journal_with_their_reason(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    cast.signed()
    number = signature_id()
    for verb, total in (("hold", 0), ("release", 1), ("remove", 0), ("restore", 1)):
        assert petition("signature", verb, number, "--reason", f"to {verb} it").exit_code == 0
        assert cast.total() == total
    reasons = [entries(f"signature {kind}")[0].reason for kind in ("held", "released", "removed", "restored")]
    assert reasons == ["to hold it", "to release it", "to remove it", "to restore it"]
    assert petition("register", "check").exit_code == 0


@pytest.mark.parametrize("verb", ["hold", "release", "remove", "restore"])
@pytest.mark.parametrize("reason", [(), ("--reason", " "), ("--reason", "two\nlines")])
def test_a_decision_without_a_plain_reason_is_refused(petition: Petition, verb: str, reason: tuple[str, ...]) -> None:
    assert petition("signature", verb, 1, *reason).exit_code == 2


def test_a_decision_that_the_state_does_not_allow_is_refused_and_says_the_state(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    cast.signed()
    result = petition("signature", "release", signature_id(), "--reason", "why not")
    assert result.exit_code == 2
    assert "is counted; you cannot release it" in result.stderr
    assert petition("signature", "hold", 1, "--reason", "nobody").exit_code == 2


def test_the_register_tells_a_wrong_tally_and_is_made_anew(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    cast.signed()
    cast.number()
    assert petition("register", "check").exit_code == 0
    db.session.execute(update(Tally).where(Tally.dimension == "total").values(amount=7))
    db.session.commit()
    result = petition("register", "check")
    assert result.exit_code == 1
    assert "canteen: the total shown is 7, the moves sum up to 1" in result.stdout
    assert petition("register", "rebuild", "--campaign", "canteen").exit_code == 0
    assert petition("register", "check", "--campaign", "canteen").exit_code == 0
    assert cast.total() == 1
    assert len(entries("register rebuilt")) == 1


def test_the_register_tells_a_row_that_is_gone(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    cast.signed()
    db.session.execute(delete(Signature))
    db.session.commit()
    result = petition("register", "check")
    assert result.exit_code == 1
    assert "canteen: 0 signatures count, the moves sum up to 1" in result.stdout


# First signatories


def first() -> list[str]:
    db.session.remove()
    query = select(Signature.shown_name).where(Signature.first.is_not(None)).order_by(Signature.first)
    return list(db.session.scalars(query))


def test_first_signatories_are_named_by_their_addresses_in_order(petition: Petition, cast: Cast) -> None:
    cast.campaign()
    for name in ("Ana", "Ben", "Kim"):
        cast.signed(f"{name}@example.org", name=name, appear="full")
    result = petition("signature", "first", "canteen", "kim@example.org", " ANA@example.org", "--reason", "agreed")
    assert (result.exit_code, result.stdout) == (0, "“canteen” has 2 first signatories now.\n")
    assert first() == ["Kim", "Ana"]
    (line,) = entries("first signatories named")
    assert (line.count, line.reason) == (2, "agreed")
    assert petition("signature", "first", "canteen", "--none").exit_code == 0
    assert first() == []


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (["canteen"], "Name the addresses in their order, or give --none alone."),
        (["canteen", "ana@example.org", "--none"], "Name the addresses in their order, or give --none alone."),
        (["canteen", "ana@example.org", "nobody@example.org"], "Address 2 has not signed; nothing was changed."),
        (["canteen", "eve@example.org"], "Address 1 did not choose to be shown; nothing was changed."),
        (["canteen", "ana@example.org", "ana+x@gmail"], "Address 2 is no address; nothing was changed."),
        (["nowhere", "ana@example.org"], "There is no campaign “nowhere”; `petition campaign list` names them all."),
    ],
)
def test_who_cannot_be_first_is_said_by_place_and_never_by_address(
    petition: Petition, cast: Cast, said: list[str], sentence: str
) -> None:
    cast.campaign()
    cast.signed("ana@example.org", name="Ana", appear="full")
    cast.signed("eve@example.org", name="Eve")
    result = petition("signature", "first", *said)
    assert (result.exit_code, result.stderr) == (2, f"petition: {sentence}\n")
    assert first() == []
    assert entries("first signatories named") == []


def test_divisions_are_published_by_a_command_when_they_are_due(petition: Petition, cast: Cast) -> None:
    reading = cast.campaign()
    enter(*(signer(reading, f"Ana {place}") for place in range(12)))
    cast.number()
    assert petition("register", "publish").stdout.startswith("Published of 0 campaigns")
    cast.row().published_at = db.now() - timedelta(days=2)
    db.session.commit()
    result = petition("register", "publish", "--campaign", "canteen")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "canteen")
    db.session.remove()
    assert breakdowns.read(reading.id)["country"].total == 12
    assert len(entries("breakdowns published")) == 1
    assert petition("register", "publish").stdout.startswith("Published of 0 campaigns")
