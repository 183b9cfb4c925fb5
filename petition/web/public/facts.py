"""What the pages "privacy" and "how we count" say: sentences whose figures are the ones the code works with."""

from petition import breakdowns, endorsements, links, networks, reminders, signatures
from petition.base import i18n, settings
from petition.base.i18n import gettext as _
from petition.base.i18n import ngettext
from petition.campaigns import GRACE, SETTLING

Facts = list[tuple[str, list[str]]]


def _hours(span_seconds: float) -> int:
    return round(span_seconds / 3600)


def privacy() -> Facts:
    """What is stored of readers and signers, and when it goes."""
    return [
        (_("Reading"), _reading()),
        (_("Signing"), _signing()),
        (_("Joining, meetings and news"), _contacts()),
        (_("For an organisation"), _organisations()),
        (_("Networks"), _networks()),
        (_("Letters"), _letters()),
        (_("Afterwards"), _afterwards()),
    ]


def _reading() -> list[str]:
    return [
        _("Pages set no cookies and load nothing from other sites. We keep no record of what you read."),
    ]  # fmt: skip


def _signing() -> list[str]:
    return [
        _("What you type is stored encrypted: your name, your address and everything else that names you."
          " Stored in the clear are your country, the language and page you came by, when you signed, how you chose"
          " to appear, whether you sign for an organisation, and what you chose to show in public."),
        _("Your name stands in no public list unless you choose it. Your address never does."),
        ngettext(
            "A signature that is not confirmed is deleted %(num)s day after our letter.",
            "A signature that is not confirmed is deleted %(num)s days after our letter.",
            signatures.KEPT.days,
        ),
        _("So that one mailbox counts once, a fingerprint of your address is kept, made with a random key of"
          " the campaign. It cannot be compared between campaigns."),
    ]  # fmt: skip


def _contacts() -> list[str]:
    now = settings.current()
    who, address = now.responsible
    return [
        _("To join, to be told of meetings or to get news of a campaign you leave your address, and what else its form"
          " asks. All of it is stored encrypted, apart from any signature, with a fingerprint of your address."),
        ngettext(
            "What you do not confirm is deleted %(num)s day after our letter.",
            "What you do not confirm is deleted %(num)s days after our letter.",
            signatures.KEPT.days,
        ),
        ngettext(
            "Who joined, or asked to be told of meetings, is deleted %(num)s month after confirming; who asked for"
            " news of a campaign, together with that campaign’s people.",
            "Who joined, or asked to be told of meetings, is deleted %(num)s months after confirming; who asked for"
            " news of a campaign, together with that campaign’s people.",
            now.contact_months,
        ),
        _("You can end each of them at any time by the link in its letters; it is then deleted at once."),
        _("Some sites carry a campaign’s form with a box of their own. A site gets name, address and language of those"
          " who ticked its box and confirmed, and of nobody else; the box says who is responsible there. You see it on"
          " your own page, and can take it back."),
        _("Responsible for what is not a campaign’s: %(who)s, %(address)s", who=who, address=address)
        if address
        else _("Responsible for what is not a campaign’s: %(who)s", who=who),
    ]  # fmt: skip


def _organisations() -> list[str]:
    return [
        _("Who asks that an organisation be shown as a supporter leaves a name, what they are in it and an address."
          " All of it is stored encrypted. Once an organiser has agreed, what they are is shown, and the name only if"
          " they ticked that; the address never is."),
        ngettext(
            "What is not confirmed is deleted %(num)s day after our letter.",
            "What is not confirmed is deleted %(num)s days after our letter.",
            endorsements.KEPT.days,
        ),
        _("It can be taken back at any time by the link in our letter. With a campaign’s people, what names who spoke"
          " for an organisation is deleted; which organisations supported it stays."),
    ]  # fmt: skip


def _networks() -> list[str]:
    return [
        ngettext(
            "To see floods of false signatures, a fingerprint of the network a form comes from is kept for"
            " %(num)s hour, made with a key that is then destroyed. Your own address on the internet is not"
            " stored.",
            "To see floods of false signatures, a fingerprint of the network a form comes from is kept for"
            " %(num)s hours, made with a key that is then destroyed. Your own address on the internet is not"
            " stored.",
            _hours(networks.KEPT.total_seconds()),
        ),
    ]  # fmt: skip


def _letters() -> list[str]:
    return [
        ngettext(
            "You get at most %(num)s letter about signing a day from this site.",
            "You get at most %(num)s letters about signing a day from this site.",
            links.A_DAY_EVERYWHERE,
        ),
        *_reminder(),
        _("Every letter holds a link to your own page. There you see what is stored, correct it, take it with"
          " you, withdraw, or stop all letters. Nobody needs an account for that."),
        _("Your mailbox provider can see that we wrote to you. The subject of our letters names no campaign."),
    ]  # fmt: skip


def _reminder() -> list[str]:
    if not settings.current().reminder:
        return []
    return [
        ngettext(
            "Who does not confirm a signature gets one reminder, %(num)s hour after our first letter.",
            "Who does not confirm a signature gets one reminder, %(num)s hours after our first letter.",
            _hours(reminders.AFTER.total_seconds()),
        )
    ]


def _afterwards() -> list[str]:
    return [
        _("Each campaign says on its own page who is responsible, to whom the list is handed, which details,"
          " for how long they are kept and on what legal ground. After that time names, addresses,"
          " fingerprints and links are deleted; the totals stay."),
    ]  # fmt: skip


def counting() -> Facts:
    """What a total means, and what it does not."""
    return [
        (_("What counts"), _what_counts()),
        (_("When it counts"), _when_it_counts()),
        (_("What leaves it"), _what_leaves()),
        (_("By country and by day"), _divided()),
        (_("Against floods"), _against_floods()),
    ]


def _what_counts() -> list[str]:
    return [
        _("The total counts mailboxes whose owner opened our letter and pressed the button. It does not count"
          " identity papers, and nothing that was only typed into a form."),
        _("One mailbox counts once in a campaign, however its address is spelled, where its provider is known"
          " to treat those spellings as one."),
        _("Organisations that support a campaign are listed apart. Neither they nor the members they say they have"
          " are in any total."),
    ]  # fmt: skip


def _when_it_counts() -> list[str]:
    return [
        _("You are in the total from the moment you press the button. Pages are a few seconds behind at most."),
        ngettext(
            "After a campaign has closed, letters can still be answered for %(num)s hour.",
            "After a campaign has closed, letters can still be answered for %(num)s hours.",
            _hours(GRACE.total_seconds()),
        ),
        ngettext(
            "The total is called final %(num)s minute after that.",
            "The total is called final %(num)s minutes after that.",
            round(SETTLING.total_seconds() / 60),
        ),
    ]  # fmt: skip


def _what_leaves() -> list[str]:
    return [
        _("Whoever withdraws leaves the total at once. Organisers can hold or remove a signature; they must"
          " give a reason, and the register keeps both moves."),
        _("Every change of the total is a numbered entry in the campaign’s register. The total shown is the"
          " sum of these entries."),
    ]  # fmt: skip


def _divided() -> list[str]:
    return [
        _("How a total divides by country, language, day and source is published once a day, and only after it has"
          " moved by %(least)s or more. Otherwise whoever watches could tell what one person did.",
          least=breakdowns.LEAST),
        _("It shows full tens, rounded down, and days with at least %(least)s signatures. All the rest stands under"
          " “other”, so that the sum is the exact total of that moment.", least=breakdowns.LEAST),
    ]  # fmt: skip


def _against_floods() -> list[str]:
    now = settings.current()
    return [
        _("When more than %(soft)s signatures an hour come from one network, their letters are spread over"
          " time. More than %(hard)s forms an hour from one network are refused.", soft=i18n.number(now.soft_limit),
          hard=i18n.number(now.hard_limit)),
        ngettext(
            "The button in a letter works for %(num)s day.",
            "The button in a letter works for %(num)s days.",
            signatures.BUTTON_LIFE.days,
        ),
    ]  # fmt: skip
