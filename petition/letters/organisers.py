"""What letters to organisers say: invited, a forgotten password, what changed with an account or a team."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from petition.base import i18n, settings, urls
from petition.base.i18n import gettext as _
from petition.base.i18n import ngettext
from petition.base.outbox import Message
from petition.letters import wording
from petition.letters.wording import Sentences

#: The link for a forgotten password works for so long.
RESET = timedelta(hours=24)


def invited(to: str, language: str, *, by: str, href: str, campaign: str = "", partner: str = "") -> Message:
    """An invitation to the desk, of the whole site, into the team of a campaign, or among the people of a partner."""
    return wording.message(to, language, partial(_invited, by, href, campaign, partner), None)


def _invited(by: str, href: str, campaign: str, partner: str) -> Sentences:
    site = settings.current().site_name
    if partner:
        sentence = _of_partner(by, partner, campaign)
    elif campaign:
        sentence = _("%(by)s invites you into the team of “%(campaign)s”.", by=by, campaign=campaign)
    else:
        sentence = _("%(by)s invites you to work on “%(site)s”.", by=by, site=site)
    return Sentences(
        subject=_("You are invited to the desk"),
        title=_("You are invited to the desk"),
        paragraphs=[
            sentence,
            _("Open the page below and choose a password. Have your phone with an authenticator app at hand: signing in"
              " needs a code from it."),
        ],
        button=(_("Choose a password"), href),
        after=[_("The link works for seven days."), _("Do you not know what this is about? Then do nothing.")],
    )  # fmt: skip


def _of_partner(by: str, partner: str, campaign: str) -> str:
    return str(
        _("%(by)s lets you see what comes of “%(campaign)s” on the pages of %(partner)s, and take the list of those who"
          " ticked the box of %(partner)s.", by=by, campaign=campaign, partner=partner)
    )  # fmt: skip


def partner_added(to: str, language: str, *, by: str, campaign: str, partner: str, href: str) -> Message:
    """Somebody who has an account was let in among the people of a partner."""
    return wording.message(to, language, partial(_partner_added, by, campaign, partner, href), None)


def _partner_added(by: str, campaign: str, partner: str, href: str) -> Sentences:
    title = _("You have a page at the desk for %(partner)s", partner=partner)
    return Sentences(
        subject=title, title=title, paragraphs=[_of_partner(by, partner, campaign)], button=(_("To the page"), href)
    )


def partner_joined(to: str, language: str, *, by: str, who: str, campaign: str, partner: str) -> Message:
    """Said to a partner's people when somebody else is let in among them."""
    return wording.message(to, language, partial(_partner_joined, by, who, campaign, partner), None)


def _partner_joined(by: str, who: str, campaign: str, partner: str) -> Sentences:
    return Sentences(
        subject=_("Somebody was added for %(partner)s", partner=partner),
        title=_("Somebody was added for %(partner)s", partner=partner),
        paragraphs=[
            _("%(by)s let %(who)s in: as you do, they see what comes of “%(campaign)s” on the pages of %(partner)s, and"
              " can take the list of those who ticked its box.", by=by, who=who, campaign=campaign, partner=partner),
        ],
        button=(_("To the desk"), urls.absolute("/desk/")),
        after=[_("Do they not belong to you? Then tell the owners of the campaign at once.")],
    )  # fmt: skip


def partner_took(to: str, language: str, *, by: str, campaign: str, partner: str, rows: int) -> Message:
    """Said to a campaign's owners when a partner takes the list of those who ticked its box."""
    return wording.message(to, language, partial(_partner_took, by, campaign, partner, rows), None)


def _partner_took(by: str, campaign: str, partner: str, rows: int) -> Sentences:
    return Sentences(
        subject=_("%(partner)s has taken its list", partner=partner),
        title=_("%(partner)s has taken its list", partner=partner),
        paragraphs=[
            ngettext(
                "%(by)s took the list of those who ticked the box of %(partner)s beside “%(campaign)s”: %(num)s"
                " person. It is in the journal, with the reason.",
                "%(by)s took the list of those who ticked the box of %(partner)s beside “%(campaign)s”: %(num)s"
                " people. It is in the journal, with the reason.",
                rows, by=by, partner=partner, campaign=campaign,
            ),
        ],
        button=(_("To the desk"), urls.absolute("/desk/")),
        after=[_("Should that not be? Then switch the partner off on the campaign’s page “Partners”.")],
    )  # fmt: skip


def added(to: str, language: str, *, by: str, campaign: str, role: str, href: str) -> Message:
    """Somebody who has an account was given a role."""
    return wording.message(to, language, partial(_added, by, campaign, role, href), None)


def _added(by: str, campaign: str, role: str, href: str) -> Sentences:
    return Sentences(
        subject=_("Your part in a team has changed"),
        title=_("Your part in a team has changed"),
        paragraphs=[
            _("%(by)s gave you a part in “%(campaign)s”: %(role)s.", by=by, campaign=campaign, role=role),
        ],
        button=(_("To the desk"), href),
    )  # fmt: skip


def taken(
    to: str, language: str, *, by: str, campaign: str, at: datetime, rows: int, columns: Sequence[str], whole: bool,
    reason: str, href: str,
) -> Message:  # fmt: skip
    """To the other owners of a campaign, at once: somebody has taken a list of signatures. Names no signer."""
    return wording.message(to, language, partial(_taken, by, campaign, at, rows, columns, whole, reason, href), None)


def journal_of(slug: str) -> str:
    """Where the journal of a campaign is read."""
    return urls.absolute(f"/desk/campaigns/{slug}/journal")


def _taken(
    by: str, campaign: str, at: datetime, rows: int, columns: Sequence[str], whole: bool, reason: str, href: str
) -> Sentences:
    all_or_some = _("Everybody who is counted is on it.") if whole else _("It is a part, chosen by a filter.")
    length = ngettext("The list has %(number)s row.", "The list has %(number)s rows.", rows, number=i18n.number(rows))
    return Sentences(
        subject=_("A list of signatures was taken out"),
        title=_("A list of signatures was taken out"),
        paragraphs=[
            _("%(by)s took a list of signatures out of “%(campaign)s”: %(moment)s.", by=by, campaign=campaign,
              moment=i18n.moment(at)),
            f"{length} {all_or_some}",
            _("Its columns: %(columns)s.", columns=", ".join(columns)),
            _("The reason given: %(reason)s", reason=reason),
        ],
        button=(_("To the journal"), href),
        after=[
            _("You get this letter because you are an owner of the campaign."),
            _("Is this not as it should be? Then ask %(by)s at once, and take the role away in the team if need be.",
              by=by),
        ],
    )  # fmt: skip


def forgotten(to: str, language: str, href: str) -> Message:
    """The link for a forgotten password. To nobody where no account has the address: the same work, and no letter."""
    return wording.message(to, language, partial(_forgotten, href), None)


def _forgotten(href: str) -> Sentences:
    return Sentences(
        subject=_("A new password for the desk"),
        title=_("A new password for the desk"),
        paragraphs=[
            _("Somebody, we hope it was you, asked for a new password for your account."),
            _("Open the page below and choose one. Your authenticator app stays as it is."),
        ],
        button=(_("Choose a new password"), href),
        after=[
            _("The link works for 24 hours, and once."),
            _("Was this not you? Then do nothing: your password stays as it is."),
        ],
    )


def password_changed(to: str, language: str) -> Message:
    """Said after every new password."""
    return wording.message(to, language, partial(_changed, _password_changed), None)


def factor_reset(to: str, language: str) -> Message:
    """Said after an administrator has reset the second factor."""
    return wording.message(to, language, partial(_changed, _factor_reset), None)


def factor_changed(to: str, language: str) -> Message:
    """Said after another authenticator app was set up."""
    return wording.message(to, language, partial(_changed, _factor_changed), None)


def _factor_changed() -> tuple[str, str]:
    return _("Your authenticator app was changed"), _("Another authenticator app was set up for your account just now.")


def _password_changed() -> tuple[str, str]:
    return _("Your password was changed"), _(
        "The password of your account at the desk was changed just now. Every other device was signed out."
    )


def _factor_reset() -> tuple[str, str]:
    return _("Your second factor was reset"), _(
        "An administrator reset the authenticator app of your account. At the next sign-in you set up a new one."
    )


def _changed(say: Callable[[], tuple[str, str]]) -> Sentences:
    subject, sentence = say()
    return Sentences(
        subject=subject,
        title=subject,
        paragraphs=[sentence],
        button=(_("To the desk"), urls.absolute("/desk/")),
        after=[_("Was this not you? Then ask for a new password at once, and tell an administrator of this site.")],
    )
