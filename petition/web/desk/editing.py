"""Writing safely: two who edit the same at once, and looking before saving.

A form carries a fingerprint of every field as it was when the page was opened. Whoever saves second is handed the form
again (409): what only the other changed is in it, what both changed stands beside what they typed themselves, to be
brought together by hand. Nothing is ever overwritten unseen.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import abort, request
from wtforms import StringField

from petition import campaigns, journal
from petition.base.i18n import gettext as _
from petition.campaigns import Campaign, Reading
from petition.journal import Sought
from petition.web.desk.forms import DeskForm

Values = Mapping[str, str]


class EditForm(DeskForm):
    """A form for what is there already. `seen` holds the fingerprints of what it began from."""

    seen = StringField()

    def begin(self, values: Values) -> None:
        """Fill the form with what is stored."""
        for name, value in values.items():
            self[name].data = value
        self.seen.data = fingerprints(values)


@dataclass(slots=True)
class Crossing:
    """What somebody else changed meanwhile: who and when, as far as the journal says; the fields taken over from
    them; and those that both changed, with what the other wrote."""

    by: str
    at: datetime | None
    taken: list[str] = field(default_factory=list)
    both: list[tuple[str, str]] = field(default_factory=list)


def fingerprints(values: Values) -> str:
    """A short fingerprint of each value, by its name."""
    return " ".join(f"{name}={_fingerprint(value)}" for name, value in values.items())


def _fingerprint(value: str) -> str:
    plain = "\n".join(value.split("\r\n")).strip()
    return hashlib.blake2b(plain.encode(errors="replace"), digest_size=6).hexdigest()


def crossing(form: EditForm, now: Values, campaign_id: int) -> Crossing | None:
    """What was changed since the form's page was opened, with the form brought up to it; None where nothing was."""
    if not form.seen.data:
        abort(400)
    began = dict(part.rpartition("=")[::2] for part in (form.seen.data or "").split(" "))
    moved = {name: value for name, value in now.items() if began.get(name) != _fingerprint(value)}
    found = Crossing("", None)
    for name, theirs in moved.items():
        mine = form[name].data or ""
        if _fingerprint(mine) == _fingerprint(theirs):
            continue
        if _fingerprint(mine) == began.get(name) or (name not in began and not form[name].raw_data):
            form[name].data = theirs
            found.taken.append(name)
        else:
            found.both.append((name, theirs))
    if not found.taken and not found.both:
        return None
    form.seen.data = fingerprints(now)
    last = next(iter(journal.lines(Sought(campaign_id), 1)), None)
    if last is not None:
        found.by, found.at = last.actor, last.at
    return found


def locked(campaign: Reading) -> tuple[Campaign, Reading]:
    """The campaign's row, locked, and what it says now: whoever saves takes turns."""
    row = campaigns.locked(campaign.id)
    return row, campaigns.read_id(campaign.id)


def wants(what: str) -> bool:
    """Which of the form's buttons was pressed: "preview", "edit"; none of them saves."""
    return request.form.get("then", "") == what


def complain(form: Any, name: str, sentence: str) -> None:
    """Say at a field what only the database could tell."""
    form[name].errors = [*form[name].errors, sentence]


def forgotten() -> str:
    """Why nothing can be edited."""
    return str(_("The people of this campaign are forgotten, as was promised. It stays as it is."))
