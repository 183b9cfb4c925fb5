"""What organisers see first: how it goes, what waits for a decision, whether letters go out, and what next."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from petition import answers, decisions, objections, teams, unshown
from petition.base import db, outbox
from petition.signatures import Signature
from petition.web.desk import glances
from tests.cast import Cast, link_in

PAGE, FRONT = "/desk/campaigns/canteen", "/desk/"


def stats(page: str) -> dict[str, str]:
    """The large figures by what they are called."""
    return dict(re.findall(r"<div><dt>([^<]*)</dt><dd>([^<]*)</dd></div>", page))


def rows(page: str, caption: str) -> list[list[str]]:
    """The rows of the table with this caption."""
    part = page.partition(f"<caption>{caption}</caption>")[2].partition("</table>")[0]
    return [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in part.split("<tr>")[2:]]


def test_the_first_page_of_a_campaign_tells_how_it_goes(app: Flask, cast: Cast) -> None:
    """Every part sums up to the total, with moves that have no number yet among them."""
    cast.campaign()
    cast.signed("ana@example.org", country="IE", source="poster")
    cast.number()
    cast.signed("ben@example.org", country="ES")
    cast.signed("eve@example.org", country="ES", language="es")
    page = cast.organiser(teams.FIGURES, "canteen").get(PAGE).text
    found = stats(page)
    assert (found["Today"], found["Total"], found["To the goal of 1,000"]) == ("3", "3", "997")
    assert rows(page, "By country") == [["Spain", "2"], ["Ireland", "1"]]
    for caption in ("By country", "By language", "By the way they came", "By source", "By partner", "The last 30 days"):
        assert sum(int(row[1]) for row in rows(page, caption)) == 3, caption
    assert rows(page, "The last 30 days")[0][1:] == ["3", "3"]
    assert rows(page, "The last two days, hour by hour")[0][1:] == ["3", "0"]
    # No day but the first: nothing to be seen of growth yet.
    assert "The total from the first day on" not in page
    assert page.count("<svg") == page.count('role="img"') + page.count('aria-hidden="true"')


def test_from_the_form_to_the_button(app: Flask, cast: Cast) -> None:
    cast.campaign()
    cast.signed("ana@example.org")
    cast.sign("ben@example.org")
    cast.deliver()
    owner = cast.organiser(teams.OWNER, "canteen")
    assert stats(owner.get(PAGE).text)["Mailboxes asked by letter"] == "0"
    at = db.now() + timedelta(minutes=3)
    for campaign_id in answers.due(at):
        answers.count(campaign_id, at)
    db.session.commit()
    page = owner.get(PAGE).text
    found = stats(page)
    assert [found[name] for name in ("Mailboxes asked by letter", "Confirmed", "Not confirmed yet")] == ["2", "1", "1"]
    assert rows(page, "Asked and confirmed, hour by hour")[0][1:] == ["2", "1"]
    assert "within ten minutes" in page


def test_what_waits_for_a_decision_is_said_with_its_number(app: Flask, cast: Cast) -> None:
    """Held ones wait; who withdrew while held has left and does not."""
    cast.campaign()
    cast.signed("ana@example.org")
    letter = cast.signed("ben@example.org")
    owner = cast.organiser(teams.OWNER, "canteen")
    assert "Nothing waits." in owner.get(PAGE).text
    for one in db.session.scalars(select(Signature.id)).all():
        decisions.decide(one, "hold", actor="a test", reason="odd", at=db.now())
    db.session.commit()
    assert "2 signatures are held" in owner.get(PAGE).text
    assert '<td class="n">2</td><td>all sent</td>' in owner.get(FRONT).text
    cast.browser().post(link_in(letter).partition("?")[0] + "/withdraw")
    assert "1 signature is held" in owner.get(PAGE).text


def test_each_thing_that_waits_leads_to_where_it_is_decided(app: Flask, cast: Cast) -> None:
    """For who may decide; others see how many, which names nobody."""
    reading = cast.campaign()
    for who in ("ana", "ben"):
        cast.signed(f"{who}@example.org")
    first, second = db.session.scalars(select(Signature.id).order_by(Signature.entered_at)).all()
    decisions.decide(first, "hold", actor="a test", reason="odd", at=db.now())
    objections.say(reading.id, first, "It was me.", db.now())
    unshown.wait(reading.id, second, db.now())
    db.session.commit()
    moderator, editor = cast.organiser(teams.MODERATOR, "canteen"), cast.organiser(teams.EDITOR, "canteen", name="Ed")
    page = moderator.get(PAGE).text
    for path, said in (("signatures?", "1 signature is held"), ("objections", "1 person objects"),
                       ("names", "1 name waits to be shown")):  # fmt: skip
        found = re.search(rf'<li><a href="({PAGE}/{re.escape(path)}[^"]*)">{said}</a></li>', page)
        assert found, said
        assert moderator.get(found.group(1)).status_code == 200
    assert "<li>1 person objects</li>" in editor.get(PAGE).text
    assert '<td class="n">3</td>' in editor.get(FRONT).text


def test_letters_that_do_not_go_out_are_told_of(app: Flask, cast: Cast) -> None:
    reading = cast.campaign()
    owner = cast.organiser(teams.OWNER, "canteen")
    assert "Every letter has gone out." in owner.get(PAGE).text
    for who in ("ana", "ben"):
        cast.sign(f"{who}@example.org")
    page = owner.get(PAGE).text
    assert "2 letters wait to go out, the oldest since" in page
    assert "Letters are late" not in page
    assert "2 on their way" in owner.get(FRONT).text
    db.session.execute(update(outbox.Letter).values(due_at=db.now() - timedelta(minutes=6)))
    db.session.commit()
    assert "Letters are late: one should have gone out on" in owner.get(PAGE).text
    assert "<strong>late</strong>" in owner.get(FRONT).text
    db.session.execute(update(outbox.Letter).values(state="parked"))
    db.session.commit()
    assert "2 letters could not be written and are set aside." in owner.get(PAGE).text
    assert "<strong>2 set aside</strong>" in owner.get(FRONT).text
    db.session.execute(update(outbox.Letter).values(state="failed", settled_at=db.now()))
    db.session.commit()
    assert "In the last 24 hours 2 addresses could not be reached." in owner.get(PAGE).text
    later = outbox.standings([reading.id], db.now() + timedelta(days=2))
    assert later[reading.id] == outbox.Standing(), "yesterday's is no news"


def test_the_front_page_shows_figures_of_my_campaigns_only_and_to_those_who_may(app: Flask, cast: Cast) -> None:
    cast.campaign()
    other = cast.campaign("other")
    cast.signed("ana@example.org")
    cast.number()
    cast.signed("ben@example.org")
    cast.signed("eve@example.org", slug="other")
    mine = cast.organiser(teams.FIGURES, "canteen").get(FRONT).text
    assert '<td class="n">2</td><td class="n">2</td>' in mine
    assert 'aria-label="2 signatures in the last 30 days"' in mine
    assert other.slug not in mine
    # An administrator sees that there are campaigns, and not how they go.
    theirs = cast.organiser(teams.ADMINISTRATOR, name="Ada").get(FRONT).text
    assert '<td class="n">–</td>' in theirs
    assert "last 30 days" not in theirs.partition("<tbody>")[2]


def test_a_campaign_before_its_first_signature_says_so_kindly(app: Flask, cast: Cast) -> None:
    cast.campaign()
    cast.campaign("draft", publish=False)
    owner = cast.organiser(teams.OWNER, "canteen")
    page = owner.get(PAGE).text
    assert "Nobody counts yet." in page
    assert 'd="NaN' not in page
    assert "Here you will see how many sign" in cast.organiser(teams.OWNER, "draft", name="Dan").get(
        "/desk/campaigns/draft"
    ).text  # fmt: skip


@pytest.mark.parametrize("days", [1, 20, 200])
def test_pace_and_goal_in_words(app: Flask, days: int) -> None:
    at = db.now()
    today = at.date()
    cells = {today - timedelta(days=ago): 10 for ago in range(days + 1)}
    total = sum(cells.values())
    with app.test_request_context("/en/"):
        said = glances.pace(cells, total, total + 100, at + timedelta(days=4), at)
        assert said[0] == "10 a day, on average of the last days."
        assert said[1].startswith("At this pace the goal is reached on")
        assert said[2] == "To reach it by the last day it takes 20 a day."
        assert glances.pace(cells, total, total, None, at) == said[:1]
        assert glances.pace(cells, total, None, None, at) == said[:1]
        assert glances.pace({}, 0, 100, None, at) == []


def test_a_table_of_very_many_sources_ends_with_all_others(app: Flask) -> None:
    cells = {f"page-{number}": 1 for number in range(1000)}
    with app.test_request_context("/en/"):
        found = glances.parts({"country": {}, "language": {}, "channel": {}, "source": cells, "partner": {}})
    assert [one.title for one in found] == ["By source"]
    assert found[0].rows[-1] == ("All others", 800)
    assert sum(amount for _name, amount in found[0].rows) == 1000
