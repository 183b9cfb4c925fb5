"""The wall of the desk (S40): every route there is, tried by everybody there is, against the table of rights.

New routes are found by themselves. A route with a new kind of parameter needs one line in `_filled`.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from petition import (
    endorsement_decisions,
    export,
    gatherings,
    objections,
    partners,
    rules,
    searching,
    taking,
    teams,
)
from petition.base import db, tokens
from petition.details import Details
from petition.drafts import Text
from petition.endorsements import Organisation, Person
from petition.selection import Filter
from petition.web.desk import wall
from petition.web.desk.wall import ANYBODY, SIGNED_IN, Need, Wall
from tests import organisers
from tests.cast import Browser, Cast
from tests.organisers import Desk, desk_of
from tests.signers import enter, signer

ON_CAMPAIGN, ON_SITE, ON_PARTNER = list(teams.ON_CAMPAIGN), list(teams.ON_SITE), list(teams.ON_PARTNER)
#: Everybody: no role at all, each role on the campaign, each on the site, each on its partner, the owner of another
#: campaign and somebody of another partner of this one.
SOMEBODY = ["stranger", *ON_CAMPAIGN, *ON_SITE, *ON_PARTNER, "owner elsewhere", "partner elsewhere"]


def _routes(desk: Flask) -> Iterator[tuple[Rule, str, Need]]:
    """Every route of our own with its method and what it needs."""
    for rule in desk.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if rule.endpoint.startswith("desk."):
                yield rule, method, wall.desk.needs[rule.endpoint]


def _filled(cast: Cast) -> dict[str, str]:
    """What stands in an address: somebody else of the team, and the campaign."""
    text = Text("أعيدوا العاملات", "سلطة الميناء", "فُصلت أربعون.", "أعيدوهن.")
    campaign = cast.campaign(texts={"en": text, "ar": text})
    member, _secret = organisers.enrol("Mia")
    teams.grant(member, teams.EDITOR, campaign.id, "a test")
    backing = endorsement_decisions.enter(campaign, Organisation("Dockers", "local", "IE", "the assembly"), Person(),
                                 show_name=False, language="en", actor="a test", reason="")  # fmt: skip
    for key in ("dockers", "others"):
        partners.make(cast.row(), key, partners.Draft(key), "a test", db.now())
    organisers.let_in(member, campaign.id, "dockers")
    asked = taking.Asked(Filter(), ("name",), "csv")
    taking.name(campaign, "All", asked, "a test", db.now())
    with export.signatures(campaign, asked.wanted, asked.columns, asked.form) as found:
        _content, taken = taking.at_once(found, campaign, member, "a test")
    job = taking.later(asked, campaign, member, "a test", db.now())
    sealed = Details("Ana", "ana@example.org").seal(campaign.id)
    (signature,) = enter(signer(campaign, "Ana", state="held", sealed=sealed))
    objections.say(campaign.id, signature, "It was me.", db.now())
    objection = objections.waiting(campaign.id, 1)[0].id
    rule = rules.write(campaign.id, "x", "hold", Filter(), reason="x", tell=False, actor="a test", at=db.now())
    search = searching.ask(searching.EQUAL_NAMES, campaign.id, {"with_place": False}, account_id=member.id,
                           actor="a test", reason="")  # fmt: skip
    ahead = db.now(), db.now() + timedelta(hours=1)
    gathering = gatherings.plan(campaign.id, "Dock Hall", *ahead, actor="a test", reason="", at=db.now()).id
    db.session.commit()
    lists = {"named": taking.named(campaign.id)[0].id, "taken": taken.id, "job": job}
    pieces = {"article": cast.article().id, "event": cast.event().id, "topic": cast.topic().id}
    db.session.remove()
    return {"slug": campaign.slug, "account": str(member.id), "token": tokens.link("none", uuid4()),
            "endorsement": str(backing), "language": "ar", "deed": "pause", "partner": "dockers",
            "signature": str(signature),
            "objection": str(objection), "rule": str(rule.id), "search": str(search),
            "gathering": str(gathering),
            **{name: str(key) for name, key in (pieces | lists).items()}}  # fmt: skip


def _path(rule: Rule, filled: dict[str, str]) -> str:
    path = rule.rule
    for _one in rule.arguments:
        start, _, rest = path.partition("<")
        inner, _, end = rest.partition(">")
        path = start + filled[inner.rpartition(":")[2]] + end
    return path


def _come(cast: Cast, who: str, fresh: bool = True) -> Desk:
    """Somebody of the list, just signed in."""
    if who == "owner elsewhere":
        cast.campaign("elsewhere")
        return cast.organiser(teams.OWNER, "elsewhere", fresh=fresh)
    if who in (*ON_PARTNER, "partner elsewhere"):
        return cast.partner_person("dockers" if who in ON_PARTNER else "others", fresh=fresh)
    if who in ON_CAMPAIGN:
        return cast.organiser(who, "canteen", fresh=fresh)
    return cast.organiser(who if who in ON_SITE else None, fresh=fresh)


def _held(who: str, campaign_id: int) -> teams.Held:
    return teams.Held(who if who in ON_SITE else "", {campaign_id: who} if who in ON_CAMPAIGN else {})


def _expected(need: Need, held: teams.Held, campaign_id: int, who: str) -> set[int]:
    """What the table says: 404 for a stranger's campaign or partner, 403 without the right; else anything but these."""
    if need.on_partner:
        return {200, 303, 422} if need.right in teams.ON_PARTNER.get(who, ()) else {404}
    if need.on_campaign and not held.knows(campaign_id):
        return {404}
    if need.right not in (ANYBODY, SIGNED_IN) and not held.may(need.right, campaign_id if need.on_campaign else None):
        return {403}
    return {200, 302, 303, 400, 410, 422} | ({404} if need.right == ANYBODY else set())


def _ask(desk: Desk, method: str, path: str) -> int:
    return desk.get(path).status_code if method == "GET" else desk.send(path).status_code


#: What a form that did nothing answers.
REFUSED = (403, 404)


def test_there_are_routes_to_try(app: Flask) -> None:
    """Else nothing below could fail."""
    found = list(_routes(desk_of(app)))
    assert len(found) > 20
    assert {need.right for _rule, _method, need in found} >= {"manage team", "manage people", SIGNED_IN, ANYBODY}


def test_who_is_signed_out_gets_nowhere(app: Flask, cast: Cast) -> None:
    """A page sends to signing in; a form is handed back."""
    filled = _filled(cast)
    client = Browser(app, use_cookies=True)
    for rule, method, need in _routes(desk_of(app)):
        if need.right == ANYBODY:
            continue
        path = _path(rule, filled)
        token = organisers.token_in(client.get("/desk/sign-in").text)
        answer = client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
        assert answer.status_code == (303 if method == "GET" else 401), (rule.endpoint, method)
        assert method == "POST" or answer.location == "/desk/sign-in"


#: Everybody on SQLite; on PostgreSQL those who reach every page. Who may do what does not hang on the database.
TRIED = [
    *(("sqlite", who) for who in SOMEBODY),
    *(("postgresql", who) for who in (teams.ADMINISTRATOR, teams.OWNER, teams.PARTNER)),
]


@pytest.mark.parametrize(("database_url", "who"), TRIED, indirect=["database_url"])
def test_everybody_gets_what_the_table_says_and_nothing_else(app: Flask, cast: Cast, who: str) -> None:
    filled = _filled(cast)
    campaign_id = cast.reading().id
    wrong = {}
    desk = _come(cast, who)
    for rule, method, need in _routes(desk_of(app)):
        status = _ask(desk, method, _path(rule, filled))
        if status not in _expected(need, _held(who, campaign_id), campaign_id, who):
            wrong[rule.endpoint, method] = status
        if method == "POST" and status not in REFUSED:
            # It may have signed itself out, or more.
            desk = _come(cast, who)
    assert wrong == {}


def test_what_wants_a_fresh_code_is_shut_without_one(app: Flask, cast: Cast) -> None:
    """E1: a stolen session without the phone."""
    filled = _filled(cast)
    tried = 0
    for rule, method, need in _routes(desk_of(app)):
        if need.fresh:
            who = teams.PARTNER if need.on_partner else teams.OWNER if need.on_campaign else teams.ADMINISTRATOR
            desk = _come(cast, who, fresh=False)
            status = _ask(desk, method, _path(rule, filled))
            assert status == (303 if method == "GET" else 403), rule.endpoint
            tried += 1
    assert tried > 3


def test_a_route_without_a_right_stops_the_start(app: Flask) -> None:
    """Nobody can forget."""
    other = Wall()
    with pytest.raises(TypeError):
        other.get("/x")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="no right"):
        other.get("/x", needs="fly")
    with pytest.raises(ValueError, match="slug"):
        other.get("/x", needs="edit campaign")
    with pytest.raises(ValueError, match="slug"):
        other.get("/campaigns/<slug:slug>", needs="manage people")
    with pytest.raises(ValueError, match="partner"):
        other.get("/campaigns/<slug:slug>/partners/<slug:partner>", needs="take contacts")
    with pytest.raises(ValueError, match="partner"):
        other.get("/partners/<slug:slug>/<slug:partner>", needs="run campaign")
    desk = desk_of(app)
    made = Flask("petition", static_folder=None)
    made.add_url_rule("/desk/new", "desk.new", lambda: "")
    with pytest.raises(RuntimeError, match=r"desk\.new"):
        wall.check(made)
    wall.check(desk)


def test_pages_of_the_library_that_we_do_not_offer_do_not_exist(app: Flask, cast: Cast) -> None:
    """Such as refreshing a session by the password alone."""
    desk = cast.organiser(teams.ADMINISTRATOR)
    shut = [rule for rule in desk_of(app).url_map.iter_rules() if wall.need_of(rule.endpoint) is None]
    assert {rule.endpoint for rule in shut} >= {"security.verify", "security.two_factor_rescue", "security.tf_select"}
    for rule in shut:
        assert desk.get(rule.rule).status_code == 404
        assert desk.send(rule.rule).status_code == 404


def test_every_right_is_somebodys_and_every_role_has_words(app: Flask) -> None:
    """What no role holds would be shut for all."""
    from petition.web.desk import words

    with desk_of(app).test_request_context("/desk/"):
        assert words.roles().keys() == words.meanings().keys() == {*ON_CAMPAIGN, *ON_SITE, *ON_PARTNER}
    assert teams.ON_CAMPAIGN[teams.OWNER] == teams.CAMPAIGN_RIGHTS
    assert teams.ON_SITE[teams.ADMINISTRATOR] == teams.SITE_RIGHTS
    assert not teams.PARTNER_RIGHTS & (teams.CAMPAIGN_RIGHTS | teams.SITE_RIGHTS)
    assert not teams.EVERYWHERE[teams.ADMINISTRATOR] & {"see people", "export", "decide", "see figures"}
