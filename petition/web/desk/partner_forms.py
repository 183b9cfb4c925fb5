"""The form of a partner: what it is called, where its frame may stand, and what it says at its own box."""

from typing import Any

from wtforms import StringField
from wtforms.validators import StopValidation

from petition.base import i18n, text
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.partners import LONGEST_KEY, LONGEST_SAID, Draft, Terms, is_key
from petition.partners import Reading as Partner
from petition.web.desk.appeal_forms import line
from petition.web.desk.editing import EditForm
from petition.web.desk.embedding import listed
from petition.web.endorsing import checked_homepage


def languages(reading: Reading) -> list[str]:
    """The languages in which a partner can say something at its box: the campaign's, its first one first."""
    return [reading.first_language, *sorted(reading.wordings.keys() - {reading.first_language})]


class PartnerForm(EditForm):
    """A partner; `codes` are the languages of its words."""

    requires = frozenset({"name"})
    codes: tuple[str, ...] = ()
    name = line(lambda: _("Type a name."))
    homepage = StringField(validators=[checked_homepage])
    sites = StringField()
    #: Ticked: it agreed to be named in public.
    shown = StringField()
    responsible = line()
    responsible_address = line()

    def validate_sites(self, field: Any) -> None:
        """What can stand in a list of a browser, each once."""
        field.data = "\n".join(listed(field.data or ""))

    def validate(self, *args: Any, **more: Any) -> bool:
        """A box names who is responsible, and has words in the campaign's first language."""
        valid = bool(super().validate(*args, **more))
        if not self._asks():
            return valid
        needed = {
            "responsible": _("Say who is responsible for what is done with the addresses."),
            "responsible_address": _("Say how to write to them: an e-mail or a postal address."),
            ask_field(self.codes[0]): _("The box needs words in the campaign’s first language."),
        }
        for name, sentence in needed.items():
            if not self[name].data and not self[name].errors:
                self[name].errors = [sentence]
                valid = False
        return valid

    def _asks(self) -> dict[str, str]:
        return {code: said for code in self.codes if (said := self[ask_field(code)].data)}

    def draft(self) -> Draft:
        """What was typed."""
        asks = self._asks()
        lines = {code: said for code in asks if (said := self[line_field(code)].data)}
        terms = Terms(self.responsible.data, self.responsible_address.data, asks, lines)
        sites = tuple((self.sites.data or "").split())
        return Draft(self.name.data, self.homepage.data or "", sites, bool(self.shown.data), terms)


class NewPartnerForm(PartnerForm):
    """A new one; where no key is typed, one is made from the name."""

    key = StringField()

    def validate_key(self, field: Any) -> None:
        """What can stand in the address of a frame."""
        typed = (field.data or "").strip().lower() or suggested_key(self["name"].data or "")
        field.data = typed
        if not is_key(typed):
            raise StopValidation(_("A key is made of a-z and 0-9, at most %(most)s characters.", most=LONGEST_KEY))


def suggested_key(name: str) -> str:
    """A key made from a name."""
    return "".join(one for one in text.folded_name(name) if one.isascii() and one.isalnum())[:20]


def ask_field(language: str) -> str:
    """What the words at the box are called in forms."""
    return f"ask-{language}"


def line_field(language: str) -> str:
    """What else the partner says there, likewise."""
    return f"line-{language}"


def partner_form(kind: type[PartnerForm], codes: list[str], **more: Any) -> Any:
    """The form with words in these languages."""
    made: dict[str, Any] = {"codes": tuple(codes)}
    for code in codes:
        made |= {ask_field(code): line(most=LONGEST_SAID), line_field(code): line(most=LONGEST_SAID)}
    return type("PartnerForm", (kind,), made)(**more)


def values(partner: Partner, codes: list[str]) -> dict[str, str]:
    """A stored partner as its form shows it."""
    terms = partner.terms
    found = {
        "name": partner.name, "homepage": partner.homepage, "sites": "\n".join(partner.sites),
        "shown": "y" if partner.shown else "", "responsible": terms.responsible,
        "responsible_address": terms.responsible_address,
    }  # fmt: skip
    found |= {ask_field(code): terms.asks.get(code, "") for code in codes}
    return found | {line_field(code): terms.lines.get(code, "") for code in codes}


def labels(codes: list[str]) -> dict[str, str]:
    """What the fields are called."""
    found = {
        "key": _("Key"), "name": _("Name"), "homepage": _("Its page on the web"), "sites": _("Sites"),
        "shown": _("It agreed to be named in public, with its number of signatures"),
        "responsible": _("Who is responsible for what is done with the addresses"),
        "responsible_address": _("How to write to them"),
    }  # fmt: skip
    for code in codes:
        own = i18n.own_name(code)
        found[ask_field(code)] = _("Words at the box: %(language)s", language=own)
        found[line_field(code)] = _("What else the partner says there: %(language)s", language=own)
    return found
