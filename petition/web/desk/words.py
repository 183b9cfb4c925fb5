"""What the library has to say, in our words. It is given names instead of sentences (see `names`), and pages say
what stands here for them."""

import json
from collections.abc import Iterable
from typing import Any

from flask import Flask, get_flashed_messages, render_template
from wtforms import Form

from petition import export, fields
from petition.base import i18n
from petition.base.i18n import gettext as _
from petition.signatures import COUNTED, HELD, REMOVED
from petition.teams import ADMINISTRATOR, EDITOR, FIGURES, MODERATOR, ORGANISER, OWNER, PARTNER, SITE_EDITOR
from petition.web.desk.deeds import DEEDS
from petition.web.desk.people import LEAST_PASSWORD


def names(app: Flask) -> None:
    """Let the library say the name of each of its messages, and nothing else."""
    for key, value in app.config.items():
        if key.startswith("SECURITY_MSG_"):
            app.config[key] = (key.removeprefix("SECURITY_MSG_"), value[1])


def sentence(name: str) -> str:
    """The sentence of a name; what we do not expect is said in general."""
    said = {
        "GENERIC_AUTHN_FAILED": _("Address or password is not right."),
        "PASSWORD_NOT_PROVIDED": _("Type your password."),
        "EMAIL_NOT_PROVIDED": _("Type your e-mail address."),
        "INVALID_EMAIL_ADDRESS": _("This is not an e-mail address. Type one such as name@example.org."),
        "INVALID_PASSWORD": _("This is not your present password."),
        "INVALID_PASSWORD_CODE": _("This is not your present password."),
        "RETYPE_PASSWORD_MISMATCH": _("The two are not the same. Type it again."),
        "PASSWORD_IS_THE_SAME": _("This is your present password. Choose another one."),
        "PASSWORD_SHORT": _("Too short: at least %(least)s characters. A few words in a row are fine.",
                            least=LEAST_PASSWORD),
        "PASSWORD_LONG": _("This is too long."),
        "PASSWORD_EASY": _("Too easy to guess. A few words that do not belong together are fine."),
        "TWO_FACTOR_INVALID_TOKEN": _("This code is not right, or was used already. Wait for the next one."),
        "INVALID_CODE": _("This code is not right, or was used already. Wait for the next one."),
        "INVALID_RECOVERY_CODE": _("This is none of your recovery codes, or it was used already."),
        "PASSWORD_RESET_EXPIRED": _("This link is too old. Have a new one sent."),
        "INVALID_RESET_PASSWORD_TOKEN": _("This link does not work any more. Have a new one sent."),
        "TWO_FACTOR_SETUP_EXPIRED": _("That took too long. Begin again."),
        "TWO_FACTOR_PERMISSION_DENIED": _("Sign in first."),
    }  # fmt: skip
    return said.get(name) or str(_("This is not right yet."))


#: What is said when it has worked, or goes without saying.
_UNSAID = frozenset(
    {"UNAUTHENTICATED", "TWO_FACTOR_LOGIN_SUCCESSFUL", "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL", "PASSWORD_CHANGE",
     "PASSWORD_RESET_REQUEST", "PASSWORD_RESET_NO_LOGIN", "REAUTHENTICATION_REQUIRED", "UNAUTHORIZED"}
)  # fmt: skip


def flashed() -> list[str]:
    """The library's complaints that were carried over from another page."""
    return [sentence(name) for name in map(str, get_flashed_messages()) if name not in _UNSAID]


def page(template: str, **context: Any) -> str:
    """Show a page of the library's with its messages in our words."""
    for form in [value for value in context.values() if isinstance(value, Form)]:
        for field in form:
            field.errors = [sentence(str(name)) for name in field.errors]
    return render_template(template, flashed=flashed(), **context)


def deed(name: str) -> str:
    """A deed of the journal in words; one that has none here is shown as it was written."""
    kind, _colon, role = name.partition(": ")
    said = str(DEEDS.get(kind, kind))
    return f"{said}: {(roles() | _kinds()).get(role, role)}" if role else said


def _kinds() -> dict[str, str]:
    """What a rule did."""
    return {"held": _("held"), "released": _("released"), "removed": _("removed"), "restored": _("restored")}


def reason(written: str) -> list[str]:
    """Why something was done, line by line; what a command or a page wrote down of it beside, in words."""
    return [_noted(line) for line in written.splitlines() if line.strip()]


def _noted(line: str) -> str:
    try:
        found = json.loads(line) if line.startswith("{") else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return line
    told = {"filter": _("only"), "columns": _("columns")}
    return "; ".join(f"{told.get(name, name)}: {_flat(value)}" for name, value in found.items() if value)


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_flat(one)}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def roles() -> dict[str, str]:
    """What the roles are called."""
    return {
        OWNER: _("Owner"), EDITOR: _("Editor"), MODERATOR: _("Moderator"), FIGURES: _("Figures only"),
        ADMINISTRATOR: _("Administrator"), SITE_EDITOR: _("Editor of the site"), ORGANISER: _("Organiser"),
        PARTNER: _("Partner"),
    }  # fmt: skip


def meanings() -> dict[str, str]:
    """What the roles are allowed."""
    return {
        OWNER: _("may do everything here, and says who else may what"),
        EDITOR: _("writes the texts; sees numbers, but no signer’s name"),
        MODERATOR: _("sees who signed, decides about signatures and organisations; takes no lists out"),
        FIGURES: _("sees numbers and nothing else"),
        ADMINISTRATOR: _("says who works here; sees no list of signers by that"),
        SITE_EDITOR: _("writes articles and events, and may start campaigns"),
        ORGANISER: _("may start campaigns"),
        PARTNER: _("sees a partner’s figures, and takes the list of those who ticked its box"),
    }


def phases() -> dict[str, str]:
    """Where a campaign stands, in a word."""
    return {
        "draft": _("Draft"), "scheduled": _("Scheduled"), "open": _("Open"), "paused": _("Paused"),
        "closed": _("Closed"), "final": _("Final"), "withdrawn": _("Withdrawn"),
    }  # fmt: skip


def details() -> dict[str, str]:
    """What a form can ask, on its organisers' pages."""
    return {
        "name": _("Name"), "country": _("Country"), "place": _("Town or city"), "role": _("What they do"),
        "organisation": _("Organisation"), "comment": _("Why they sign"),
    }  # fmt: skip


def states() -> dict[str, str]:
    """Where a signature stands."""
    return {COUNTED: _("counted"), HELD: _("held"), REMOVED: _("removed")}


def channels() -> dict[str, str]:
    """How a signature came."""
    return {"online": _("online"), "paper": _("on paper"), "import": _("from another list")}


def move(kind: str) -> str:
    """A move of the register in words."""
    said = {
        "entered": _("entered"), "corrected": _("corrected"), "held": _("held"), "released": _("released"),
        "removed": _("removed"), "restored": _("restored"), "withdrawn": _("withdrawn"),
    }  # fmt: skip
    return str(said.get(kind, kind))


def list_columns(campaign_id: int) -> dict[str, str]:
    """The columns a list of a campaign can have, in words, in the order of the list."""
    said = details() | {
        "number": _("Number, from 1"), "id": _("Random id, as in the journal"), "day": _("Day of confirming"),
        "state": _("State"), "address": _("E-mail address"),
        "capacity": _("Personal, or for an organisation"), "appear": _("How to appear in public"),
        "language": _("Language"), "channel": _("How it came"), "source": _("Source"), "partner": _("Partner site"),
        "wording": _("Version of the text"), "consent": _("Version of the terms"),
        "signed_at": _("When the form was sent"), "entered_at": _("When it was confirmed"),
    }  # fmt: skip
    for one in fields.ever_asked_by(campaign_id):
        said[one.name] = one.labels.get(i18n.spoken()) or next(iter(one.labels.values()))
    return {name: said.get(name, name) for name in export.columns_of(campaign_id)}


def list_forms(forms: Iterable[str]) -> list[tuple[str, str, str]]:
    """The forms in which lists leave, with what each is good for."""
    said = {
        "csv": ("CSV", _("for any spreadsheet or program")),
        "xlsx": ("XLSX", _("a spreadsheet whose second sheet says what the list is")),
        "jsonl": (_("JSON lines"), _("for programs; texts exactly as typed")),
        "json": ("JSON", _("for programs")),
    }
    return [(form, *said[form]) for form in forms]
