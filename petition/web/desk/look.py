"""How a campaign looks and when it can be signed: goals, dates, colour, picture, address."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy.exc import IntegrityError
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import StopValidation

from petition import campaigns, drafts, pictures, running
from petition.base import colour, db, i18n, images, urls
from petition.base.colour import ColourRefused
from petition.base.i18n import gettext as _
from petition.base.images import ImageRefused, Scaled
from petition.campaigns import Reading
from petition.drafts import MOST_GOAL, MOST_GOALS
from petition.pictures import LONGEST_ALT, Chosen
from petition.pieces import SlugRefused
from petition.web import guards
from petition.web.desk import dates, door, editing, preview, wall
from petition.web.desk.appeal_forms import line
from petition.web.desk.editing import Crossing, EditForm
from petition.web.desk.forms import DeskForm
from petition.web.desk.wall import desk


class LookForm(EditForm):
    """Goals, dates, colour. `suggestion` is a readable colour near one that is too pale."""

    requires = frozenset({"time_zone"})
    goals = StringField()
    time_zone = StringField()
    opens = StringField()
    closes = StringField()
    colour = StringField()
    #: What is stored; set by the view.
    before: Reading
    suggestion = ""
    moments: tuple[datetime | None, datetime | None] = (None, None)

    def validate_goals(self, field: Any) -> None:
        """One on each line; blanks, points and commas within a number only make it readable."""
        lines = [re.sub(r"[\s.,'’]", "", one) for one in (field.data or "").splitlines()]
        numbers = [int(one) if re.fullmatch("[0-9]{1,10}", one) else 0 for one in lines if one]
        if not all(1 <= one <= MOST_GOAL for one in numbers) or len(numbers) > MOST_GOALS:
            raise StopValidation(_("Type one whole number on each line, at most %(most)s of them.", most=MOST_GOALS))
        field.data = "\n".join(str(one) for one in sorted(set(numbers)))

    def validate_colour(self, field: Any) -> None:
        """One that can be read on our paper."""
        try:
            chosen = colour.parse(field.data or "")
            colour.check(chosen)
        except ColourRefused as error:
            self.suggestion = error.suggestion.hex.lower()
            raise StopValidation(
                _("This colour is too pale to be read. Take a darker one, such as #%(hex)s.", hex=self.suggestion)
            ) from None
        except ValueError:
            raise StopValidation(_("Choose a colour: six digits from 0 to f, such as #b3201b.")) from None
        field.data = "#" + chosen.hex.lower()

    def validate_time_zone(self, field: Any) -> None:
        """One that there is."""
        field.data = (field.data or "").strip()
        dates.zone_of(field.data)

    def _read(self, field: Any, stored: datetime | None) -> datetime | None:
        """What was typed, to the second what is stored where nothing else was; None where the zone is wrong."""
        field.data, zone = (field.data or "").strip(), self.time_zone.data or ""
        if self.time_zone.errors:
            return None
        at = dates.read(field.data, dates.zone_of(zone))
        return stored if field.data == dates.typed(stored, zone) else at

    def validate_opens(self, field: Any) -> None:
        """A moment; not ahead once signing has begun."""
        before = self.before
        at = self._read(field, before.opens_at)
        begun = before.published_at is not None and before.published_at <= db.now()
        begun = begun and (before.opens_at is None or before.opens_at <= db.now())
        if begun and at is not None and at > db.now():
            raise StopValidation(_("Signing has begun already. To stop it for a while, pause the campaign."))
        self.moments = (at, self.moments[1])

    def validate_closes(self, field: Any) -> None:
        """A moment ahead, after the opening; one that has passed is for the page that closes."""
        at = self._read(field, self.before.closes_at)
        if at is not None and at != self.before.closes_at and at <= db.now():
            raise StopValidation(_("This moment has passed. To close the campaign now, use the page “Run”."))
        if at is None and self.before.closes_at is not None and self.before.closes_at <= db.now():
            raise StopValidation(_("The campaign is closed. To reopen it, use the page “Run”."))
        if at is not None and self.moments[0] is not None and at <= self.moments[0]:
            raise StopValidation(_("The end must come after the beginning."))
        self.moments = (self.moments[0], at)

    def facts(self) -> dict[str, Any]:
        """What was typed, as the domain takes it."""
        opens_at, closes_at = self.moments
        goals = tuple(int(one) for one in self.goals.data.split())
        return {"colour": self.colour.data.removeprefix("#"), "goals": goals, "time_zone": self.time_zone.data,
                "opens_at": opens_at, "closes_at": closes_at}  # fmt: skip


def look_values(reading: Reading) -> dict[str, str]:
    """What is stored, as the form shows it."""
    return {
        "goals": "\n".join(str(one) for one in reading.goals), "time_zone": reading.time_zone,
        "opens": dates.typed(reading.opens_at, reading.time_zone),
        "closes": dates.typed(reading.closes_at, reading.time_zone), "colour": "#" + reading.colour,
    }  # fmt: skip


class AddressForm(DeskForm):
    """Another address."""

    slug = StringField()

    def validate_slug(self, field: Any) -> None:
        """What an address takes."""
        field.data = (field.data or "").strip().lower()
        if not guards.is_slug(field.data):
            raise StopValidation(_("An address takes a-z, 0-9 and “-”, at most 80 characters."))


def _alt_form(reading: Reading, **more: Any) -> Any:
    """What the picture shows, a line for each language of the text."""
    languages = list(reading.wordings) or [reading.first_language]
    names = [f"alt-{code}" for code in languages]
    fields: dict[str, Any] = {name: line(_no_alt, LONGEST_ALT) for name in names}
    fields |= {"requires": frozenset(names), "names": names, "languages": languages}
    return type("AltForm", (DeskForm,), fields)(**more)


def _no_alt() -> str:
    return str(_("Say what the picture shows, for those who cannot see it."))


@desk.get("/campaigns/<slug:slug>/look", needs="edit campaign")
def campaign_look(campaign: Reading) -> str:
    """Goals, dates, colour, picture, address."""
    form = LookForm(formdata=None)
    form.begin(look_values(campaign))
    return _page(campaign, form)


def _page(
    campaign: Reading, form: LookForm, *, crossed: Crossing | None = None, problem: str = "", alts: Any = None,
    address: AddressForm | None = None, wrong_picture: str = "",
) -> str:  # fmt: skip
    picture = pictures.of_campaign(campaign.id)
    if alts is None:
        alts = _alt_form(campaign, formdata=None)
        for code in alts.languages:
            alts[f"alt-{code}"].data = picture[1].get(code, "") if picture else ""
    words = [dates.in_words(at, campaign.time_zone) if at else "" for at in (campaign.opens_at, campaign.closes_at)]
    return render_template(
        "desk/look.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, form=form, crossed=crossed,
        problem=problem, zones=dates.zones(), opens_said=words[0], closes_said=words[1], alts=alts, picture=picture,
        picture_href=urls.picture(picture[0].name, picture[0].width, picture[0].height) if picture else "",
        own_names={code: i18n.own_name(code) for code in alts.languages}, wrong_picture=wrong_picture,
        address=address or AddressForm(formdata=None, slug=campaign.slug), done=request.args.get("done", ""),
        ratio=f"{colour.contrast(colour.parse(campaign.colour), colour.PAPER):.1f}",
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/look", needs="edit campaign")
def save_look(campaign: Reading) -> Response | str | tuple[str, int]:
    """Save goals, dates and colour, or show how they would look."""
    form = LookForm()
    form.before = campaign
    if editing.wants("edit"):
        return _page(campaign, form)
    if not form.validate():
        return _page(campaign, form), 422
    if editing.wants("preview"):
        shown = replace(campaign, **form.facts())
        return preview.shown(shown, campaign.wording(i18n.spoken()).language, keeps=True)
    row, now = editing.locked(campaign)
    crossed = editing.crossing(form, look_values(now), campaign.id)
    if crossed:
        return _page(now, form, crossed=crossed), 409
    if row.forgotten_at is not None:
        return _page(now, form, problem=editing.forgotten()), 422
    changed = drafts.look(row, wall.me().called(), **form.facts())
    db.session.commit()
    return redirect(url_for("desk.campaign_look", slug=campaign.slug, done="saved" if changed else "same"), 303)


@desk.post("/campaigns/<slug:slug>/look/picture", needs="edit campaign", files=True)
def save_picture(campaign: Reading) -> Response | tuple[str, int]:
    """Take a picture, or other words for the one there is."""
    alts, data = _alt_form(campaign), door.file_sent("picture")
    has_one = pictures.of_campaign(campaign.id) is not None
    wrong = "" if data or has_one else str(_("Choose a picture."))
    valid = alts.validate()
    # Decoding takes a while: nobody else must wait for it.
    db.session.rollback()
    scaled: Scaled | None = None
    if data and valid:
        try:
            scaled = images.scaled(data)
        except ImageRefused as refused:
            wrong = picture_refused(refused.why)
    if wrong or not valid:
        return _page(campaigns.read_id(campaign.id), _stored(campaign), alts=alts, wrong_picture=wrong), 422
    row = campaigns.locked(campaign.id)
    alt = {code: alts[f"alt-{code}"].data for code in alts.languages}
    if scaled is not None:
        pictures.show(row.id, Chosen(scaled, alt), wall.me().called())
    else:
        pictures.describe(row.id, alt, wall.me().called())
    db.session.commit()
    return redirect(url_for("desk.campaign_look", slug=campaign.slug, done="picture"), 303)


def _stored(campaign: Reading) -> LookForm:
    form = LookForm(formdata=None)
    form.begin(look_values(campaign))
    return form


def picture_refused(why: str) -> str:
    """Why a file is not taken as a picture."""
    said = {
        "too_large": _("This file is larger than %(most)s MB.", most=images.LARGEST_FILE // 1024 // 1024),
        "unknown": _("This is no JPEG, PNG or WebP picture."),
        "broken": _("This picture cannot be read to its end."),
        "too_many_pixels": _("This picture has too many pixels. Make it smaller first."),
        "too_small": _("A picture needs at least %(least)s pixels on each side.", least=images.LEAST_SIDE),
        "too_stretched": _("One side must not be more than %(most)s times as long as the other.",
                           most=images.MOST_STRETCHED),
    }  # fmt: skip
    return said[why]


@desk.post("/campaigns/<slug:slug>/look/picture/remove", needs="edit campaign")
def remove_picture(campaign: Reading) -> Response:
    """Leave the campaign without a picture."""
    row = campaigns.locked(campaign.id)
    pictures.show(row.id, None, wall.me().called())
    db.session.commit()
    return redirect(url_for("desk.campaign_look", slug=campaign.slug, done="no-picture"), 303)


@desk.post("/campaigns/<slug:slug>/look/address", needs="run campaign")
def save_address(campaign: Reading) -> Response | tuple[str, int]:
    """Another address; the old one leads to it."""
    form = AddressForm()
    if not form.validate():
        return _page(campaign, _stored(campaign), address=form), 422
    row = campaigns.locked(campaign.id)
    if row.slug == form.slug.data:
        return redirect(url_for("desk.campaign_look", slug=row.slug, done="same"), 303)
    try:
        if form.slug.data == "new":
            raise SlugRefused("new")
        running.rename(row, form.slug.data, wall.me().called())
        db.session.commit()
    except (SlugRefused, IntegrityError):
        db.session.rollback()
        editing.complain(form, "slug", str(_("Another campaign has this address, or had it. Choose another one.")))
        return _page(campaigns.read_id(campaign.id), _stored(campaign), address=form), 422
    return redirect(url_for("desk.campaign_look", slug=form.slug.data, done="address"), 303)
