"""People who sign together (S49): the soft limit is lifted for a hall, by who is there or by a link made beforehand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import segno
from flask import redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import StopValidation

from petition import gatherings, networks
from petition.base import db, i18n, settings, text, urls
from petition.base.i18n import gettext as _
from petition.base.i18n import ngettext
from petition.campaigns import Reading
from petition.gatherings import Gathering
from petition.web import limits
from petition.web.desk import dates, editing, wall
from petition.web.desk.forms import DeskForm
from petition.web.desk.wall import desk
from petition.web.forms import LONGEST_LINE, Cleaned

HOURS = (1, 2, 3, 4, 6, 8, 12)


def _place() -> StringField:
    return StringField(validators=[Cleaned(text.line, LONGEST_LINE, lambda: _("Say where, or what it is."))])


class HereForm(DeskForm):
    """Where, and for how many hours from now on."""

    requires = frozenset({"place"})
    place = _place()
    hours = StringField()

    def validate_hours(self, field: Any) -> None:
        """One of those offered."""
        if field.data not in map(str, HOURS):
            raise StopValidation(_("Choose one from the list."))


class PlanForm(DeskForm):
    """Where, and from when to when, by the clocks of the campaign. `zone` is set by the view."""

    requires = frozenset({"hall"})
    zone = "UTC"
    hall = _place()
    begins = StringField()
    ends = StringField()
    moments: tuple[datetime, datetime]

    def validate_ends(self, field: Any) -> None:
        """Both moments: ahead, in order, not too far apart."""
        zone = ZoneInfo(self.zone)
        first, last = (dates.read((one.data or "").strip(), zone) for one in (self.begins, field))
        if first is None or last is None:
            raise StopValidation(_("Type both moments."))
        now = db.now()
        if last <= now or last <= first:
            raise StopValidation(_("It must end after it begins, and ahead of now."))
        if last - first > gatherings.LONGEST or first > now + gatherings.AHEAD:
            hours, days = gatherings.LONGEST // timedelta(hours=1), gatherings.AHEAD.days
            raise StopValidation(_("At most %(hours)s hours, and at most %(days)s days ahead.", hours=hours, days=days))
        self.moments = first, last


@dataclass(frozen=True, slots=True)
class Shown:
    """One as the page shows it. `href` and `code`: its link and the picture of it, where it has one."""

    number: int
    place: str
    began: str
    ends: str
    is_over: bool
    href: str
    code: Markup


def _shown(campaign: Reading, row: Gathering, at: datetime) -> Shown:
    over = row.is_over(at)
    language = campaign.wording(i18n.spoken()).language
    href = urls.absolute(urls.campaign(language, campaign.slug)) + f"?source={row.source}" if row.source else ""
    code = ""
    if href and not over:
        code = segno.make(href, error="m").svg_inline(svgclass="code", lineclass=None, omitsize=True, light="#fff")
    began = row.created_at if row.network else row.began_at
    first, last = (dates.in_words(moment, campaign.time_zone) for moment in (began, row.ends_at))
    return Shown(row.id, row.place, first, last, over, href, Markup(code))  # noqa: S704  # segno's own picture


@desk.get("/campaigns/<slug:slug>/together", needs="decide")
def together(campaign: Reading) -> str:
    """Where people sign together now, soon, and where they did."""
    return _page(campaign)


def _page(campaign: Reading, *, here: HereForm | None = None, plan: PlanForm | None = None, problem: str = "") -> str:
    at = db.now()
    rows = [_shown(campaign, row, at) for row in gatherings.of_campaign(campaign.id)]
    return render_template(
        "desk/together.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, problem=problem,
        now=[row for row in rows if not row.is_over], over=[row for row in rows if row.is_over],
        here_form=here or HereForm(formdata=None, hours="3"), plan=plan or PlanForm(formdata=None),
        hours=[(str(one), ngettext("%(num)s hour", "%(num)s hours", one)) for one in HOURS],
        network=networks.network(limits.client_address()), zone=campaign.time_zone,
        soft=settings.current().soft_limit, hard=settings.current().hard_limit, done=request.args.get("done", ""),
    )  # fmt: skip


def _to(campaign: Reading, done: str) -> Response:
    db.session.commit()
    return redirect(url_for("desk.together", slug=campaign.slug, done=done), 303)


@desk.post("/campaigns/<slug:slug>/together/here", needs="decide")
def begin_together(campaign: Reading) -> Response | tuple[str, int]:
    """From now on, for the network that this very request comes from."""
    form, at = HereForm(), db.now()
    if not form.validate():
        return _page(campaign, here=form), 422
    if campaign.forgotten_at is not None:
        return _page(campaign, problem=editing.forgotten()), 422
    place = form.place.data or ""
    row = gatherings.begin(
        campaign.id, limits.client_address(), place, at + timedelta(hours=int(form.hours.data or 1)),
        actor=wall.me().called(), reason=place, at=at,
    )  # fmt: skip
    if row is None:
        return _page(campaign, problem=str(_("Your network cannot be told from here."))), 422
    return _to(campaign, "here")


@desk.post("/campaigns/<slug:slug>/together/plan", needs="decide")
def plan_together(campaign: Reading) -> Response | tuple[str, int]:
    """Between two moments, for who comes by a link made for it."""
    form = PlanForm()
    form.zone = campaign.time_zone
    if not form.validate():
        return _page(campaign, plan=form), 422
    if campaign.forgotten_at is not None:
        return _page(campaign, problem=editing.forgotten()), 422
    place = form.hall.data or ""
    gatherings.plan(campaign.id, place, *form.moments, actor=wall.me().called(), reason=place, at=db.now())
    return _to(campaign, "planned")


@desk.post(f"/campaigns/<slug:slug>/together/<int(max={2**63 - 1}):gathering>/end", needs="decide")
def end_together(campaign: Reading, gathering: int) -> Response:
    """Spread letters again from now on."""
    gatherings.end(campaign.id, gathering, actor=wall.me().called(), at=db.now())
    return _to(campaign, "ended")
