"""Running a campaign: publish, pause, resume, close, reopen, withdraw, and say what came of it.

Every deed is a page that says in numbers what it will do, and asks for the reason where there must be one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import StopValidation

from petition import campaigns, drafts, register, running
from petition.base import db, i18n, text, urls
from petition.base.i18n import gettext as _
from petition.campaigns import Campaign, Phase, Reading
from petition.drafts import LONGEST_OUTCOME, NotReady
from petition.web.desk import dates, editing, wall
from petition.web.desk.editing import Crossing, EditForm
from petition.web.desk.forms import DeskForm, reason_field
from petition.web.desk.wall import desk
from petition.web.forms import Cleaned


class DeedForm(DeskForm):
    """When, and why. `zone`, and whether an empty moment means now, are set by the view."""

    zone = "UTC"
    reason = reason_field()
    at = StringField()
    moment: datetime | None = None

    def validate_at(self, field: Any) -> None:
        """A moment ahead, or none."""
        field.data = (field.data or "").strip()
        self.moment = dates.read(field.data, ZoneInfo(self.zone))
        if self.moment is not None and self.moment <= db.now():
            raise StopValidation(_("This moment has passed. Leave it empty for now, or choose a later one."))


@dataclass(frozen=True, slots=True)
class Deed:
    """What can be done to a campaign: in which phases; whether it asks why and when; how. The verb says whether it was
    possible still."""

    phases: frozenset[Phase]
    why: bool
    when: bool
    do: Callable[[Campaign, DeedForm, str], bool]


def _publish(row: Campaign, form: DeedForm, actor: str) -> bool:
    drafts.publish(row, actor, form.moment)
    return True


def _pause(row: Campaign, form: DeedForm, actor: str) -> bool:
    return running.pause(row, actor, form.reason.data)


def _resume(row: Campaign, form: DeedForm, actor: str) -> bool:
    return running.resume(row, actor, form.reason.data)


def _reopen(row: Campaign, form: DeedForm, actor: str) -> bool:
    return running.reopen(row, actor, form.moment, form.reason.data)


def _close(row: Campaign, form: DeedForm, actor: str) -> bool:
    running.close(row, actor, form.moment, form.reason.data)
    return True


def _withdraw(row: Campaign, form: DeedForm, actor: str) -> bool:
    running.withdraw(row, actor, form.reason.data)
    return True


_PUBLIC = frozenset({Phase.SCHEDULED, Phase.OPEN, Phase.PAUSED})
_OVER = frozenset({Phase.CLOSED, Phase.FINAL})
DEEDS = {
    "publish": Deed(frozenset({Phase.DRAFT}), False, True, _publish),
    "put-off": Deed(frozenset({Phase.DRAFT}), False, False, lambda row, _form, me: drafts.put_off(row, me)),
    "pause": Deed(frozenset({Phase.OPEN}), True, False, _pause),
    "resume": Deed(frozenset({Phase.PAUSED}), False, False, _resume),
    "close": Deed(_PUBLIC, True, True, _close),
    "reopen": Deed(_OVER, True, True, _reopen),
    "withdraw": Deed(_PUBLIC | _OVER, True, False, _withdraw),
}
_NAMES = ", ".join(f"'{name}'" for name in DEEDS)


def possible(reading: Reading, at: datetime) -> list[str]:
    """What can be done to a campaign now."""
    phase = campaigns.phase(reading, at)
    if reading.withdrawn_at is not None:
        return []
    found = [name for name, deed in DEEDS.items() if phase in deed.phases]
    waits = reading.published_at is not None and reading.published_at > at
    no = {"put-off"} if not waits else set()
    no |= {"reopen"} if reading.forgotten_at is not None else set()
    return [name for name in found if name not in no]


@desk.get("/campaigns/<slug:slug>/run", needs="run campaign")
def campaign_run(campaign: Reading) -> str:
    """Where it stands, and what can be done."""
    return _list(campaign)


def _list(campaign: Reading, problem: str = "") -> str:
    at, zone = db.now(), campaign.time_zone
    said = {
        name: dates.in_words(moment, zone)
        for name, moment in (("published", campaign.published_at), ("opens", campaign.opens_at),
                             ("closes", campaign.closes_at)) if moment is not None
    }  # fmt: skip
    return render_template(
        "desk/run.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, problem=problem, said=said,
        phase=campaigns.phase(campaign, at).value, possible=possible(campaign, at), total=register.total(campaign.id),
        lacking=drafts.lacking(campaign), done=request.args.get("done", ""),
        waits=campaign.published_at is not None and campaign.published_at > at,
    )  # fmt: skip


@desk.get(f"/campaigns/<slug:slug>/run/<any({_NAMES}):deed>", needs="run campaign")
def campaign_deed(campaign: Reading, deed: str) -> str | tuple[str, int]:
    """What a deed will do."""
    if deed not in possible(campaign, db.now()):
        return _list(campaign, _too_late()), 422
    return _page(campaign, deed, DeedForm(formdata=None))


def _too_late() -> str:
    return str(_("This cannot be done as the campaign stands now."))


def _page(campaign: Reading, deed: str, form: DeedForm, problem: str = "") -> str:
    spoken = campaign.wording(i18n.spoken()).language
    return render_template(
        "desk/deed.html", campaign=campaign, title=campaign.wording(spoken).title, deed=deed, form=form,
        why=DEEDS[deed].why, when=DEEDS[deed].when, problem=problem, total=register.total(campaign.id),
        languages=len(campaign.wordings), href=urls.absolute(urls.campaign(spoken, campaign.slug)),
        grace=round(campaigns.GRACE.total_seconds() / 3600), lacking=deed == "publish" and drafts.lacking(campaign),
    )  # fmt: skip


@desk.post(f"/campaigns/<slug:slug>/run/<any({_NAMES}):deed>", needs="run campaign")
def do_deed(campaign: Reading, deed: str) -> Response | tuple[str, int]:
    """Do it."""
    form = DeedForm()
    form.zone, form.requires = campaign.time_zone, frozenset({"reason"} if DEEDS[deed].why else ())
    if not form.validate():
        return _page(campaign, deed, form), 422
    row, now = editing.locked(campaign)
    if deed not in possible(now, db.now()):
        return _list(now, _too_late()), 422
    problem = _over_already(now, deed, form)
    try:
        if problem or not DEEDS[deed].do(row, form, wall.me().called()):
            db.session.rollback()
            return _page(campaigns.read_id(campaign.id), deed, form, problem or _too_late()), 422
    except NotReady:
        return _page(now, deed, form, str(_("Something that signers must be told is missing still."))), 422
    db.session.commit()
    return redirect(url_for("desk.campaign_run", slug=now.slug, done=deed), 303)


def _over_already(reading: Reading, deed: str, form: DeedForm) -> str:
    """What would be published would be over at once."""
    starts = form.moment or db.now()
    if deed == "publish" and reading.closes_at is not None and reading.closes_at <= starts:
        return str(_("Its last day would be over by then. Change the dates first."))
    return ""


def _outcome_form(reading: Reading, **more: Any) -> EditForm:
    languages = (reading.first_language, *sorted(reading.wordings.keys() - {reading.first_language}))
    made = {
        f"outcome-{code}": StringField(validators=[Cleaned(text.paragraphs, LONGEST_OUTCOME, lambda: "")])
        for code in languages
    }
    form: EditForm = type("OutcomeForm", (EditForm,), made)(**more)
    return form


def _outcome_values(reading: Reading, form: EditForm) -> dict[str, str]:
    names = [one.name for one in form if one.name.startswith("outcome-")]
    return {name: reading.outcome.get(name.removeprefix("outcome-"), "") for name in names}


@desk.get("/campaigns/<slug:slug>/run/outcome", needs="run campaign")
def campaign_outcome(campaign: Reading) -> str:
    """What came of it, by language."""
    form = _outcome_form(campaign, formdata=None)
    form.begin(_outcome_values(campaign, form))
    return _outcome_page(campaign, form)


def _outcome_page(campaign: Reading, form: EditForm, crossed: Crossing | None = None) -> str:
    codes = [one.name.removeprefix("outcome-") for one in form if one.name.startswith("outcome-")]
    return render_template(
        "desk/outcome.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, form=form, crossed=crossed,
        own_names={code: i18n.own_name(code) for code in codes},
        names={f"outcome-{code}": i18n.own_name(code) for code in codes},
        over=campaigns.phase(campaign, db.now()) in _OVER, done=request.args.get("done", ""),
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/run/outcome", needs="run campaign")
def tell_outcome(campaign: Reading) -> Response | tuple[str, int]:
    """Say what came of it."""
    form = _outcome_form(campaign)
    if not form.validate():
        return _outcome_page(campaign, form), 422
    row, now = editing.locked(campaign)
    crossed = editing.crossing(form, _outcome_values(now, form), campaign.id)
    if crossed:
        return _outcome_page(now, form, crossed), 409
    written = {name.removeprefix("outcome-"): form[name].data for name in _outcome_values(now, form)}
    kept = {code: said for code, said in now.outcome.items() if code not in written}
    drafts.tell_outcome(row, kept | {code: said for code, said in written.items() if said}, wall.me().called())
    db.session.commit()
    return redirect(url_for("desk.campaign_run", slug=now.slug, done="outcome"), 303)
