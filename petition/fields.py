"""A campaign's own fields: what its form asks beside the built-in ones.

What is typed into them is sealed with the rest (`details.Details.own`), each answer with the label that its signer
saw, so that a field may change or go without changing what anybody has said. A key stands for one thing for good: once
the campaign was public, its kind stays, also when the field is taken away and comes back.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import JSON, ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from petition.base import db, text
from petition.base.text import TextRefused

TEXT, CHOICE, DATE, POSTCODE = "text", "choice", "date", "postcode"
KINDS = (TEXT, CHOICE, DATE, POSTCODE)
MOST_FIELDS, MOST_OPTIONS, FEWEST_OPTIONS = 8, 20, 2
LONGEST_LABEL = 200
LONGEST_DAY = 10
#: The longest, Iran's, have 11 with their hyphen.
LONGEST_POSTCODE = 12
#: In front of a field's key wherever it stands beside the built-in ones: forms, terms, columns of lists.
PREFIX = "own:"
_DAY = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")


class FieldsRefused(ValueError):
    """Fields that cannot be asked; the text goes on after the name of what was written: "must …"."""


class CampaignField(db.Base):
    """One field of a campaign's own. `labels` by language; `options` by key, then by language."""

    __tablename__ = "campaign_field"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(30), primary_key=True)
    #: Its place in the form.
    place: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    required: Mapped[bool]
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    #: Pairs, because PostgreSQL's JSON and Python agree on the order of lists alone.
    options: Mapped[list[tuple[str, dict[str, str]]]] = mapped_column(JSON)
    #: Since when it is asked no more; what was typed into it stays with who typed it.
    removed_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Field:
    """A field as an organiser describes it."""

    key: str
    kind: str
    required: bool
    labels: dict[str, str]
    options: tuple[tuple[str, dict[str, str]], ...] = field(default=())

    @property
    def name(self) -> str:
        """What it is called beside the built-in fields."""
        return PREFIX + self.key


class Answer(NamedTuple):
    """What somebody typed into a field, with what they saw. `value` is an option's key, a date in ISO 8601 or the
    words typed; `option` the words of a chosen option."""

    kind: str
    label: str
    value: str
    option: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A field as one person is asked it; `language` is that of its label. `options` are keys and words."""

    key: str
    kind: str
    required: bool
    label: str
    language: str
    options: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """What it is called beside the built-in fields."""
        return PREFIX + self.key

    def answer(self, value: str) -> Answer:
        """A value that was checked, as it is stored."""
        return Answer(self.kind, self.label, value, dict(self.options).get(value, ""))

    def again(self, answer: Answer | None) -> "Question":
        """The same question for who signed without answering it, or has chosen what is no longer among its options."""
        if answer is None:
            return replace(self, required=False)
        if self.kind != CHOICE or answer.value in dict(self.options):
            return self
        return replace(self, options=(*self.options, (answer.value, answer.option)))


def day(value: str, *, most: int = LONGEST_DAY) -> str:
    """A date, year first, as ISO 8601; "" where nothing is given. Digits of any script are taken, "2001-5-3" too.

    Refuses ("day") whatever is no day from 1900 to 2199.
    """
    written = text.line(value, most=most)
    found = _DAY.fullmatch(written)
    if not written:
        return ""
    try:
        read = date(*map(int, found.groups())) if found else None
    except ValueError:
        read = None
    if read is None or not 1900 <= read.year < 2200:
        raise TextRefused("day")
    return read.isoformat()


def postcode(value: str, *, most: int = LONGEST_POSTCODE) -> str:
    """A postcode of whatever country: letters, digits, blanks and hyphens."""
    written = text.line(value, most=most)
    if not all(character.isalnum() or character in " -" for character in written):
        raise TextRefused("postcode")
    return written


def questions(found: Iterable[Field], language: str, first: str) -> tuple[Question, ...]:
    """Fields in a reader's language, or in the campaign's first one where a label is missing."""
    return tuple(_question(one, language if language in one.labels else first, first) for one in found)


def _question(one: Field, language: str, first: str) -> Question:
    options = tuple((key, words.get(language) or words[first]) for key, words in one.options)
    return Question(one.key, one.kind, one.required, one.labels[language], language, options)


def asked_again(asked: Sequence[Question], given: Mapping[str, Answer], language: str) -> tuple[Question, ...]:
    """What somebody who has signed is asked where they correct it: what the form asks now, and what they answered
    when it still asked that."""
    now = [one.again(given.get(one.key)) for one in asked]
    gone = given.keys() - {one.key for one in asked}
    return (*now, *(_remembered(key, answer, language) for key, answer in given.items() if key in gone))


def _remembered(key: str, answer: Answer, language: str) -> Question:
    options = ((answer.value, answer.option),) if answer.kind == CHOICE else ()
    return Question(key, answer.kind, False, answer.label, language, options)


def check(found: Sequence[Field], first: str) -> None:
    """Raises FieldsRefused unless a form can ask these; `first` is the campaign's first language."""
    if len(found) > MOST_FIELDS:
        raise FieldsRefused(f"must be at most {MOST_FIELDS}")
    if len({one.key for one in found}) < len(found):
        raise FieldsRefused("must have different keys")
    for one in found:
        if not _KEY.fullmatch(one.key):
            raise FieldsRefused(f"must have keys of a-z, 0-9 and “_”, at most 30 characters, unlike “{one.key}”")
        if one.kind not in KINDS:
            raise FieldsRefused(f"must say of “{one.key}” one of: {', '.join(KINDS)}")
        if not one.labels.get(first):
            raise FieldsRefused(f"must have a label for “{one.key}” in “{first}”")
        _check_options(one, first)


def _check_options(one: Field, first: str) -> None:
    if one.kind != CHOICE:
        if one.options:
            raise FieldsRefused(f"must not give options for “{one.key}”, which is no choice")
        return
    keys = [key for key, _ in one.options]
    if not FEWEST_OPTIONS <= len(keys) <= MOST_OPTIONS:
        raise FieldsRefused(f"must give “{one.key}” {FEWEST_OPTIONS} to {MOST_OPTIONS} options")
    if len(set(keys)) < len(keys) or not all(_KEY.fullmatch(key) for key in keys):
        raise FieldsRefused(f"must give the options of “{one.key}” different keys of a-z, 0-9 and “_”")
    if not all(words.get(first) for _, words in one.options):
        raise FieldsRefused(f"must have words for every option of “{one.key}” in “{first}”")


def save(campaign_id: int, wanted: Sequence[Field], *, published: bool, at: datetime) -> None:
    """Make a campaign ask these and no others. Raises FieldsRefused where a key would mean something else than what
    people were asked by it, once the campaign was public."""
    rows = {row.key: row for row in db.session.scalars(select(CampaignField).filter_by(campaign_id=campaign_id))}
    for place, one in enumerate(wanted):
        row = rows.pop(one.key, None)
        if row is None:
            row = CampaignField(campaign_id=campaign_id, key=one.key)
            db.session.add(row)
        elif published and row.kind != one.kind:
            raise FieldsRefused(f"must keep “{one.key}” a {row.kind}, as people were asked; use another key")
        row.place, row.kind, row.required, row.labels = place, one.kind, one.required, dict(one.labels)
        row.options, row.removed_at = list(one.options), None
    if published:
        for row in rows.values():
            row.removed_at = row.removed_at or at
    elif rows:
        gone = delete(CampaignField).where(CampaignField.campaign_id == campaign_id, CampaignField.key.in_(rows))
        db.session.execute(gone)
    db.session.flush()


def asked_by(campaign_ids: Sequence[int]) -> dict[int, tuple[Field, ...]]:
    """What campaigns ask now, in the order of their forms."""
    found: dict[int, tuple[Field, ...]] = dict.fromkeys(campaign_ids, ())
    query = select(CampaignField).where(CampaignField.campaign_id.in_(campaign_ids), CampaignField.removed_at.is_(None))
    for row in db.session.scalars(query.order_by(CampaignField.place)):
        found[row.campaign_id] += (_field(row),)
    return found


def ever_asked_by(campaign_id: int) -> tuple[Field, ...]:
    """What a campaign asks or has asked, in the order of its form, those it asks no more last."""
    query = select(CampaignField).filter_by(campaign_id=campaign_id)
    order = CampaignField.removed_at.is_not(None), CampaignField.place, CampaignField.key
    return tuple(_field(row) for row in db.session.scalars(query.order_by(*order)))


def _field(row: CampaignField) -> Field:
    options = tuple((key, dict(words)) for key, words in row.options)
    return Field(row.key, row.kind, row.required, dict(row.labels), options)
