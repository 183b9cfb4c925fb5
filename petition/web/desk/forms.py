"""The forms of the desk. Each carries the library's token; input is cleaned as in `web.forms`."""

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import StopValidation

from petition.base import i18n, text
from petition.base.i18n import gettext as _
from petition.export import TOTALS_FORMATS
from petition.formats import FORMATS
from petition.web.desk import people, words
from petition.web.endorsing import EndorsementFields
from petition.web.forms import LONGEST_LINE, Cleaned, MailboxField, checked_address

LONGEST_REASON = 500


class DeskForm(FlaskForm):
    """What all forms of the desk share. `requires` names the fields that must be filled."""

    requires: frozenset[str] = frozenset()


def _language(_form: Any, field: Any) -> None:
    if field.data not in i18n.languages():
        raise StopValidation(_("Choose a language from the list."))


def reason_field() -> StringField:
    """Why something is done: one line for the journal."""
    return StringField(
        validators=[Cleaned(text.line, LONGEST_REASON, lambda: _("Say why. It is kept in the journal."))]
    )


class NameForm(DeskForm):
    """Who somebody is, and in which language the desk speaks to them."""

    requires = frozenset({"name"})
    name = StringField(validators=[Cleaned(text.name, LONGEST_LINE, lambda: _("Type your name."))])
    language = StringField(validators=[_language])


class WelcomeForm(NameForm):
    """What an invited person types first. `address` is set by the view: no password may be made of it."""

    address = ""
    password = PasswordField()
    password_confirm = PasswordField()

    def validate_password(self, field: Any) -> None:
        """Long enough, and not the address."""
        why = people.weakness(field.data or "", self.address)
        if why:
            raise StopValidation(words.sentence(why))

    def validate_password_confirm(self, field: Any) -> None:
        """Typed the same twice."""
        if field.data != self.password.data:
            raise StopValidation(words.sentence("RETYPE_PASSWORD_MISMATCH"))


class CodeForm(DeskForm):
    """A code from the authenticator app."""

    code = StringField()


class RoleForm(DeskForm):
    """A role, and why it is given."""

    #: The roles there are here; set by `among`.
    roles: frozenset[str] = frozenset()
    role = StringField()
    reason = reason_field()

    def among(self, roles: Iterable[str]) -> "RoleForm":
        """Only these roles may be chosen."""
        self.roles = frozenset(roles)
        return self

    def validate_role(self, field: Any) -> None:
        """One of the roles there are."""
        if field.data not in self.roles:
            raise StopValidation(_("Choose a role from the list."))


class InviteForm(RoleForm):
    """Whom to invite, and as what."""

    email = MailboxField(validators=[checked_address])


class ReasonForm(DeskForm):
    """Why something that cannot be undone is done."""

    requires = frozenset({"reason"})
    reason = reason_field()


class TakeTotalsForm(ReasonForm):
    """In which form totals are taken, and why."""

    forms: tuple[str, ...] = TOTALS_FORMATS
    form = StringField()

    def validate_form(self, field: Any) -> None:
        """One of the forms there are."""
        if field.data not in self.forms:
            raise StopValidation(_("Choose a file format from the list."))


class TakeListForm(TakeTotalsForm):
    """The same of a list; its columns are read by the view. `name` is for keeping the choice."""

    forms = FORMATS
    name = StringField(validators=[Cleaned(text.line, LONGEST_LINE, lambda: _("Type a name for this list."))])


class NameListForm(TakeListForm):
    """A name for a list; nothing leaves, so nobody is asked why."""

    requires = frozenset({"name"})


class EndorsementForm(DeskForm, EndorsementFields):
    """An organisation that supports a campaign, as an organiser types it; who speaks for it may be left open."""

    requires = frozenset({"organisation", "level", "body"})
    reason = StringField(validators=[Cleaned(text.line, LONGEST_REASON, lambda: "")])
