"""The first page of the desk: my campaigns with today's figures, and what to do first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask import redirect, render_template, request, session, url_for
from werkzeug import Response

from petition import campaigns, charts, partners, standing, waiting
from petition.base import db, i18n, outbox
from petition.base.outbox import Standing
from petition.campaigns import Reading
from petition.web.desk import glances, wall
from petition.web.desk.wall import ANYBODY, SIGNED_IN, desk


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign as the first page shows it; without figures for who has no right to see them."""

    slug: str
    title: str
    lang: str
    phase: str
    role: str
    href: str
    figures: "Figures | None"


@dataclass(frozen=True, slots=True)
class Figures:
    """Its figures: `waiting` is how much waits for a decision; `days` says what the picture `outline` shows."""

    total: int
    today: int
    days: str
    outline: str
    waiting: int
    letters: Standing
    late: bool


@desk.get("/", needs=SIGNED_IN)
def front() -> str:
    """My campaigns, newest first."""
    held, at = wall.held(), db.now()
    found = campaigns.every() if held.may("manage people") else campaigns.some(held.campaigns.keys())
    seen = [one.id for one in found if held.may("see figures", one.id)]
    figures = _figures(seen, at)
    return render_template("desk/front.html", rows=[_row(one, figures.get(one.id)) for one in found],
                           partners=_partners())  # fmt: skip


def _partners() -> list[tuple[str, str, str]]:
    """The partners whose people I am among: name, title of the campaign, path."""
    mine = partners.some(tuple(wall.held().partners))
    of = {one.id: one for one in campaigns.some({one.campaign_id for one in mine})}
    return [
        (one.name, of[one.campaign_id].wording(i18n.spoken()).title,
         url_for("desk.partner", slug=of[one.campaign_id].slug, partner=one.key))
        for one in mine
    ]  # fmt: skip


def _figures(seen: Collection[int], at: datetime) -> dict[int, Figures]:
    """Three statements, however many campaigns there are."""
    days = charts.days_until(at.date(), glances.DAYS)
    recent, waits, letters = standing.recent(seen, days), waiting.counts(seen), outbox.standings(seen, at)
    return {
        key: Figures(
            recent[key].total, recent[key].days[at.date().isoformat()], *glances.spark(recent[key].days),
            sum(waits[key].values()), letters[key], glances.is_late(letters[key], at),
        )
        for key in seen
    }  # fmt: skip


def _row(reading: Reading, figures: Figures | None) -> Row:
    held = wall.held()
    wording = reading.wording(i18n.spoken())
    return Row(
        reading.slug, wording.title, wording.language, campaigns.phase(reading, db.now()).value,
        held.campaigns.get(reading.id, ""), _first_corner(reading), figures,
    )  # fmt: skip


def _first_corner(reading: Reading) -> str:
    """Where somebody works in a campaign; "" where there is nothing for them."""
    if wall.held().may("see figures", reading.id):
        return url_for("desk.overview", slug=reading.slug)
    return url_for("desk.team", slug=reading.slug) if wall.held().may("manage team", reading.id) else ""


@desk.post("/language", needs=ANYBODY)
def language() -> Response:
    """Speak another language from now on."""
    code = request.form.get("language", "")
    if code in i18n.languages():
        session["language"] = code
        if wall.is_signed_in():
            wall.me().language = code
            db.session.commit()
    return redirect(wall.back_to(request.form.get("back", ""), "/desk/sign-in"), 303)
