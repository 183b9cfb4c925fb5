"""The forms of articles, events and topics. What they refuse is what a folder refuses, from the same rules."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from wtforms import StringField
from wtforms.validators import StopValidation

from petition import articles, campaigns, events, pieces, topics
from petition.base import db, i18n, markdown, text
from petition.base.i18n import gettext as _
from petition.base.text import TextRefused
from petition.folders.files import LONGEST_STANDFIRST, is_language
from petition.folders.meetings import HTTPS, LONGEST_ADDRESS, LONGEST_PLACE
from petition.web import guards
from petition.web.desk import dates, wall
from petition.web.desk.appeal_forms import line
from petition.web.desk.editing import EditForm
from petition.web.forms import Cleaned

Form = TypeVar("Form", bound="PieceForm")
DRAFT, NOW, AT = "draft", "now", "at"


class PieceForm(EditForm):
    """What all three share: an address, and texts side by side, whose fields `with_languages` adds."""

    #: The name of each field of a text, and what makes it.
    TEXT: ClassVar[dict[str, Callable[[], Any]]] = {}
    RESERVED: ClassVar[frozenset[str]] = frozenset()

    languages: list[str]
    #: What is stored, as the form shows it, and its moment, which has seconds too; set by the view.
    kept: Mapping[str, str] = MappingProxyType({})
    kept_at: datetime | None = None
    slug = StringField()

    def validate_slug(self, field: Any) -> None:
        """An address, or nothing: then one is made of the title."""
        field.data = (field.data or "").strip().lower()
        if field.data and not guards.is_slug(field.data):
            raise StopValidation(_("An address takes a-z, 0-9 and “-”, at most 80 characters."))
        if field.data in self.RESERVED:
            raise StopValidation(_("This is the address of another page. Choose another one."))

    def is_public(self) -> bool:
        """Whether readers will see it, now or later."""
        return True

    def needed(self) -> tuple[str, ...]:
        """Those without which a text cannot be public; a draft may lack them."""
        return ("standfirst",)

    def written(self) -> list[str]:
        """The languages in which something is written, the first one always; the others are taken away."""
        return [
            code for code in self.languages
            if code == self.languages[0] or any((self[f"{code}-{name}"].data or "").strip() for name in self.TEXT)
        ]  # fmt: skip

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether it can be stored: a title always, the rest of a text once readers see it."""
        needed = ("title", *(self.needed() if self.is_public() else ()))
        self.requires = frozenset(f"{code}-{name}" for code in self.written() for name in needed) | type(self).requires
        return bool(super().validate(extra_validators))

    def first_title(self) -> str:
        """The title in the first language."""
        return str(self[f"{self.languages[0]}-title"].data)

    def said(self, code: str, name: str) -> str:
        """What a text says in one of its fields."""
        return str(self[f"{code}-{name}"].data or "")

    def looked_at(self) -> frozenset[str]:
        """The languages whose text was found to be right."""
        return frozenset(code for code in self.written() if self[f"{code}-checked"].data == "y")

    def stale(self, row: Any, texts: Mapping[str, Any]) -> set[str]:
        """The languages of stored texts that may be out of date."""
        return pieces.stale(texts, row.first_language)


def with_languages(form: type[Form], languages: list[str]) -> type[Form]:
    """A form with the fields of a text for each language."""
    fields = {f"{code}-{name}": make() for code in languages for name, make in form.TEXT.items()}
    fields |= {f"{code}-checked": StringField() for code in languages}
    return type(form.__name__, (form,), fields | {"languages": languages})


def text_values(texts: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    """Stored texts as a form shows them."""
    return {f"{code}-{name}": getattr(one, name) for code, one in texts.items() for name in names}


def _title() -> StringField:
    return line(lambda: str(_("Type a title.")))


def _standfirst() -> StringField:
    return line(lambda: str(_("Say in two sentences what it is about.")), LONGEST_STANDFIRST)


def _source() -> StringField:
    return StringField(validators=[_markdown])


def _markdown(form: Any, field: Any) -> None:
    field.data = (field.data or "").replace("\r\n", "\n").strip()
    try:
        html = markdown.to_html(field.data, has_form=True)
    except TextRefused as refused:
        if refused.why == "too_long":
            raise StopValidation(
                _("This is too long: at most %(most)s characters, fewer where they have accents.",
                  most=i18n.number(markdown.LONGEST))
            ) from None  # fmt: skip
        raise StopValidation(_("This holds characters that cannot be shown. Please type it again.")) from None
    if 'alt=""' in html:
        raise StopValidation(_("Say what each picture shows, in its brackets: ![A crowd at the gate](/pictures/…)"))
    if not field.data and field.name in form.requires:
        raise StopValidation(_("Write the text."))


def _text_language(_form: Any, field: Any) -> None:
    if field.data and not is_language(field.data):
        raise StopValidation(_("Choose a language from the list."))


def _topic(_form: Any, field: Any) -> None:
    found = topics.by_slug(field.data) if guards.is_slug(field.data or "") else None
    if field.data and (found is None or found.trashed_at is not None):
        raise StopValidation(_("Choose a topic from the list."))


def topic_id(form: Any) -> int | None:
    """The topic chosen, if any."""
    found = topics.by_slug(form.topic.data) if form.topic.data else None
    return found.id if found else None


def campaign_id(form: Any) -> int | None:
    """The campaign chosen, if any."""
    found = campaigns.read(form.campaign.data) if form.campaign.data else None
    return found.id if found else None


def topic_choices() -> list[tuple[str, str]]:
    """Every topic by its slug, and none."""
    found = topics.all_public(i18n.spoken())
    return [("", str(_("none"))), *((one.slug, one.text.title) for one in found)]


def campaign_choices(kept: str = "") -> list[tuple[str, str]]:
    """The campaigns that a piece may be about: public ones, and those one works in; and the one it is about."""
    held = wall.held()
    seen = {one.slug: one for one in campaigns.all_public(db.now())}
    mine = campaigns.every() if held.may("manage people") else campaigns.some(held.campaigns.keys())
    seen |= {one.slug: one for one in mine}
    named = [(slug, one.wording(i18n.spoken()).title) for slug, one in seen.items()]
    return [("", str(_("none"))), *named, *([(kept, kept)] if kept and kept not in seen else [])]


def choices(form: Any) -> dict[str, list[Any]]:
    """The lists that the page of a dated piece offers."""
    kept = form.kept.get("campaign") or form.campaign.data or ""
    return {"topics": topic_choices(), "campaigns": campaign_choices(kept), "zones": dates.zones()}


class DatedForm(PieceForm):
    """What is public from a moment on, and may be about a topic and a campaign."""

    topic = StringField(validators=[_topic])
    campaign = StringField()
    state = StringField()
    at = StringField()
    time_zone = StringField()
    moment: datetime | None = None

    def is_public(self) -> bool:
        """Whether readers will see it, now or later."""
        return bool(self.state.data != DRAFT)

    def needed(self) -> tuple[str, ...]:
        """Those without which a text cannot be public; a draft may lack them."""
        return ("standfirst", "source")

    def validate_campaign(self, field: Any) -> None:
        """One of those that are offered."""
        if field.data and field.data not in dict(campaign_choices(self.kept.get("campaign", ""))):
            raise StopValidation(_("Choose a campaign from the list."))

    def validate_state(self, field: Any) -> None:
        """Draft, now, or at a moment."""
        if field.data not in (DRAFT, NOW, AT):
            raise StopValidation(_("Choose when readers see it."))

    def validate_time_zone(self, field: Any) -> None:
        """One that there is."""
        field.data = (field.data or "").strip() or "UTC"
        dates.zone_of(field.data)

    def validate_at(self, field: Any) -> None:
        """A moment, if it is to be public at one."""
        if self.state.data == AT:
            self.moment = moment(field, self.time_zone.data)
            if self.moment is None and not field.errors:
                raise StopValidation(_("Type a day and an hour, such as 2030-05-01T18:00."))

    def published_at(self) -> datetime | None:
        """From when on readers see it; None for a draft."""
        if self.state.data != AT:
            return db.now() if self.state.data == NOW else None
        same = all(self.kept.get(name) == self[name].data for name in ("at", "time_zone"))
        return self.kept_at if same else self.moment


def moment(field: Any, zone: str | None) -> datetime | None:
    """What was typed as a moment; None where nothing was, or where the zone is what is wrong. Raises StopValidation."""
    field.data = (field.data or "").strip()
    try:
        place = dates.zone_of(zone or "")
    except StopValidation:
        # Said at the zone's own field.
        return None
    return dates.read(field.data, place)


def dated_values(row: Any) -> dict[str, str]:
    """When a stored piece is public, and what it is about, as the form shows it."""
    topic = topics.slug_of(row.topic_id)
    campaign = campaigns.read_id(row.campaign_id).slug if row.campaign_id is not None else ""
    return {
        "slug": row.slug, "topic": topic, "campaign": campaign, "state": AT if row.published_at else DRAFT,
        "at": dates.typed(row.published_at, row.time_zone), "time_zone": row.time_zone,
    }  # fmt: skip


def _authors(_form: Any, field: Any) -> None:
    names = [name.strip() for name in (field.data or "").split(",")]
    try:
        field.data = ", ".join(text.name(name) for name in names if name)
        text.line(field.data, most=articles.LONGEST_AUTHORS)
    except TextRefused:
        raise StopValidation(_("Type names, with commas between them.")) from None


class ArticleForm(DatedForm):
    """An article."""

    RESERVED = articles.RESERVED
    TEXT: ClassVar[dict[str, Callable[[], Any]]] = {
        "title": _title, "standfirst": _standfirst, "source": _source,
        "text_language": lambda: StringField(validators=[_text_language]),
    }  # fmt: skip
    authors = StringField(validators=[_authors])
    update = StringField()

    def written(self) -> list[str]:
        """The language of the text alone is no text."""
        return [
            code for code in self.languages
            if code == self.languages[0]
            or any((self.said(code, name)).strip() for name in ("title", "standfirst", "source"))
        ]  # fmt: skip

    def validate_update(self, field: Any) -> None:
        """Only of a campaign."""
        if field.data == "y" and not self.campaign.data:
            raise StopValidation(_("An update tells how a campaign goes on. Choose the campaign."))

    def validate_campaign(self, field: Any) -> None:
        """One of those that are offered; one there must be where the text has a place for its form."""
        super().validate_campaign(field)
        if not field.data and any(_has_form(self.said(code, "source")) for code in self.written()):
            raise StopValidation(_("“[campaign]” in the text stands for a campaign’s form. Choose the campaign."))

    def draft(self, slug: str) -> articles.Draft:
        """What was typed, cleaned."""
        texts = {
            code: articles.Text(*(self.said(code, name) for name in ("title", "standfirst", "source", "text_language")))
            for code in self.written()
        }
        return articles.Draft(
            slug, self.languages[0], texts, self.authors.data, campaign_id(self), self.published_at(),
            self.time_zone.data, topic_id(self), self.update.data == "y", looked_at=self.looked_at(),
            is_new=not self.kept,
        )  # fmt: skip


def _has_form(source: str) -> bool:
    try:
        return articles.has_form(source)
    except TextRefused:
        # Said at the text itself.
        return False


class EventForm(DatedForm):
    """An event. Its times are those of its place."""

    RESERVED = events.RESERVED
    requires = frozenset({"starts", "time_zone"})
    TEXT: ClassVar[dict[str, Callable[[], Any]]] = {
        "title": _title, "standfirst": _standfirst,
        "place": lambda: line(lambda: str(_("Say where it is, unless it is online only.")), LONGEST_PLACE),
        "source": _source,
    }  # fmt: skip
    starts = StringField()
    ends = StringField()
    online = StringField(validators=[Cleaned(text.line, LONGEST_ADDRESS, lambda: "")])
    begin_at: datetime | None = None
    end_at: datetime | None = None

    def needed(self) -> tuple[str, ...]:
        """What is online only needs no place."""
        return ("standfirst", "source", *(() if (self.online.data or "").strip() else ("place",)))

    def validate_starts(self, field: Any) -> None:
        """A moment."""
        self.begin_at = moment(field, self.time_zone.data)
        if not field.data:
            raise StopValidation(_("Say when it begins."))

    def validate_ends(self, field: Any) -> None:
        """A later moment, or none."""
        self.end_at = moment(field, self.time_zone.data)
        wrong = events.span_wrong(self.begin_at, self.end_at) if self.begin_at else ""
        if wrong == "before":
            raise StopValidation(_("The end must come after the beginning."))
        if wrong:
            raise StopValidation(_("No event lasts longer than a year."))

    def validate_online(self, field: Any) -> None:
        """An address one can follow."""
        if field.data and not HTTPS.fullmatch(field.data):
            raise StopValidation(_("Type an address that begins with https://"))

    def draft(self, slug: str) -> events.Draft:
        """What was typed, cleaned."""
        assert self.begin_at is not None
        texts = {
            code: events.Text(*(self.said(code, name) for name in ("title", "standfirst", "place", "source")))
            for code in self.written()
        }
        return events.Draft(
            slug, self.languages[0], texts, self.time_zone.data, self.begin_at, self.end_at, self.online.data,
            topic_id(self), campaign_id(self), self.published_at(), looked_at=self.looked_at(),
            is_new=not self.kept,
        )  # fmt: skip


class TopicForm(PieceForm):
    """A topic. It is public as soon as it is stored."""

    RESERVED = topics.RESERVED
    TEXT: ClassVar[dict[str, Callable[[], Any]]] = {"title": _title, "standfirst": _standfirst}

    def draft(self, slug: str, position: int) -> topics.Draft:
        """What was typed, cleaned."""
        texts = {code: topics.Text(self.said(code, "title"), self.said(code, "standfirst")) for code in self.written()}
        return topics.Draft(slug, self.languages[0], texts, position, self.looked_at(), is_new=not self.kept)
