"""The first page of the desk: my campaigns with today's figures, and what to do first."""

from dataclasses import dataclass

from flask import redirect, render_template, request, session, url_for
from werkzeug import Response

from petition import campaigns, partners, register
from petition.base import db, i18n
from petition.campaigns import Reading
from petition.web.desk import wall
from petition.web.desk.wall import ANYBODY, SIGNED_IN, desk


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign as the first page shows it; figures are None without the right to see them."""

    slug: str
    title: str
    lang: str
    phase: str
    role: str
    total: int | None
    today: int | None
    href: str


@desk.get("/", needs=SIGNED_IN)
def front() -> str:
    """My campaigns, newest first."""
    held, at = wall.held(), db.now()
    found = campaigns.every() if held.may("manage people") else campaigns.some(held.campaigns.keys())
    seen = [one.id for one in found if held.may("see figures", one.id)]
    totals, today = register.totals(seen), register.on_day(seen, at.date())
    rows = [_row(one, totals, today) for one in found]
    return render_template("desk/front.html", rows=rows, partners=_partners())


def _partners() -> list[tuple[str, str, str]]:
    """The partners whose people I am among: name, title of the campaign, path."""
    mine = partners.some(tuple(wall.held().partners))
    of = {one.id: one for one in campaigns.some({one.campaign_id for one in mine})}
    return [
        (one.name, of[one.campaign_id].wording(i18n.spoken()).title,
         url_for("desk.partner", slug=of[one.campaign_id].slug, partner=one.key))
        for one in mine
    ]  # fmt: skip


def _row(reading: Reading, totals: dict[int, int], today: dict[int, int]) -> Row:
    held = wall.held()
    wording = reading.wording(i18n.spoken())
    return Row(
        reading.slug, wording.title, wording.language, campaigns.phase(reading, db.now()).value,
        held.campaigns.get(reading.id, ""), totals.get(reading.id), today.get(reading.id),
        _first_corner(reading),
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
