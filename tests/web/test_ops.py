"""What operators see: alive, ready, figures, alarms (issue 12)."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
import yaml
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from petition import crowding, sightings, worker
from petition.base import db, outbox
from petition.register import Move
from petition.sightings import Sighting
from petition.web import counters, ops
from petition.web.counters import Shared
from tests.cast import Browser, Cast
from tests.faults import not_migrated, read_only
from tests.web.test_outage import Outage, outage  # noqa: F401  # a fixture

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-twenty-four-letters"
MakeApp = Callable[..., Flask]
Figures = dict[str, dict[tuple[str, ...], float]]


@pytest.fixture
def site(make_app: MakeApp) -> Iterator[Cast]:
    """A site whose figures can be read, and at which a worker works."""
    app = make_app(metrics_token=TOKEN)
    with app.app_context():
        here(0)
        yield Cast(app)


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at whether the site is ready is a new one."""
    monkeypatch.setattr(ops, "LOOKED", 0.0)


def here(seconds: int, row_id: str = "worker one") -> None:
    """A worker was seen so many seconds ago."""
    sightings.see(row_id, sightings.WORKER, db.now() - timedelta(seconds=seconds), figures={"sent": 3})
    db.session.commit()


def ready(client: Browser) -> tuple[int, set[str]]:
    """Status, and what is not well."""
    answer = client.get("/readyz")
    lines = dict(line.split(": ") for line in answer.text.splitlines())
    return answer.status_code, {what for what, how in lines.items() if how != "well"}


def figures(client: Browser) -> Figures:
    """Every figure on the page: name → values of its labels, by their names → value."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    found: Figures = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(value for _, value in sorted(sample.labels.items()))] = sample.value
    return found


def test_alive_asks_no_database(cast: Cast, outage: Outage) -> None:  # noqa: F811
    outage.begin()
    answer = cast.browser().get("/healthz")
    outage.end()
    assert (answer.status_code, answer.text) == (200, "alive\n")


def test_a_site_at_which_a_worker_works_is_ready_and_says_no_number(site: Cast) -> None:
    assert ready(site.browser()) == (200, set())
    assert not re.search(r"\d", site.browser().get("/readyz").text)


@pytest.mark.usefixtures("anew")
def test_without_a_worker_the_site_is_not_ready_and_again_when_one_is_seen(cast: Cast) -> None:
    assert ready(cast.browser()) == (503, {"worker"})
    here(121)
    assert ready(cast.browser()) == (503, {"worker"})
    here(100)
    assert ready(cast.browser()) == (200, set())


@pytest.mark.usefixtures("anew")
def test_what_waits_too_long_makes_it_red_and_news_do_not(site: Cast) -> None:
    site.campaign()
    site.signed()
    outbox.post("ready", language="en", news=True)
    db.session.execute(update(outbox.table).values(due_at=db.now() - timedelta(hours=1)))
    db.session.commit()
    assert ready(site.browser()) == (200, set())
    outbox.post("ready", language="en", due_at=db.now() - timedelta(minutes=11))
    db.session.execute(update(Move).values(at=db.now() - timedelta(minutes=11)))
    db.session.commit()
    assert ready(site.browser()) == (503, {"letters", "moves"})
    site.number()
    assert ready(site.browser()) == (503, {"letters"})


@pytest.mark.usefixtures("anew")
def test_a_worker_whose_clock_is_ahead_makes_it_red_and_one_whose_clock_is_nearly_right_does_not(site: Cast) -> None:
    """F10."""
    here(-50)
    assert ready(site.browser()) == (200, set())
    here(-70)
    assert ready(site.browser()) == (503, {"clock"})
    here(0)
    here(-86400, "worker two")
    assert ready(site.browser()) == (503, {"clock"})
    sightings.leave("worker two", db.now() + timedelta(days=1), {})
    db.session.commit()
    assert ready(site.browser()) == (200, set())


@pytest.mark.usefixtures("anew")
def test_a_database_of_another_clock_makes_it_red(site: Cast) -> None:
    """F10: this machine's clock is a day ahead, as the database and the worker see it."""
    with time_machine.travel(db.now() + timedelta(days=1), tick=True):
        status, wrong = ready(site.browser())
    assert (status, "clock" in wrong or db.is_sqlite()) == (503, True)
    assert "worker" in wrong


@pytest.mark.usefixtures("anew")
def test_a_database_that_is_away_behind_or_takes_nothing_makes_it_red(
    site: Cast,
    outage: Outage,  # noqa: F811
) -> None:
    """S72."""
    client = site.browser()
    outage.begin()
    away = ready(client)
    outage.end()
    assert (away, ready(client)) == ((503, {"database"}), (200, set()))
    with not_migrated():
        assert ready(client) == (503, {"migrations"})


@pytest.mark.usefixtures("anew")
def test_a_database_that_can_only_be_read_makes_it_red(site: Cast) -> None:
    client = site.browser()
    with read_only():
        assert ready(client) == (503, {"database"})
    assert ready(client) == (200, set())


def test_who_asks_all_the_time_asks_the_database_every_two_seconds_at_most(site: Cast) -> None:
    client = site.browser()
    assert ready(client) == (200, set())
    here(300)
    assert {ready(client)[0] for _ in range(20)} == {200}


def test_figures_are_for_who_knows_the_token_and_for_nobody_where_there_is_none(site: Cast, make_app: MakeApp) -> None:
    client = site.browser()
    nothing = client.get("/metricsx")
    for header in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": TOKEN}):
        answer = client.get("/metrics", headers=header)
        assert (answer.status_code, answer.text) == (404, nothing.text)
    for said in ("Bearer ", "Bearer None"):
        closed = make_app().test_client().get("/metrics", headers={"Authorization": said})
        assert closed.status_code == 404
    assert figures(client)


def test_a_machine_of_the_operator_s_asks_by_address_and_a_strange_name_is_refused(make_app: MakeApp) -> None:
    """A name that leads here may be a page's in somebody's browser (DNS rebinding)."""
    client = make_app(base_url="https://petition.example.org").test_client()
    for host in ("10.0.0.7:8000", "127.0.0.1", "[::1]:8000"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200
        assert client.get("/en/", headers={"Host": host}).status_code == 400
    for host in ("evil.example", "10.0.0.7.evil.example", "", "[::1", "127.0.0.1:80:80"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 400, host


def test_figures_say_what_happened_and_what_waits(site: Cast) -> None:
    site.campaign()
    client = site.browser()
    site.signed()
    site.sign("luz@example.org")
    site.browser().get("/t/none")
    here(0, "worker two")
    found = figures(client)
    answers = found["petition_answers_total"]
    assert answers["sign", "303"] == found["petition_forms_taken_total"][()] == 2
    assert answers["confirm", "303"] == found["petition_presses_taken_total"][()] == 1
    assert answers["own", "404"] == 1
    assert found["petition_answer_seconds_count"]["sign",] == 2
    assert found["petition_signatures"][()] == found["petition_moves_waiting"][()] == 1
    assert found["petition_letters"]["no", "waiting"] == found["petition_letters_due"][()] == 1
    assert found["petition_letters_ended_total"] == {("sent", "worker one"): 3, ("sent", "worker two"): 3}
    assert found["petition_workers"][()] == 2
    assert "petition_backup_timestamp_seconds" not in found
    site.number()
    found = figures(client)
    assert (found["petition_signatures"][()], found["petition_moves_waiting"][()]) == (1, 0)
    assert found["petition_moves_total"][()] == 1


def test_errors_stand_at_nought_before_the_first_so_that_a_first_burst_is_seen_to_rise(site: Cast) -> None:
    """Prometheus takes a figure's first value for where it begins."""
    answers = figures(site.browser())["petition_answers_total"]
    assert {(kind, status): 0 for kind in counters.KINDS for status in ("500", "503")}.items() <= answers.items()


def test_what_the_page_cache_answers_and_what_is_too_many_are_counted(make_app: MakeApp) -> None:
    app = make_app(metrics_token=TOKEN, page_cache=1.0, hard_limit=1)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        assert [cast.sign(f"a{number}@example.org").status_code for number in range(3)] == [303, 429, 429]
        found = figures(cast.browser())
    assert found["petition_kept_answers_total"][()] == 2
    assert found["petition_limits_hit_total"]["sign",] == 2


def test_figures_name_nobody_and_no_campaign(site: Cast) -> None:
    """C9: nor does an address that somebody makes up become a label."""
    site.campaign("canary-7f3a")
    site.sign("canary-7f3a@example.org", slug="canary-7f3a", name="Zebulon Quokka-7f3a")
    for path in ("/canary-7f3a", "/t/canary-7f3a", "/en/campaigns/canary-7f3a?source=canary-7f3a", "/desk/canary-7f3a"):
        site.browser().get(path)
    page = site.browser().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert "7f3a" not in page
    assert "canary" not in page.lower()


def test_while_the_database_is_away_figures_say_so(site: Cast, outage: Outage) -> None:  # noqa: F811
    client = site.browser()
    client.get("/en/")
    outage.begin()
    found = figures(client)
    outage.end()
    assert found["petition_database_up"][()] == 0
    assert found["petition_answers_total"]["pages", "200"] == 1
    assert "petition_signatures" not in found
    assert figures(client)["petition_database_up"][()] == 1


def child(shared: Shared, answers: int) -> int:
    """A process that counts answers and dies without a word; its number once it is dead."""
    pid = os.fork()
    if not pid:
        try:
            mine = shared.claim()
            for _ in range(answers):
                mine.answered(counters.kind("signing.sign"), "303", 0.02, 3)
                mine.kept()
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    return pid


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_what_processes_count_adds_up_and_is_not_lost_with_them() -> None:
    """S73: three processes, killed one after the other, each in the place of the one before."""
    shared = Shared()
    mine = shared.claim()
    for answers in (5, 7, 11):
        child(shared, answers)
    mine.answered(counters.kind("signing.sign"), "303", 9.0, 1)
    assert [one for one in mine.answers() if one[2]] == [("sign", "303", 24)]
    assert mine.kept_answers() == 23
    assert (mine.processes(), mine.connections()) == (1, 1)
    times = {kind: (buckets, total) for kind, buckets, total in mine.times()}
    buckets, total = times["sign"]
    assert dict(buckets)["0.01"] == 0
    assert dict(buckets)["0.025"] == dict(buckets)["5"] == 23
    assert dict(buckets)["+Inf"] == 24
    assert total == pytest.approx(9 + 23 * 0.02)


def test_every_route_is_of_a_kind_and_no_kind_is_without_a_route(app: Flask) -> None:
    kinds = {counters.KINDS[counters.kind(endpoint)] for endpoint in app.view_functions}
    assert kinds == set(counters.KINDS) - {"desk", "none"}


def names_on_the_page(site: Cast) -> set[str]:
    """Every name that a rule may use."""
    site.campaign()
    site.signed()
    sightings.backed_up(db.now())
    crowding.count(db.now())
    db.session.commit()
    disk = set() if db.is_sqlite() else {"petition_disk_free_bytes", "petition_disk_size_bytes"}
    return figures(site.browser()).keys() | disk


def test_every_figure_that_an_alarm_names_exists_and_every_alarm_says_what_to_do(site: Cast) -> None:
    (group,) = yaml.safe_load((ROOT / "deploy" / "alarms.yml").read_text())["groups"]
    page = (ROOT / "docs" / "watch.md").read_text()
    known = names_on_the_page(site)
    told = set(
        re.findall(r"[A-Z]\w+", " ".join(re.findall(r"(?m)^\| ([A-Z][\w, ]+) \|", page.partition("## Alarms")[2])))
    )
    for rule in group["rules"]:
        used = set(re.findall(r"petition_\w+", rule["expr"]))
        assert used <= known, rule["alert"]
        assert used or "up{" in rule["expr"], rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].endswith(".")
    assert {rule["alert"] for rule in group["rules"]} == told - {"Alarm"}
    assert len(group["rules"]) > 15


def test_every_figure_stands_in_the_documentation_and_no_other(site: Cast) -> None:
    table = (ROOT / "docs" / "watch.md").read_text().partition("| Figure | Is |")[2].partition("\n\n")[0]
    documented = set(re.findall(r"`(petition_\w+)", table))
    parts = re.compile(r"_(bucket|count|sum)$")
    found = {parts.sub("", name) for name in names_on_the_page(site)} - {"petition_info"}
    assert documented == found


def test_a_worker_says_that_it_is_there_how_letters_ended_and_forgets_those_long_gone(site: Cast) -> None:
    site.campaign()
    site.sign()
    here(2 * 86400, "old")
    working = worker.Worker(site.app)
    working._deliver()
    working._see()
    db.session.remove()
    seen = {one.id: one.figures for one in sightings.all_seen(sightings.WORKER)}
    assert seen == {"worker one": {"sent": 3}, working._id: {"sent": 1}}
    assert db.session.get_one(Sighting, working._id).machine == sightings.machine()


@pytest.mark.usefixtures("anew")
def test_a_worker_that_ends_takes_leave_and_is_missed_at_once(cast: Cast) -> None:
    working = worker.Worker(cast.app)
    working._see()
    db.session.remove()
    assert ready(cast.browser()) == (200, set())
    working.stop()
    working._leave()
    assert ready(cast.browser()) == (503, {"worker"})
    assert [one.id for one in sightings.all_seen(sightings.GONE)] == [working._id]


def test_a_clock_is_outvoted_where_another_worker_agrees_with_the_database_and_not_where_nobody_does(
    site: Cast,
) -> None:
    """F10: which of two clocks is off, one alone cannot say."""
    for at in (db.now() + timedelta(days=1), db.now() - timedelta(days=1)):
        assert sightings.is_outvoted("worker two", at)
        assert not sightings.is_outvoted("worker one", at)
    assert not sightings.is_outvoted("worker two", db.now() + timedelta(seconds=50))
    here(-86400)
    assert not sightings.is_outvoted("worker two", db.now() + timedelta(days=1))
    assert sightings.is_outvoted("worker two", db.now() + timedelta(days=1), before=True)


def test_a_worker_whose_clock_is_outvoted_does_nothing_and_works_again_once_it_is_right(
    site: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F10: its moments would lie on other days, and its leases would seem to be over."""
    db.session.remove()
    watch = worker._Watch("worker two")
    assert not watch.is_off()
    monkeypatch.setattr(db, "now", lambda: datetime.now(UTC) + timedelta(days=1))
    monkeypatch.setattr(worker, "LOOKING", 0.0)
    assert watch.is_off()
    monkeypatch.undo()
    monkeypatch.setattr(worker, "LOOKING", 0.0)
    assert not watch.is_off()
