"""Names before they are shown: the switch of a campaign, and the page on which those that wait are looked at."""

from flask import redirect, render_template, request, url_for
from werkzeug import Response

from petition import journal, showing, unshown
from petition.base import countries, db, i18n
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.web import guards
from petition.web.desk import wall
from petition.web.desk.deciding import about
from petition.web.desk.forms import ReasonForm
from petition.web.desk.wall import desk

PAGE = 25


@desk.get("/campaigns/<slug:slug>/names", needs="decide")
def names(campaign: Reading) -> str:
    """The switch, and how many wait."""
    return _page(campaign, ReasonForm(formdata=None))


def _page(campaign: Reading, form: ReasonForm) -> str:
    return render_template(
        "desk/names.html", form=form, on=unshown.is_on(campaign.id), wait=unshown.how_many_wait(campaign.id),
        **about(campaign),
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/names", needs="decide")
def switch_names(campaign: Reading) -> Response | tuple[str, int]:
    """Turn it on or off."""
    form = ReasonForm()
    if not form.validate():
        return _page(campaign, form), 422
    on = request.form.get("on") == "1"
    unshown.switch(campaign.id, on, actor=wall.me().called(), reason=form.reason.data or "", at=db.now())
    db.session.commit()
    return redirect(url_for("desk.names", slug=campaign.slug, done="on" if on else "off"), 303)


@desk.get("/campaigns/<slug:slug>/names/look", needs="see people")
def look_at_names(campaign: Reading) -> str:
    """The next page of those that wait; the look is in the journal (S41)."""
    found = showing.waiting(campaign.id, PAGE)
    if found:
        journal.write(
            wall.me().called(), "signatures looked at", campaign_id=campaign.id, count=len(found),
            reason=_("names before they are shown"),
        )  # fmt: skip
        db.session.commit()
    lands = {one.id: countries.name(one.country, i18n.spoken()) if one.country else "" for one in found}
    return render_template(
        "desk/names_look.html", names=found, lands=lands, wait=unshown.how_many_wait(campaign.id),
        may=wall.held().may("decide", campaign.id), **about(campaign),
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/names/look", needs="decide")
def decide_names(campaign: Reading) -> Response:
    """Show or hide those of the page, as was chosen for each; what was left open goes on waiting."""
    chosen: dict[str, list[int]] = {"show": [], "hide": []}
    for name, value in request.form.items():
        key = guards.number(name.removeprefix("name-")) if name.startswith("name-") else 0
        if key and value in chosen:
            chosen[value].append(key)
    showing.decide(campaign.id, chosen["show"][:PAGE], chosen["hide"][:PAGE], actor=wall.me().called())
    db.session.commit()
    return redirect(url_for("desk.look_at_names", slug=campaign.slug, done="stored"), 303)
