"""The page behind a contact's link: what was asked for, and a way out (RFC 8058).

Letters of news name it in `List-Unsubscribe`; a mail program's one-click POST and the page's button do the same.
It neither shows nor touches a signature.
"""

from uuid import UUID

from flask import Blueprint, abort, g, render_template, request

from petition import contacts
from petition.base import db, i18n, tokens
from petition.base.tokens import BadToken
from petition.contacts import Contact
from petition.web import context, guards

blueprint = Blueprint("news", __name__)


def address(contact: Contact) -> str:
    """The path of a contact's page; its POST unsubscribes."""
    return f"/t/{tokens.link('news', contact.link_id)}/news"


def _id(token: str) -> UUID:
    try:
        return tokens.read_link("news", token)
    except BadToken:
        abort(404)


@blueprint.get("/t/<token>/news")
def news(token: str) -> str:
    """What a contact asked for, and the button that ends it. Looking changes nothing."""
    return _page(contacts.find(_id(token)))


@blueprint.post("/t/<token>/news")
def unsubscribe(token: str) -> str:
    """End it, at once and without a question; twice is as good as once."""
    link_id = _id(token)
    contact = contacts.find(link_id)
    contacts.unsubscribe(link_id)
    db.session.commit()
    return _page(contact, ended=True)


def _page(contact: Contact | None, *, ended: bool = False) -> str:
    if contact is None:
        return render_template("public/news.html", wording=None, ended=True)
    reading = guards.reading_of(contact.campaign_id or 0)
    asked = request.args.get("language", "")
    language = asked if asked in i18n.languages() else contact.language
    g.colour, g.language, g.page_language = reading.colour, i18n.interface(language), language
    return render_template("public/news.html", wording=context.wording_view(reading, language), ended=ended)
