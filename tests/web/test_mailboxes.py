"""One person, one mailbox: what counts as the same, what does not, and what nobody can link."""

import itertools
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from petition import signatures
from petition.base import db, mailbox
from petition.links import Link
from petition.signatures import Signature
from tests.cast import Cast, form_token
from tests.web.steps import pending, stored


def boxes(cast: Cast, *emails: str) -> int:
    """Sign with each of these addresses; how many mailboxes that is."""
    client = cast.browser()
    token = form_token(client.get("/en/campaigns/canteen").text)
    for email in emails:
        data = {"name": "Ana", "email": email, "country": "IE", "token": token}
        answer = client.post("/en/campaigns/canteen", data=data)
        assert answer.status_code == 303, email
    return len({one.mailbox for one in pending()})


SAME = [
    ["ana@example.org", "ANA@EXAMPLE.ORG", "  ana@example.org  ", "ana@example.org.", "Ana@Example.Org. "],
    ["u@bücher.example", "U@BÜCHER.EXAMPLE", "u@xn--bcher-kva.example", "u@XN--BCHER-KVA.example"],
    ["a@example.com", "a@ｅxample.com"],
    ["ana@gmail.com", "a.n.a@gmail.com", "ana+petition@gmail.com", "a.na+x+y@googlemail.com"],
    ["ana@outlook.com", "ana+x@outlook.com", "ANA+y@Outlook.com"],
    ["a.b@icloud.com", "a.b+list@icloud.com"],
]


@pytest.mark.parametrize("emails", SAME, ids=lambda emails: emails[0])
def test_spellings_of_one_mailbox_are_one_mailbox(cast: Cast, emails: list[str]) -> None:
    """S20, S21, and 2.2 43, 44, 46."""
    cast.campaign()
    assert boxes(cast, *emails) == 1
    assert len(cast.deliver()) == 1


OTHERS = [
    ["j.doe@outlook.com", "jdoe@outlook.com"],
    ["j.doe@example.org", "jdoe@example.org"],
    ["a-b@yahoo.com", "a@yahoo.com", "a_b@yahoo.com"],
    ["x@u.fastmail.com", "x@fastmail.com"],
    ["ana@example.org", "ana+x@example.org"],
    ["a@example.com", "a@exаmple.com"],
    ["strasse@example.org", "a@example.org", "a@sub.example.org"],
    ["u@strasse.example", "u@straße.example"],
    ["ana@gmail.com", "ana@gmail.example.org", "ana@mail.com"],
]


@pytest.mark.parametrize("emails", OTHERS, ids=lambda emails: emails[0])
def test_two_people_are_never_merged(cast: Cast, emails: list[str]) -> None:
    """S22, A5, D16: each can sign and each counts."""
    cast.campaign()
    assert boxes(cast, *emails) == len(emails)
    letters = cast.deliver()
    assert len(letters) == len(emails)
    for letter in letters:
        cast.press(letter)
    assert cast.total() == len(emails)


def test_letters_go_to_the_address_as_typed_and_to_the_domain_that_mail_understands(cast: Cast) -> None:
    """S20, S21, D17."""
    cast.campaign()
    typed = ["Ana.Maria+List@GMAIL.com", "U@bücher.example", " Bo@Example.ORG. "]
    assert boxes(cast, *typed) == 3
    assert {letter.to for letter in cast.deliver()} == {
        "Ana.Maria+List@gmail.com", "U@xn--bcher-kva.example", "Bo@example.org",
    }  # fmt: skip


def test_sixty_four_variants_of_one_box_are_one_mailbox_one_letter_and_one_signature(cast: Cast) -> None:
    """A4."""
    cast.campaign()
    locals_ = ["".join(parts) for parts in itertools.product("j", ["", "."], "d", ["", "."], "o", ["", "."], "e")]
    variants = [
        spelled + tag + domain
        for local, tag, domain in itertools.product(locals_, ["", "+1"], ["@gmail.com", "@googlemail.com"])
        for spelled in (local, local.upper())
    ]
    assert len(set(variants)) == 64
    # The network's soft limit of sixty an hour has nothing to do with it: one letter says all.
    assert boxes(cast, *variants) == 1
    (letter,) = cast.deliver()
    cast.press(letter)
    with time_machine.travel(timedelta(minutes=30)):
        assert cast.deliver() == []
    assert cast.total() == 1
    assert pending() == []


def test_signing_another_campaign_is_independent(cast: Cast) -> None:
    """S23."""
    cast.campaign()
    cast.campaign("library")
    cast.signed(slug="canteen")
    assert (cast.total("canteen"), cast.total("library")) == (1, 0)
    cast.sign(slug="library")
    (letter,) = cast.deliver()
    assert letter.subject == "Please confirm your signature"
    cast.press(letter)
    assert (cast.total("canteen"), cast.total("library")) == (1, 1)


def test_nothing_in_the_database_links_one_mailbox_in_two_campaigns(cast: Cast) -> None:
    """S23: no value that is the person's own stands in both campaigns' rows, waiting or counted."""
    cast.campaign()
    cast.campaign("library")
    for slug in ("canteen", "library"):
        cast.signed(slug=slug, appear="hidden")
        cast.sign(slug=slug)
    per_campaign: list[set[bytes | str]] = []
    for slug in ("canteen", "library"):
        campaign_id = cast.reading(slug).id
        per_campaign.append(_own_values(campaign_id))
    assert per_campaign[0] & per_campaign[1] == set()
    assert {one.mailbox for one in stored()} == {one.mailbox for one in pending()}


def _own_values(campaign_id: int) -> set[bytes | str]:
    """Every longer value in a campaign's rows but the network's hash, which two neighbours share."""
    found: set[bytes | str] = set()
    for table in db.Base.metadata.sorted_tables:
        if "campaign_id" in table.c and table.name not in ("wording", "consent", "campaign_slug", "journal"):
            for row in db.session.execute(select(table).where(table.c.campaign_id == campaign_id)).mappings():
                found |= {
                    value
                    for name, value in row.items()
                    if isinstance(value, bytes | str) and len(value) > 12 and name != "network"
                }
    db.session.remove()
    return found


def test_the_key_of_a_mailbox_is_the_campaigns_and_found_again_through_it(cast: Cast) -> None:
    """S23: who has the key ring finds an address; its domain is hashed apart."""
    cast.campaign()
    cast.signed("A.Na+x@gmail.com")
    key = signatures.mailbox_key(cast.reading(), mailbox.parse("ana@googlemail.com").folded)
    (found,) = db.session.scalars(select(Signature).where(Signature.mailbox == key)).all()
    assert found.domain != found.mailbox
    assert db.session.scalar(select(Link.mailbox)) == key
