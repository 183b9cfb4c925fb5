"""`petition account`: the first account, and help from the machine room."""

import re

from flask import Flask
from sqlalchemy import select

from petition import accounts, teams
from petition.base import db
from petition.journal import Entry
from tests.cast import Browser, Cast
from tests.cli.conftest import Petition


def test_the_first_account_is_invited_by_an_address_on_the_terminal_and_no_letter(
    app: Flask, cast: Cast, petition: Petition
) -> None:
    said = petition("account", "list").output
    assert "makes the first one" in said
    run = petition("account", "invite", "Ana@example.org", "--admin", BASE_URL="http://localhost")
    assert run.exit_code == 0
    found = re.search(r"http://localhost(/desk/welcome/\S+)", run.output)
    assert found
    assert Browser(app, use_cookies=True).get(found.group(1)).status_code == 200
    assert cast.deliver() == []
    assert petition("account", "list").output == "ana@example.org  administrator  0 campaigns  invited\n"
    again = petition("account", "invite", "ana@example.org", "--admin", BASE_URL="http://localhost")
    assert again.exit_code == 0
    assert Browser(app, use_cookies=True).get(found.group(1)).status_code == 404


def test_nonsense_is_refused_in_a_sentence(app: Flask, cast: Cast, petition: Petition) -> None:
    cast.organiser()
    db.session.remove()
    for words, said in (
        (("invite", "no address"), "no address that letters"),
        (("invite", "a@example.org", "--language", "xx"), "does not speak"),
        (("invite", "olga@example.org"), "account with this address already"),
        (("remove", "nobody@example.org"), "no account with this address"),
        (("reset-factor", "nobody@example.org"), "no account with this address"),
    ):
        run = petition("account", *words)
        assert (run.exit_code, said in run.output) == (2, True), run.output


def test_a_factor_is_reset_and_an_account_removed_with_their_lines_in_the_journal(
    app: Flask, cast: Cast, petition: Petition
) -> None:
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    assert petition("account", "reset-factor", "olga@example.org", "--reason", "lost").exit_code == 0
    assert desk.get("/desk/").status_code == 303
    assert [letter.subject for letter in cast.deliver()] == ["Your second factor was reset"]
    run = petition("account", "remove", "olga@example.org")
    assert (run.exit_code, "last owner" in run.output) == (2, True)
    cast.organiser(teams.OWNER, "canteen", name="Mia")
    assert petition("account", "remove", "olga@example.org", "--reason", "left").exit_code == 0
    assert accounts.by_address("olga@example.org") is None
    deeds = [(one.deed, one.reason) for one in db.session.scalars(select(Entry).order_by(Entry.id))]
    assert deeds[-2:] == [("grant taken: owner", "left"), ("account removed", "left")]
    assert ("second factor reset", "lost") in deeds
