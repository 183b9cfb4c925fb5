"""Deciding at the desk: one by one, and about many from the form to the way back; who is held as they come; objections
and their answers; names before they are shown. On the worst day (issue 10)."""

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from petition import blocks, decisions, journal, objections, register, rules, teams, unshown, worker
from petition.base import db, jobs, outbox
from petition.base.outbox import Letter
from petition.rules import RuleRun
from petition.signatures import Signature
from tests.cast import Cast, link_in
from tests.organisers import Desk
from tests.signers import enter, signer
from tests.web.steps import page, path_of, stored

HOME = "/desk/campaigns/canteen"
WHY = "it came at night"


def work() -> None:
    """Let the worker do all jobs that wait."""
    while jobs.work(worker.DOERS):
        pass
    db.session.remove()


def later() -> None:
    """An hour passes for the letters about decisions."""
    db.session.execute(update(Letter).where(Letter.kind == "decided").values(due_at=db.now() - timedelta(seconds=1)))
    db.session.commit()


def deeds(cast: Cast) -> Counter[str]:
    lines = journal.lines(journal.Sought(cast.reading().id), 200)
    found = Counter(line.deed for line in lines)
    said = " ".join(f"{line.actor} {line.deed} {line.reason}" for line in lines)
    assert "example.org" not in said.replace("olga@example.org", "").replace("mia@example.org", "")
    db.session.remove()
    return found


def states() -> Counter[str]:
    found = Counter(db.session.scalars(select(Signature.state)))
    db.session.remove()
    return found


@pytest.fixture
def desk(cast: Cast) -> Desk:
    """A moderator, with a fresh code."""
    cast.campaign()
    return cast.organiser(teams.MODERATOR, "canteen")


def spike(cast: Cast, n: int = 30) -> str:
    """So many from one domain and one network, an hour ago; the filter's query."""
    reading = cast.reading()
    at = db.now() - timedelta(hours=1)
    rows = [signer(reading, f"Odd {k}", "IE", domain=b"o" * 32, network=b"n" * 32, entered_at=at) for k in range(n)]
    enter(*rows, *(signer(reading, f"Ana {k}", "KE", entered_at=at) for k in range(10)))
    cast.number()
    db.session.remove()
    return "?domain=" + (b"o" * 32).hex()


def written(desk: Desk, query: str, verb: str = "hold", **more: Any) -> str:
    """Fill in the form and have it counted; the path of the rule."""
    form = desk.get(f"{HOME}/decide{query}&verb={verb}")
    assert f'value="{verb}" checked' in form.text
    names = dict(re.findall(r'<input type="hidden" name="(domain|state|network|country)" value="([^"]*)">', form.text))
    answer = desk.send(f"{HOME}/decide", verb=verb, name="The night", reason=WHY, **names, **more)
    assert answer.status_code == 303
    return path_of(answer.location)


def seen(desk: Desk, rule: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', desk.get(rule).text)
    return found[1] if found else ""


def test_a_spike_is_counted_first_then_held_then_put_back_as_one_step(cast: Cast, desk: Desk) -> None:
    """S45, from the form to the way back; three lines in the journal, not thirty."""
    rule = written(desk, spike(cast))
    waiting = desk.get(rule)
    assert "It is being counted" in waiting.text
    assert '<meta http-equiv="refresh" content="1">' in waiting.text
    work()
    counted = desk.get(rule).text
    assert "30 signatures would be touched. The total would go from 40 to 10." in counted
    assert "75%" in counted
    assert counted.count("<path") == 2
    assert "refresh" not in counted
    assert register.total(cast.reading().id) == 40
    assert desk.send(f"{rule}/run", seen=seen(desk, rule)).status_code == 303
    going = desk.get(rule).text
    assert "<progress" in going
    assert "Stop it here" in going
    assert "<progress" in desk.get(f"{HOME}/decisions").text
    work()
    assert "30 signatures were changed." in desk.get(rule).text
    assert cast.total() == 10
    run = re.search(r'name="run" value="(\d+)"', desk.get(rule).text)
    assert run
    assert desk.send(f"{rule}/back", run=run[1]).status_code == 303
    work()
    assert cast.total() == 40
    assert deeds(cast).keys() >= {"rule written", "rule run: held", "rule taken back: held"}
    assert deeds(cast)["signature held"] == 0
    assert "30" in desk.get(f"{HOME}/decisions").text


def test_what_was_counted_must_be_what_is_run(cast: Cast, desk: Desk) -> None:
    """Whoever saw other figures looks again; twice pressed is run once."""
    rule = written(desk, spike(cast))
    work()
    old = seen(desk, rule)
    assert desk.send(f"{rule}/run", seen="").location.endswith("done=changed")
    desk.send(f"{rule}/count")
    assert desk.send(f"{rule}/run", seen=old).location.endswith("done=changed")
    work()
    now = seen(desk, rule)
    assert desk.send(f"{rule}/run", seen=now).location.endswith("done=begun")
    assert desk.send(f"{rule}/run", seen=now).location.endswith("done=changed")
    assert len(db.session.scalars(select(RuleRun)).all()) == 1


def test_running_and_taking_back_ask_for_a_fresh_code(cast: Cast) -> None:
    cast.campaign()
    fresh = cast.organiser(teams.MODERATOR, "canteen")
    rule = written(fresh, spike(cast))
    work()
    stale = cast.organiser(teams.MODERATOR, "canteen", name="Mia", fresh=False)
    for path, typed in ((f"{rule}/run", {"seen": seen(stale, rule)}), (f"{rule}/back", {"run": "1"})):
        assert stale.send(path, **typed).status_code == 403
    assert cast.total() == 40


def test_a_run_is_stopped_half_way_from_its_page(cast: Cast, desk: Desk) -> None:
    rule = written(desk, spike(cast))
    work()
    desk.send(f"{rule}/run", seen=seen(desk, rule))
    run = re.search(r'name="run" value="(\d+)"', desk.get(rule).text)
    assert run
    assert desk.send(f"{rule}/stop", run=run[1]).location.endswith("done=stopped")
    work()
    assert cast.total() == 40
    assert "stopped half-way" in desk.get(rule).text
    assert desk.send(f"{rule}/stop", run=run[1]).location.endswith("done=changed")


def test_a_sample_is_for_who_may_see_people_and_the_look_is_written_down(cast: Cast, desk: Desk) -> None:
    """S40, S41: one line for a look, not one for each row."""
    cast.signed("ana@example.org", name="Ana María")
    rule = written(desk, "?country=IE")
    work()
    assert "ana@example.org" not in desk.get(rule).text
    sample = desk.get(f"{rule}/sample").text
    assert "ana@example.org" in sample
    assert deeds(cast)["signatures looked at"] == 1
    figures = cast.organiser(teams.FIGURES, "canteen", name="Mia")
    assert figures.get(f"{rule}/sample").status_code == 403


def test_a_form_without_a_reason_or_a_verb_comes_back_with_what_was_typed(cast: Cast, desk: Desk) -> None:
    answer = desk.send(f"{HOME}/decide", verb="fly", name="The night", reason="", country="IE")
    assert answer.status_code == 422
    assert "Choose what is to be done." in answer.text
    assert 'value="The night"' in answer.text
    assert '<input type="hidden" name="country" value="IE">' in answer.text


def test_one_signature_is_decided_about_with_a_reason(cast: Cast, desk: Desk) -> None:
    cast.signed()
    (one,) = stored()
    path = f"{HOME}/signatures/{one.id}/decide"
    assert desk.send(path, verb="hold", reason="").status_code == 422
    assert cast.total() == 1
    answer = desk.send(path, verb="hold", reason=WHY)
    assert (answer.status_code, path_of(answer.location)) == (303, f"{HOME}/signatures/{one.id}")
    assert cast.total() == 0
    again = desk.send(path, verb="hold", reason=WHY)
    assert again.status_code == 409
    assert "meanwhile" in again.text
    assert deeds(cast)["signature held"] == 1
    assert desk.send(f"{HOME}/signatures/1/decide", verb="hold", reason=WHY).status_code == 404


def test_a_signature_of_another_campaign_is_not_there(cast: Cast, desk: Desk) -> None:
    cast.campaign("other")
    cast.signed("ana@example.org", slug="other")
    (one,) = stored()
    assert desk.send(f"{HOME}/signatures/{one.id}/decide", verb="hold", reason=WHY).status_code == 404


@pytest.mark.parametrize(("verb", "said"), [("hold", "are looking at your signature"), ("remove", "not counted")])
def test_whoever_is_decided_about_is_told_once_an_hour_later_if_it_is_still_so(
    cast: Cast, desk: Desk, verb: str, said: str
) -> None:
    """S26."""
    cast.signed()
    (one,) = stored()
    desk.send(f"{HOME}/signatures/{one.id}/decide", verb=verb, reason=WHY)
    assert cast.deliver() == []
    later()
    (letter,) = cast.deliver()
    assert letter.to == "ana@example.org"
    assert said in letter.text
    assert "open your page and say why" in letter.text
    assert WHY not in letter.text
    back = {"hold": "release", "remove": "restore"}[verb]
    desk.send(f"{HOME}/signatures/{one.id}/decide", verb=back, reason=WHY)
    later()
    (letter,) = cast.deliver()
    assert "counts again" in letter.text


def test_who_was_put_back_within_the_hour_hears_nothing(cast: Cast, desk: Desk) -> None:
    cast.signed()
    (one,) = stored()
    for verb in ("hold", "release"):
        desk.send(f"{HOME}/signatures/{one.id}/decide", verb=verb, reason=WHY)
    later()
    assert cast.deliver() == []
    for verb in ("hold", "remove"):
        desk.send(f"{HOME}/signatures/{one.id}/decide", verb=verb, reason=WHY)
    later()
    assert len(cast.deliver()) == 1


def test_who_has_withdrawn_or_wants_no_letters_is_not_written_to(cast: Cast, desk: Desk) -> None:
    first = cast.signed()
    second = cast.signed("ben@example.org")
    for one in stored():
        desk.send(f"{HOME}/signatures/{one.id}/decide", verb="hold", reason=WHY)
    cast.browser().post(path_of(link_in(first)) + "/withdraw")
    cast.browser().post(path_of(link_in(second)) + "/no-letters")
    later()
    assert [letter.subject for letter in cast.deliver()] == ["Your signature is withdrawn"]


def test_an_objection_lands_on_the_desk_and_is_answered_by_letter(cast: Cast, desk: Desk) -> None:
    """S26."""
    link = path_of(link_in(cast.signed()))
    (one,) = stored()
    assert cast.browser().post(f"{link}/object", data={"words": "It was me."}).location.endswith("done=unsaid")
    desk.send(f"{HOME}/signatures/{one.id}/decide", verb="hold", reason=WHY)
    assert '/object"' in page(cast, link)
    assert cast.browser().post(f"{link}/object", data={"words": " "}).location.endswith("done=unsaid")
    for words in ("It was me.", "It was me, Ana, on the ferry’s network."):
        assert cast.browser().post(f"{link}/object", data={"words": words}).location.endswith("done=objected")
    assert decisions.waiting(one.campaign_id) == decisions.Waiting(held=1, objections=1, texts=0)
    row = objections.waiting(one.campaign_id, 5)[0]
    assert b"ferry" not in row.sealed
    db.session.remove()
    assert "ferry" not in desk.get(f"{HOME}/objections").text
    path = f"{HOME}/objections/{row.id}"
    assert "ferry’s network" in desk.get(path).text
    assert deeds(cast)["objection read"] == 1
    assert desk.send(path, verb="restore", reason=WHY, words="").status_code == 422
    answer = desk.send(path, verb="release", reason=WHY, words="Sorry, the ferry's network looked odd.")
    assert answer.location.endswith("done=answered")
    assert cast.total() == 1
    (letter,) = cast.deliver()
    assert "the ferry's network looked odd" in letter.text
    assert "Your signature counts" in letter.text
    assert "No objection waits" in desk.get(f"{HOME}/objections").text
    own = page(cast, link)
    assert "They have decided that your signature counts." in own
    assert "/object" not in own
    assert "ferry" in cast.browser().get(f"{link}/data.json").text
    assert desk.send(path, verb="keep", reason=WHY, words="").location.endswith("done=before")


def test_an_objection_goes_with_its_owner(cast: Cast, desk: Desk) -> None:
    link = path_of(link_in(cast.signed()))
    (one,) = stored()
    desk.send(f"{HOME}/signatures/{one.id}/decide", verb="remove", reason=WHY)
    cast.browser().post(f"{link}/object", data={"words": "It was me."})
    cast.browser().post(f"{link}/withdraw")
    assert objections.how_many_wait(one.campaign_id) == 0


def test_one_may_object_three_times_and_no_more(cast: Cast, desk: Desk) -> None:
    link = path_of(link_in(cast.signed()))
    (one,) = stored()
    desk.send(f"{HOME}/signatures/{one.id}/decide", verb="remove", reason=WHY)
    for turn in range(objections.MOST):
        assert cast.browser().post(f"{link}/object", data={"words": f"{turn}"}).location.endswith("done=objected")
        row = objections.waiting(one.campaign_id, 1)[0].id
        db.session.remove()
        assert desk.send(f"{HOME}/objections/{row}", verb="keep", reason=WHY, words="").status_code == 303
    assert '/object"' not in page(cast, link)
    assert cast.browser().post(f"{link}/object", data={"words": "4"}).location.endswith("done=unsaid")


@pytest.mark.parametrize("what", ["example.org", "@example.org", "Ana@example.org"])
def test_what_comes_from_a_blocked_place_is_held_and_the_form_answers_as_always(
    cast: Cast, desk: Desk, what: str
) -> None:
    """S26: never refused, told honestly; what was blocked stands in clear nowhere."""
    plain = cast.sign("ben@else.example").status_code
    answer = desk.send(f"{HOME}/blocked", what=what, reason=WHY)
    assert f"Blocked from now on: {what.removeprefix('@')}" in answer.text.replace("Ana@", "Ana@")
    assert "example.org" not in desk.get(f"{HOME}/blocked").text.replace("Such as example.org", "").replace(
        "somebody@example.org", "")  # fmt: skip
    assert cast.sign().status_code == plain
    letters = {letter.to: letter for letter in cast.deliver()}
    pressed = cast.press(letters["ana@example.org"])
    assert pressed.location == path_of(link_in(letters["ana@example.org"]))
    assert "being looked at" in page(cast, pressed.location)
    assert (cast.total(), states()) == (0, Counter(held=1))
    assert register.check(cast.reading().id, 0) == []
    later()
    assert "are looking at your signature" in cast.deliver()[0].text
    assert "1 signature from there is held" in desk.get(f"{HOME}/blocked").text
    assert deeds(cast)["mailbox blocked" if what[0] == "A" else "domain blocked"] == 1
    row = blocks.listed(cast.reading().id)[0][0].id
    db.session.remove()
    assert desk.send(f"{HOME}/blocked", what=what, reason=WHY).text.count("blocked already") == 1
    desk.send(f"{HOME}/blocked/lift", block=str(row), reason=WHY)
    cast.press(letters["ben@else.example"])
    cast.signed("cleo@example.org")
    assert cast.total() == 2


@pytest.mark.parametrize("what", ["", "example", "a b@example.org", "http://example.org/"])
def test_what_is_neither_a_domain_nor_an_address_is_not_blocked(cast: Cast, desk: Desk, what: str) -> None:
    assert desk.send(f"{HOME}/blocked", what=what, reason=WHY).status_code == 422
    assert blocks.listed(cast.reading().id) == []


def test_a_rule_for_those_who_come_holds_them_and_takes_them_back_as_well(cast: Cast, desk: Desk) -> None:
    cast.signed("one@example.org")
    rule = written(desk, "?country=IE", tell="y")
    work()
    desk.send(f"{rule}/run", seen=seen(desk, rule), watch="1")
    work()
    assert cast.total() == 0
    letters = []
    for name, country in (("two", "IE"), ("three", "FR")):
        cast.sign(f"{name}@example.org", country=country)
        letters += cast.deliver()
    for letter in letters:
        cast.press(letter)
    assert (cast.total(), states()) == (1, Counter(held=2, counted=1))
    shown = desk.get(rule).text
    assert "Whoever confirms now and meets this is held" in shown
    runs = re.findall(r'name="run" value="(\d+)"', shown)
    for run in runs:
        assert desk.send(f"{rule}/back", run=run).location.endswith("done=back")
        work()
    assert (cast.total(), states()) == (3, Counter(counted=3))
    cast.signed("four@example.org")
    assert cast.total() == 4
    assert deeds(cast).keys() >= {"rule for those who come", "rule for those who come ended"}
    assert register.check(cast.reading().id, 4) == []


def test_a_rule_that_asks_for_days_alone_or_removes_cannot_hold_those_who_come(cast: Cast, desk: Desk) -> None:
    cast.signed()
    for query, verb in (("?from=2020-01-01", "hold"), ("?country=IE", "remove")):
        rule = written(desk, query, verb)
        assert desk.send(f"{rule}/watch", on="1").location.endswith("done=changed")


def test_names_wait_where_the_campaign_looks_at_them_first(cast: Cast, desk: Desk) -> None:
    cast.signed("shown@example.org", name="Shown At Once", appear="full")
    assert desk.send(f"{HOME}/names", on="1", reason="").status_code == 422
    assert desk.send(f"{HOME}/names", on="1", reason=WHY).location.endswith("done=on")
    for name in ("Ana María", "Rude Word", "Later Perhaps"):
        cast.signed(f"{name[:3].lower()}@example.org", name=name, appear="full")
    link = path_of(link_in(cast.signed("hidden@example.org", name="Hidden", appear="hidden")))
    assert "Names are looked at first" not in page(cast, link)
    assert cast.total() == 5
    public = "/en/campaigns/canteen/signatories"
    assert "Shown At Once" in page(cast, public)
    assert "Ana María" not in page(cast, public)
    assert decisions.waiting(cast.reading().id).texts == 3
    looked = desk.get(f"{HOME}/names/look").text
    assert [name in looked for name in ("Ana María", "Rude Word", "Hidden")] == [True, True, False]
    ids = {row.source or row.id: row.id for row in stored()}
    ana, rude, _late = sorted((row for row in stored() if row.id in _waiting()), key=lambda row: row.entered_at)
    assert ids
    answer = desk.send(f"{HOME}/names/look", **{f"name-{ana.id}": "show", f"name-{rude.id}": "hide"})
    assert answer.status_code == 303
    shown = page(cast, public)
    assert [name in shown for name in ("Ana María", "Rude Word", "Later Perhaps")] == [True, False, False]
    assert decisions.waiting(cast.reading().id).texts == 1
    assert deeds(cast).keys() >= {"names looked at first", "names shown", "names hidden", "signatures looked at"}
    assert desk.send(f"{HOME}/names", on="0", reason=WHY).location.endswith("done=off")
    cast.signed("now@example.org", name="Shown Again", appear="full")
    assert "Shown Again" in page(cast, public)


def _waiting() -> set[int]:
    found = set(db.session.scalars(select(unshown.Unshown.id).where(unshown.Unshown.hidden.is_(False))))
    db.session.remove()
    return found


def test_a_corrected_name_waits_again_and_a_corrected_place_does_not(cast: Cast, desk: Desk) -> None:
    """Else whoever was looked at could show anything afterwards."""
    desk.send(f"{HOME}/names", on="1", reason=WHY)
    link = path_of(link_in(cast.signed(name="Ana María", appear="full")))
    (one,) = stored()
    desk.send(f"{HOME}/names/look", **{f"name-{one.id}": "show"})
    typed = {"name": "Ana María", "country": "IE", "place": "Cork", "appear": "full"}
    cast.browser().post(f"{link}/correct", data=typed)
    assert stored()[0].shown_name == "Ana María"
    cast.browser().post(f"{link}/correct", data=typed | {"name": "Rude Word"})
    assert stored()[0].shown_name == ""
    assert decisions.waiting(one.campaign_id).texts == 1
    assert "Names are looked at first here" in page(cast, link)


def test_what_was_decided_is_public_by_day_and_kind(cast: Cast, desk: Desk) -> None:
    """And says nothing of whom."""
    how = "/en/how-we-count"
    assert "None." in page(cast, how)
    cast.signed(country="IE")
    (one,) = stored()
    desk.send(f"{HOME}/signatures/{one.id}/decide", verb="remove", reason=WHY)
    shown = page(cast, how)
    assert "Take the canteen workers back" in shown
    assert re.search(r'<td class="n">0</td><td class="n">0</td><td class="n">1</td><td class="n">0</td>', shown)
    assert "Ireland" not in shown
    assert WHY not in shown


def test_letters_about_decisions_go_behind_what_somebody_waits_for(cast: Cast, desk: Desk) -> None:
    cast.signed()
    desk.send(f"{HOME}/signatures/{stored()[0].id}/decide", verb="hold", reason=WHY)
    letter = db.session.scalars(select(Letter).where(Letter.kind == "decided")).one()
    assert letter.news
    assert outbox.unsealed(letter).keys() == {"kind", "at"}
    assert timedelta(days=1) < rules.KEPT
