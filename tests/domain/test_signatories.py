"""Who is shown in public, and who never is (S52; security.md, C4)."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select

from petition import decisions, signatories
from petition.base import db
from petition.campaigns import Reading
from petition.details import FULL, HIDDEN, SHORT, Choices, Details, shown, shown_key
from petition.journal import Entry
from petition.signatories import NotFirst, Signatory
from petition.signatures import Signature
from tests.cast import Cast
from tests.signers import enter, signer


def names(found: list[Signatory]) -> list[str]:
    return [one.name for one in found]


@pytest.fixture
def crowd(cast: Cast) -> Reading:
    """Some who are shown, and for each way of not being shown somebody called Hidden."""
    reading, other = cast.campaign(), cast.campaign("other")
    enter(
        signer(reading, "Ómar Łukasiewicz"), signer(reading, "Ana Prieto", "ES", "nurse"),
        signer(reading, "Zoë Ødegård", "IE", "chair, Harbour Choir", on_behalf=True), signer(reading, "béla nagy"),
        signer(reading, "100% Kofi_\\", "KE"),
    )  # fmt: skip
    enter(
        signer(reading, "Hidden by choice", appear=HIDDEN), signer(other, "Hidden elsewhere"),
        *(signer(reading, f"Hidden, {state}", state=state) for state in ("held", "removed")),
    )  # fmt: skip
    return reading


def test_only_those_who_count_and_chose_it_are_ever_shown(crowd: Reading) -> None:
    everywhere = [
        signatories.everybody(crowd.id, 100), signatories.newest(crowd.id, 100), signatories.search(crowd.id, "i", 100),
        signatories.search(crowd.id, "hidden", 100), signatories.of_country(crowd.id, "IE", 100),
        signatories.first(crowd.id),
    ]  # fmt: skip
    assert everywhere[0]
    assert not [name for found in everywhere for name in names(found) if name.startswith("Hidden")]
    assert signatories.by_country(crowd.id) == {"IE": 3, "ES": 1, "KE": 1}
    ids = db.session.scalars(select(Signature.id).where(Signature.sealed.is_not(None)))
    assert sum(signatories.one(crowd.id, key) is not None for key in ids) == 5


def test_organisations_come_first_then_people_by_name_without_case_and_accents(crowd: Reading) -> None:
    assert names(signatories.of_country(crowd.id, "IE", 10)) == ["Zoë Ødegård", "béla nagy", "Ómar Łukasiewicz"]
    assert names(signatories.newest(crowd.id, 2)) == ["100% Kofi_\\", "béla nagy"]


def test_pages_follow_each_other_and_leave_nobody_out_or_twice(cast: Cast) -> None:
    """Also where many have one name, and somebody on the page before has gone meanwhile."""
    reading = cast.campaign()
    rows = [signer(reading, "Ana López", on_behalf=place < 5, role="Choir" if place < 5 else "") for place in range(17)]
    enter(*rows)
    seen: list[int] = []
    last = None
    while True:
        page = signatories.of_country(reading.id, "IE", 4, last)
        if not page:
            break
        seen += [one.id for one in page]
        last = page[-1]
    assert sorted(seen) == sorted(row["id"] for row in rows)
    assert seen[:5] == sorted(row["id"] for row in rows[:5])


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("omar", ["Ómar Łukasiewicz"]), ("LUKASIEWICZ ómar", ["Ómar Łukasiewicz"]), ("odegard", ["Zoë Ødegård"]),
        ("harbour", ["Zoë Ødegård"]), ("nurse ana", ["Ana Prieto"]), ("ana harbour", []), ("", []), ("  ", []),
        ("%", []), ("_", []), ("\\", []), ("a%a", []), ("o_ar", []), ("100%", ["100% Kofi_\\"]), ("/", []), ("'", []),
        ("hidden", []), ("choice", []),
    ],
)  # fmt: skip
def test_a_search_finds_words_of_what_is_shown_and_takes_every_sign_for_itself(
    crowd: Reading, said: str, found: list[str]
) -> None:
    """C4."""
    assert names(signatories.search(crowd.id, said, 10)) == found


def test_a_sign_that_means_more_to_the_database_is_escaped_where_folding_keeps_it(cast: Cast) -> None:
    """A name of nothing but punctuation stays itself, and so does what is searched."""
    reading = cast.campaign()
    enter(*(signer(reading, name) for name in ("%", "_", "\\", "/", "Ana")))
    for sign in ("%", "_", "\\", "/"):
        assert names(signatories.search(reading.id, sign, 10)) == [sign]


def test_the_asterisk_stands_behind_an_organisation_named_for_identification_only() -> None:
    """S52: wherever it is shown, for it is a part of what is shown."""
    whole = Details("Ana María Ruiz", "a@example.org", role="nurse", organisation="Harbour Choir")
    chosen = Choices("en", appear=FULL, with_role=True)
    behalf = Choices("en", appear=SHORT, with_role=True, on_behalf=True)
    assert shown(whole, chosen) == ("Ana María Ruiz", "nurse, Harbour Choir*")
    assert shown(whole, behalf) == ("Ana R.", "nurse, Harbour Choir")
    assert shown(Details("Ana", "", role="nurse"), chosen) == ("Ana", "nurse")
    assert shown(whole, Choices("en", appear=FULL, on_behalf=True)) == ("Ana María Ruiz", "")
    assert shown(whole, Choices("en", appear=HIDDEN, with_role=True)) == ("", "")
    assert shown_key("", "") == ""


def test_first_signatories_stand_in_the_organisers_order(crowd: Reading) -> None:
    rows = {row.shown_name: row for row in db.session.scalars(select(Signature).where(Signature.shown_name != ""))}
    ana, bela, omar = (rows[name].mailbox for name in ("Ana Prieto", "béla nagy", "Ómar Łukasiewicz"))
    signatories.put_first(crowd.id, [omar, ana], actor="a test")
    signatories.put_first(crowd.id, [bela, omar], actor="a test", reason="agreed")
    db.session.commit()
    assert names(signatories.first(crowd.id)) == ["béla nagy", "Ómar Łukasiewicz"]
    decisions.decide(rows["béla nagy"].id, "hold", actor="a test", reason="asked", at=db.now())
    assert names(signatories.first(crowd.id)) == ["Ómar Łukasiewicz"]
    entry = db.session.scalars(select(Entry).where(Entry.deed == "first signatories named").order_by(Entry.id)).all()
    assert [(one.actor, one.count, one.reason) for one in entry] == [("a test", 2, ""), ("a test", 2, "agreed")]


@pytest.mark.parametrize(
    ("who", "why"),
    [("nobody", "has not signed"), ("held", "is held"), ("hidden", "did not choose"), ("again", "is named twice"),
     ("elsewhere", "has not signed")],
)  # fmt: skip
def test_who_is_not_shown_is_no_first_signatory_and_nothing_changes(cast: Cast, who: str, why: str) -> None:
    reading, other = cast.campaign(), cast.campaign("other")
    rows = {
        "shown": signer(reading, "Ana"), "held": signer(reading, "Held", state="held"),
        "hidden": signer(reading, "Hidden", appear=HIDDEN), "elsewhere": signer(other, "Elsewhere"),
    }  # fmt: skip
    enter(*rows.values())
    keys = {name: row["mailbox"] for name, row in rows.items()} | {
        "nobody": b"n" * 32,
        "again": rows["shown"]["mailbox"],
    }
    signatories.put_first(reading.id, [keys["shown"]], actor="a test")
    with pytest.raises(NotFirst, match=why) as refused:
        signatories.put_first(reading.id, [keys["shown"], keys[who]], actor="a test")
    assert refused.value.place == 2
    assert names(signatories.first(reading.id)) == ["Ana"]


def plans(call: Callable[[], object]) -> list[str]:
    """How the database goes about the queries of a call."""
    said: list[tuple[str, Any]] = []

    def listen(_connection: object, _cursor: object, statement: str, given: object, *_more: object) -> None:
        said.append((statement, given))

    engine = db.database().engine
    event.listen(engine, "before_cursor_execute", listen)
    call()
    event.remove(engine, "before_cursor_execute", listen)
    explain = "EXPLAIN QUERY PLAN " if db.is_sqlite() else "EXPLAIN "
    connection = db.session.connection()
    return ["\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + one, given)) for one, given in said]


def test_no_query_goes_through_the_table(crowd: Reading) -> None:
    """With a million signatures each page must come from an index: none may be scanned or sorted as a whole."""
    last = signatories.of_country(crowd.id, "IE", 2)[-1]
    calls: dict[str, Callable[[], object]] = {
        "counts": lambda: signatories.by_country(crowd.id), "all": lambda: signatories.everybody(crowd.id, 9),
        "country": lambda: signatories.of_country(crowd.id, "IE", 9, last),
        "first": lambda: signatories.first(crowd.id), "search": lambda: signatories.search(crowd.id, "ana", 9),
        "newest": lambda: signatories.newest(crowd.id, 9),
    }  # fmt: skip
    if not db.is_sqlite():
        # A table of ten rows is read whole, or sorted, whatever stands beside it: all the more once it was analysed.
        for shortcut in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            db.session.connection().exec_driver_sql(f"SET LOCAL {shortcut} = off")
    wanted = {"first": "signature_first", "newest": "signature_order"}
    for name, call in calls.items():
        found = plans(call)
        assert found, name
        assert wanted.get(name, "signature_shown") in found[0], (name, found)
        assert not any("Seq Scan" in plan or "SCAN signature" in plan for plan in found), (name, found)
        if name in ("all", "country"):
            assert not any("Sort" in plan or "TEMP B-TREE" in plan for plan in found), (name, found)
