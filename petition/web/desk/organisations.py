"""Organisations that support a campaign: who asks, accept, refuse, enter by hand, correct, order, logos, withdraw.

All of it needs "decide": these pages show who speaks for an organisation, and what is entered here is public at once.
"""

from flask import abort, redirect, render_template, request, url_for
from werkzeug import Response

from petition import endorsement_decisions as decisions
from petition import endorsements
from petition.base import db, i18n, images, urls
from petition.base.i18n import gettext as _
from petition.base.images import ImageRefused
from petition.campaigns import Reading
from petition.endorsement_decisions import Changed
from petition.endorsements import ACCEPTED, CONFIRMED, LEVELS, REFUSED, Endorsement
from petition.web import context, endorsing, guards
from petition.web.desk import door, wall
from petition.web.desk.forms import EndorsementForm, ReasonForm
from petition.web.desk.wall import desk

LARGEST_LOGO = 400 * 1024
MOST_PLACE = 999
_ONE = f"/campaigns/<slug:slug>/endorsements/<int(max={2**63 - 1}):endorsement>"


def _about(campaign: Reading) -> dict[str, object]:
    """What every page of this corner shows."""
    spoken = i18n.spoken()
    return {
        "campaign": campaign, "title": campaign.wording(spoken).title, "levels": endorsing.levels(),
        "form_href": urls.absolute(urls.endorse(campaign.wording(spoken).language, campaign.slug)),
        "done": request.args.get("done", ""),
    }  # fmt: skip


@desk.get("/campaigns/<slug:slug>/endorsements", needs="decide")
def endorsements_page(campaign: Reading) -> str:
    """Those that wait, those that are shown in their order, those that were refused."""
    return _list(campaign)


def _list(campaign: Reading, problem: str = "") -> str:
    rows = decisions.of_campaign(campaign.id)
    accepted = [row for row in rows if row.state == ACCEPTED]
    accepted.sort(key=_as_in_public)
    return render_template(
        "desk/endorsements.html", waiting=[row for row in rows if row.state == CONFIRMED], accepted=accepted,
        refused=[row for row in rows if row.state == REFUSED], problem=problem, **_about(campaign),
    )  # fmt: skip


def _as_in_public(row: Endorsement) -> tuple[int, bool, int, str, str]:
    return LEVELS.index(row.level), row.place is None, row.place or 0, row.country, row.organisation.casefold()


@desk.post("/campaigns/<slug:slug>/endorsements", needs="decide")
def order_endorsements(campaign: Reading) -> Response | tuple[str, int]:
    """Store the places that were typed beside those that are shown; an empty one is none."""
    places: dict[int, int | None] = {}
    for name, value in request.form.items():
        row = guards.number(name.removeprefix("place-")) if name.startswith("place-") else 0
        typed = value.strip()
        if row and typed and not (typed.isdecimal() and len(typed) < 6 and 0 < int(typed) <= MOST_PLACE):
            return _list(campaign, _("Type whole numbers from 1 on, or leave them empty.")), 422
        if row:
            places[row] = int(typed) if typed else None
    decisions.put_in_order(campaign.id, places, wall.me().called())
    db.session.commit()
    return _to_list(campaign, "ordered")


def _to_list(campaign: Reading, done: str) -> Response:
    return redirect(url_for("desk.endorsements_page", slug=campaign.slug, done=done), 303)


@desk.get("/campaigns/<slug:slug>/endorsements/new", needs="decide")
def new_endorsement(campaign: Reading) -> str:
    """The form to enter one."""
    return _new(campaign, EndorsementForm(formdata=None))


def _new(campaign: Reading, form: EndorsementForm) -> str:
    languages = [(code, i18n.own_name(code)) for code in dict.fromkeys((*campaign.wordings, *i18n.languages()))]
    return render_template(
        "desk/new_endorsement.html", form=form, languages=languages, **_about(campaign), **context.country_lists()
    )


@desk.post("/campaigns/<slug:slug>/endorsements/new", needs="decide")
def enter_endorsement(campaign: Reading) -> Response | tuple[str, int]:
    """Enter one; it is shown at once."""
    form = EndorsementForm()
    if not form.validate():
        return _new(campaign, form), 422
    language = request.form.get("language", "")
    decisions.enter(
        campaign, form.said(), form.person(), show_name=bool(form.show_name.data), actor=wall.me().called(),
        language=language if language in campaign.wordings else i18n.spoken(), reason=form.reason.data or "",
    )  # fmt: skip
    db.session.commit()
    return _to_list(campaign, "entered")


def _locked(campaign: Reading, endorsement: int) -> Endorsement:
    row = decisions.lock(campaign.id, endorsement)
    if row is None:
        abort(404)
    return row


@desk.get(_ONE, needs="decide")
def endorsement(campaign: Reading, endorsement: int) -> str:
    """One, with all that was typed, and what can be done with it."""
    row = decisions.find(campaign.id, endorsement)
    if row is None:
        abort(404)
    return _page(campaign, row)


def _page(
    campaign: Reading, row: Endorsement, *, form: EndorsementForm | None = None, refusal: ReasonForm | None = None,
    withdrawal: ReasonForm | None = None, problem: str = "",
) -> str:  # fmt: skip
    empty = ReasonForm(formdata=None)
    logo = decisions.logo_of(row)
    return render_template(
        "desk/endorsement.html", row=row, facts=endorsing.told(row), language_name=i18n.own_name(row.language),
        form=form or EndorsementForm(formdata=None, data=endorsing.filled(row)), refusal=refusal or empty,
        withdrawal=withdrawal or empty, problem=problem, view=endorsing.shown(row, logo), **_about(campaign),
        **context.country_lists(),
    )  # fmt: skip


def _to(campaign: Reading, row: Endorsement, done: str) -> Response:
    endorsement_id = row.id
    db.session.commit()
    return redirect(url_for("desk.endorsement", slug=campaign.slug, endorsement=endorsement_id, done=done), 303)


def _version() -> int:
    """The version that was decided about."""
    return guards.number(request.form.get("version", ""))


def _changed(campaign: Reading, endorsement: int) -> tuple[str, int]:
    """It was corrected meanwhile: nobody decides about what they have not seen."""
    db.session.rollback()
    said = _("This was changed while you were reading it. Look at it again, then decide.")
    return _page(campaign, _locked(campaign, endorsement), problem=said), 422


@desk.post(_ONE + "/accept", needs="decide")
def accept_endorsement(campaign: Reading, endorsement: int) -> Response | tuple[str, int]:
    """Show it from now on."""
    row = _locked(campaign, endorsement)
    try:
        decisions.accept(row, _version(), wall.me().called())
    except Changed:
        return _changed(campaign, endorsement)
    return _to(campaign, row, "accepted")


@desk.post(_ONE + "/refuse", needs="decide")
def refuse_endorsement(campaign: Reading, endorsement: int) -> Response | tuple[str, int]:
    """Do not show it, or no longer."""
    row, refusal = _locked(campaign, endorsement), ReasonForm()
    if not refusal.validate():
        return _page(campaign, row, refusal=refusal), 422
    try:
        decisions.refuse(row, _version(), wall.me().called(), refusal.reason.data)
    except Changed:
        return _changed(campaign, endorsement)
    return _to(campaign, row, "refused")


@desk.post(_ONE + "/correct", needs="decide")
def correct_endorsement(campaign: Reading, endorsement: int) -> Response | tuple[str, int]:
    """Correct what stands there; what is shown goes on."""
    row, form = _locked(campaign, endorsement), EndorsementForm()
    if not form.validate():
        return _page(campaign, row, form=form), 422
    if row.version != _version():
        return _changed(campaign, endorsement)
    decisions.correct(
        row, form.said(), form.person(), bool(form.show_name.data), wall.me().called(), form.reason.data or ""
    )
    return _to(campaign, row, "corrected")


@desk.post(_ONE + "/logo", needs="decide", files=True)
def put_logo(campaign: Reading, endorsement: int) -> Response | tuple[str, int]:
    """Show a logo beside it, or none."""
    data = door.file_sent("logo")
    away = "away" in request.form
    try:
        if len(data) > LARGEST_LOGO:
            raise ImageRefused("too_large")
        # Decoded before the row is locked: it may take its time.
        scaled = images.logo(data) if data and not away else None
    except ImageRefused as refused:
        return _page(campaign, _locked(campaign, endorsement), problem=_refused(refused.why)), 422
    row = _locked(campaign, endorsement)
    if scaled is None and not away:
        return _page(campaign, row, problem=_("Choose a file first.")), 422
    decisions.put_logo(row, scaled, wall.me().called())
    return _to(campaign, row, "logo")


def _refused(why: str) -> str:
    sentences = {
        "too_large": _("This file is too large: at most %(most)s kB.", most=LARGEST_LOGO // 1024),
        "too_many_pixels": _("This picture is too large. Make it smaller, then choose it again."),
        "too_small": _("This picture is too small: each side must have at least %(least)s dots.",
                       least=images.LEAST_LOGO_SIDE),
        "too_stretched": _("This picture is too long and thin to be shown as a logo."),
    }  # fmt: skip
    return str(sentences.get(why) or _("This is no picture that can be read. Choose a JPEG, PNG or WebP file."))


@desk.post(_ONE + "/withdraw", needs="decide")
def withdraw_endorsement(campaign: Reading, endorsement: int) -> Response | tuple[str, int]:
    """Delete it with all that is stored of it."""
    row, withdrawal = _locked(campaign, endorsement), ReasonForm()
    if not withdrawal.validate():
        return _page(campaign, row, withdrawal=withdrawal), 422
    endorsements.withdraw(row, wall.me().called(), withdrawal.reason.data)
    db.session.commit()
    return _to_list(campaign, "withdrawn")
