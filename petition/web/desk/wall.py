"""The wall: every route of the desk says what it needs, and gets what it needs from the same call.

    @desk.get("/campaigns/<slug:slug>/team", needs="manage team")
    def team(campaign: Reading) -> str:

A right on a campaign stands on a route with `<slug:slug>`: the campaign is loaded, the right is asked, and the view is
handed the campaign. A stranger's campaign is 404, a right that is not held is 403. A right on a partner stands on a
route that begins with `/partners/<slug:slug>/<slug:partner>`: the view is handed both. There is no way to add a route
without `needs`; `DOORS` are the library's own pages, and what is not named there does not exist.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Blueprint, Flask, abort, g, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug import Response

from petition import accounts, campaigns, partners, teams
from petition.accounts import Account
from petition.base import db
from petition.campaigns import Reading
from petition.teams import Held

#: How a route that needs a right on a partner begins.
OF_PARTNER = "/partners/<slug:slug>/<slug:partner>"
View = TypeVar("View", bound=Callable[..., Any])

ANYBODY, SIGNED_IN = "anybody", "signed in"
#: A code from the authenticator app opens for so long what takes personal data out or changes who may.
FRESH = 600

#: The library's pages that exist, and for whom; the others answer 404.
DOORS = {
    "security.login": ANYBODY,
    "security.forgot_password": ANYBODY,
    "security.reset_password": ANYBODY,
    "security.two_factor_setup": ANYBODY,
    "security.two_factor_setup_validate": SIGNED_IN,
    "security.two_factor_token_validation": ANYBODY,
    "security.mf_recovery": ANYBODY,
    "security.mf_recovery_codes": SIGNED_IN,
    "security.change_password": SIGNED_IN,
}


@dataclass(frozen=True, slots=True)
class Need:
    """What a route asks of whoever comes: a right; a fresh code; whether it takes files; whether it is there before
    recovery codes are made."""

    right: str
    fresh: bool = False
    files: bool = False
    early: bool = False

    @property
    def on_campaign(self) -> bool:
        """Whether the right is one on a campaign."""
        return self.right in teams.CAMPAIGN_RIGHTS

    @property
    def on_partner(self) -> bool:
        """Whether the right is one on a partner."""
        return self.right in teams.PARTNER_RIGHTS


class Wall:
    """The desk's blueprint; its routes cannot be made without saying what they need."""

    def __init__(self) -> None:
        self.blueprint = Blueprint("desk", __name__, url_prefix="/desk")
        #: Endpoint → what it needs.
        self.needs: dict[str, Need] = {}

    def get(self, rule: str, *, needs: str, fresh: bool = False, early: bool = False) -> Callable[[View], View]:
        """A page. `needs`: ANYBODY, SIGNED_IN or a right of `teams`; `fresh`: only after a code of the last minutes."""
        return self._route("GET", rule, Need(needs, fresh=fresh, early=early))

    def post(
        self, rule: str, *, needs: str, fresh: bool = False, files: bool = False, early: bool = False
    ) -> Callable[[View], View]:
        """What a form is sent to. `files`: the form carries files."""
        return self._route("POST", rule, Need(needs, fresh, files, early))

    def _route(self, method: str, rule: str, need: Need) -> Callable[[View], View]:
        if need.right not in {ANYBODY, SIGNED_IN} | teams.CAMPAIGN_RIGHTS | teams.PARTNER_RIGHTS | teams.SITE_RIGHTS:
            raise ValueError(f"{rule} needs “{need.right}”, which is no right")
        if need.on_partner != rule.startswith(OF_PARTNER):
            raise ValueError(f"{rule} and “{need.right}” do not fit: a partner's right needs {OF_PARTNER}, and only it")
        if not need.on_partner and need.on_campaign != ("<slug:slug>" in rule):
            raise ValueError(f"{rule} and “{need.right}” do not fit: a campaign's right needs <slug:slug>, and only it")

        def add(view: View) -> View:
            self.needs[f"desk.{view.__name__}"] = need
            self.blueprint.add_url_rule(rule, view.__name__, _guarded(view, need), methods=[method])
            return view

        return add


desk = Wall()


def check(app: Flask) -> None:
    """Raises RuntimeError where a route of the application says nothing of what it needs."""
    silent = {rule.endpoint for rule in app.url_map.iter_rules()} - desk.needs.keys()
    silent -= {endpoint for endpoint in silent if endpoint.startswith("security.")}
    if silent:
        raise RuntimeError(f"these routes of the desk do not say what they need: {', '.join(sorted(silent))}")


def need_of(endpoint: str | None) -> Need | None:
    """What an endpoint needs; None where it does not exist for anybody."""
    if endpoint in DOORS:
        return Need(DOORS[endpoint], early=True)
    return desk.needs.get(endpoint or "")


def _guarded(view: Callable[..., Any], need: Need) -> Callable[..., Any]:
    @wraps(view)
    def guarded(**arguments: Any) -> Any:
        if need.right == ANYBODY:
            return view(**arguments)
        turned_away = sign_in_first(need)
        if turned_away is not None:
            return turned_away
        if need.on_campaign:
            arguments["campaign"] = _campaign(arguments.pop("slug"), need.right)
        elif need.on_partner:
            arguments |= _partner(arguments.pop("slug"), arguments.pop("partner"), need.right)
        elif need.right != SIGNED_IN and not held().may(need.right):
            abort(403)
        if need.fresh and not is_fresh():
            return code_first()
        return view(**arguments)

    return guarded


def sign_in_first(need: Need) -> Response | str | tuple[str, int] | None:
    """Whoever is signed out signs in, and then makes recovery codes, before anything else is shown."""
    if not is_signed_in():
        if request.method in ("GET", "HEAD"):
            session["back"] = here()
            return redirect(url_for("security.login"), 303)
        return again("signed out", 401)
    if not need.early and current_user.mf_recovery_codes is None:
        return redirect(url_for("security.mf_recovery_codes"), 303)
    return None


def code_first() -> Response | tuple[str, int]:
    """A page asks for a code first; a form is handed back."""
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("desk.fresh", next=here()), 303)
    return again("not fresh", 403)


def _campaign(slug: str, right: str) -> Reading:
    found = campaigns.read(slug)
    if found is None or not held().knows(found.id):
        abort(404)
    if not held().may(right, found.id):
        abort(403)
    return found


def _partner(slug: str, key: str, right: str) -> dict[str, Any]:
    """A partner and its campaign, for the partner's own people. For everybody else it does not exist."""
    campaign = campaigns.read(slug)
    found = partners.read(campaign.id, key) if campaign else None
    if campaign is None or found is None or not held().may_on_partner(right, found.id):
        abort(404)
    return {"campaign": campaign, "partner": found}


#: Never handed back to a page: secrets.
_SECRET = ("csrf_token", "password", "new_password", "password_confirm", "new_password_confirm", "code")


def again(why: str, status: int) -> tuple[str, int]:
    """What was typed, handed back with a fresh token and a button that sends it again: nothing is lost."""
    db.session.rollback()
    typed = [(name, value) for name, value in request.form.items() if name not in _SECRET]
    secret = any(name in request.form for name in _SECRET[1:])
    return render_template("desk/again.html", why=why, typed=typed, action=request.full_path, secret=secret), status


def here() -> str:
    """The path asked for, with its query."""
    return request.full_path.rstrip("?")


def back_to(path: str, otherwise: str = "/desk/") -> str:
    """A path of the desk that came by a form or a query, else another: nobody is sent anywhere else (B11)."""
    plain = path.isascii() and path.isprintable() and "\\" not in path and "//" not in path and "%" not in path
    return path if plain and path.startswith("/desk/") else otherwise


def is_signed_in() -> bool:
    """Whether somebody is signed in, with both factors."""
    return bool(current_user.is_authenticated)


def me() -> Account:
    """The account that is signed in."""
    found: Account | None = getattr(g, "account", None)
    if found is None:
        found = accounts.by_id(current_user.id)
        if found is None:
            abort(401)
        g.account = found
    return found


def held() -> Held:
    """What the account that is signed in holds; read once for each request."""
    found: Held | None = getattr(g, "held", None)
    if found is None:
        found = g.held = teams.held(me().id)
    return found


def is_fresh() -> bool:
    """Whether a code was typed within the last ten minutes, in this session."""
    return 0 <= time.time() - cast(float, session.get("fs_paa", 0)) < FRESH
