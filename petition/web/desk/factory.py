"""The desk as an application of its own, beside the public site and on the same settings, keys and database.

So the public pages know no session and no cookie, and do not wait for the library to be loaded.
"""

from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Flask, request, session
from flask_security import ForgotPasswordForm as LibraryForgotForm
from flask_security import (
    LoginForm,
    RoleMixin,
    Security,
    SQLAlchemySessionUserDatastore,
    current_user,
    tf_profile_changed,
)
from flask_security.forms import TwoFactorRescueForm, TwoFactorSetupForm
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from markupsafe import Markup
from werkzeug import Response
from wtforms import StringField

from petition import accounts
from petition.base import crypto, db, i18n, settings, urls
from petition.base.i18n import gettext as _
from petition.letters import organisers as letters
from petition.letters import ready
from petition.web import context, errors, guards, headers
from petition.web.addresses import Route
from petition.web.desk import (
    account,
    answering,
    articles,
    asking,
    blocking,
    deciding,
    door,
    embedding,
    events,
    exports,
    firsts,
    front,
    listing,
    look,
    naming,
    organisations,
    overview,
    partner_home,
    partner_people,
    partners,
    people,
    person,
    preview,
    record,
    ruling,
    running,
    searches,
    sessions,
    site,
    starting,
    suspecting,
    team,
    terms,
    texts,
    together,
    tongues,
    topics,
    trash,
    wall,
    welcome,
    words,
    writing,
)
from petition.web.desk.people import App, Codes, Mail, Passwords, User

#: The corners of the desk: importing them hangs their routes on the wall.
CORNERS = (
    front, account, starting, overview, texts, tongues, look, asking, terms, embedding, firsts, organisations, partners,
    partner_people, partner_home, running,
    preview, team, site, record, welcome, articles, events, topics, trash, writing,
    exports,
    deciding, ruling, suspecting, blocking, answering, naming,
    listing, person, searches, together,
)  # fmt: skip
LONGEST_BODY = 512 * 1024


class SignInForm(LoginForm):
    """Nobody is remembered without a session that can be ended."""

    remember = None


class ForgotForm(LibraryForgotForm):
    """For an address without an account the same letter is worded and posted, to nobody: equal work (D6)."""

    def validate(self, **kwargs: object) -> bool:
        """Whether there is an account to write to."""
        known = bool(super().validate(**kwargs))
        if not known and self.email.data:
            href = urls.absolute("/desk/forgot/" + "x" * 150)
            ready.post(letters.forgotten("", i18n.spoken(), href), gives_up_after=letters.RESET)
        db.session.flush()
        return known


class OneOf(StringField):
    """A choice that our page has made already; the library wants to list others beside it."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.choices: list[object] = []


class AppForm(TwoFactorSetupForm):
    """An authenticator app is the only second factor there is to set up."""

    setup = OneOf()


class RescueForm(TwoFactorRescueForm):
    """Recovery codes are the only way around it; our page links there."""

    help_setup = OneOf()


class Entrance(Security):
    """The library with what we set up; it must not look for a painter of QR codes, as ours is segno."""

    def _check_modules(self, module: str, config_name: str) -> object:
        return module


def create(public: Flask) -> Flask:
    """The desk of a site. Its first call makes the key for passwords, with one commit; raises what databases raise."""
    app = Flask("petition", template_folder=str(public.template_folder), static_folder=None)
    app.url_rule_class = Route
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    read = _shared(app, public)
    app.config |= _config(read.base_url) | public.config.get("DESK", {})
    i18n.init_app(app, _language)
    app.url_map.converters |= {"slug": guards.Slug, "lang": guards.Language}
    app.before_request(door.before)
    CSRFProtect(app)
    with app.app_context():
        _passwords(app)
        store = SQLAlchemySessionUserDatastore(db.session, User, RoleMixin)
        security = Entrance(
            app, store, login_form=SignInForm, forgot_password_form=ForgotForm, two_factor_setup_form=AppForm,
            two_factor_rescue_form=RescueForm, mail_util_cls=Mail, totp_cls=App,
            password_util_cls=Passwords, mf_recovery_codes_util_cls=Codes, render_template=words.page,
        )  # fmt: skip
    _tame(app, security)
    app.register_blueprint(wall.desk.blueprint)
    app.before_request(sessions.touch)
    app.after_request(_commit_letters)
    app.after_request(_way_on)
    context.init_app(app)
    app.add_template_global(_token, "token")
    app.context_processor(_everywhere)
    errors.init_app(app, layout="desk/base.html", ways=_ways)
    app.register_error_handler(CSRFError, lambda _error: wall.again("old form", 400))
    headers.init_app(app)
    wall.check(app)
    return app


def _shared(app: Flask, public: Flask) -> settings.Settings:
    with public.app_context():
        read, ring, database = settings.current(), crypto.ring(), db.database()
    settings.init_app(app, read)
    crypto.init_app(app, ring)
    db.share(app, database)
    app.testing = public.testing
    return read


#: The library as we want it: its pages at our addresses, in our templates, on our terms; everything else is off.
LIBRARY: dict[str, object] = {
    "URL_PREFIX": "/desk", "STATIC_FOLDER": None, "CACHE_CONTROL": None, "API_ENABLED_METHODS": ["session"],
    "LOGIN_URL": "/sign-in", "LOGOUT_METHODS": None, "RESET_URL": "/forgot", "CHANGE_URL": "/account/password",
    "TWO_FACTOR_SETUP_URL": "/app", "TWO_FACTOR_TOKEN_VALIDATION_URL": "/code",
    "MULTI_FACTOR_RECOVERY_URL": "/lost-phone", "MULTI_FACTOR_RECOVERY_CODES_URL": "/recovery-codes",
    "POST_LOGIN_VIEW": "/desk/", "POST_RESET_VIEW": "/desk/sign-in?done=password",
    "POST_CHANGE_VIEW": "/desk/account?done=password", "TWO_FACTOR_POST_SETUP_VIEW": "/desk/account?done=app",
    "PASSWORD_HASH_PASSLIB_OPTIONS": people.HASHING,
    "RECOVERABLE": True, "CHANGEABLE": True, "RESET_PASSWORD_WITHIN": letters.RESET,
    "TWO_FACTOR": True, "TWO_FACTOR_REQUIRED": True, "TWO_FACTOR_RESCUE_EMAIL": False,
    "TWO_FACTOR_ENABLED_METHODS": ["authenticator"], "TWO_FACTOR_AUTHENTICATOR_VALIDITY": people.WINDOW,
    "TWO_FACTOR_IMPLEMENTATIONS": {"code": "flask_security.twofactor.CodeTfPlugin"},
    "MULTI_FACTOR_RECOVERY_CODES": True, "MULTI_FACTOR_RECOVERY_CODES_N": people.CODES,
    # Something must stand here; `people.App` seals with our own ring.
    "TOTP_SECRETS": {"ring": "unused"},
    "FRESHNESS": timedelta(seconds=wall.FRESH), "FRESHNESS_GRACE_PERIOD": timedelta(0),
    "RETURN_GENERIC_RESPONSES": True, "JOIN_USER_ROLES": False,
    "EMAIL_PLAINTEXT": False, "EMAIL_HTML": False, "EMAIL_TEMPLATE_PASSWORD_RESET": "reset",
    "LOGIN_USER_TEMPLATE": "desk/sign_in.html", "FORGOT_PASSWORD_TEMPLATE": "desk/forgot.html",
    "RESET_PASSWORD_TEMPLATE": "desk/new_password.html", "CHANGE_PASSWORD_TEMPLATE": "desk/change_password.html",
    "TWO_FACTOR_SETUP_TEMPLATE": "desk/app.html", "TWO_FACTOR_VERIFY_CODE_TEMPLATE": "desk/code.html",
    "MULTI_FACTOR_RECOVERY_TEMPLATE": "desk/lost_phone.html",
    "MULTI_FACTOR_RECOVERY_CODES_TEMPLATE": "desk/recovery_codes.html",
}  # fmt: skip


def _config(base_url: str) -> dict[str, object]:
    """What cookie, forms and library are set to."""
    secure = base_url.startswith("https:")
    ours = {
        "MAX_CONTENT_LENGTH": LONGEST_BODY, "MAX_FORM_MEMORY_SIZE": LONGEST_BODY, "PROPAGATE_EXCEPTIONS": False,
        "SESSION_COOKIE_NAME": "__Host-desk" if secure else "desk", "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_PATH": "/" if secure else "/desk", "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax", "PERMANENT_SESSION_LIFETIME": accounts.LONGEST,
        "SESSION_REFRESH_EACH_REQUEST": False,
        # The origin is looked at by `door`; a referrer is not sent from pages with a secret in their address.
        "WTF_I18N_ENABLED": False, "WTF_CSRF_SSL_STRICT": False, "WTF_CSRF_TIME_LIMIT": None,
    }  # fmt: skip
    return ours | {f"SECURITY_{name}": value for name, value in LIBRARY.items()}


def _passwords(app: Flask) -> None:
    """Keys: what is signed lives as long as the ring's; what hashes passwords is never replaced."""
    current, *older = [key.hex() for key in crypto.ring().all("desk")]
    app.config |= {"SECRET_KEY": current, "SECRET_KEY_FALLBACKS": older}
    app.config["SECURITY_PASSWORD_SALT"] = accounts.secret("password").hex()
    db.session.commit()
    app.config["SECURITY_TOTP_ISSUER"] = settings.current().site_name.replace(":", " ")


def _tame(app: Flask, security: Security) -> None:
    """What the library would do besides: other ways in than a session, other pages, its own words."""
    words.names(app)
    manager = security.login_manager
    manager.user_loader(sessions.load)
    manager.request_loader(None)
    # It would keep a hash of the network's address in the cookie.
    manager.session_protection = None
    security.want_json(lambda _request: False)
    early = wall.Need(wall.SIGNED_IN, early=True)
    security.reauthn_handler(lambda _within, _grace: cast(Any, wall.code_first()))
    security.unauthn_handler(lambda *_mechanisms, **_headers: cast(Any, wall.sign_in_first(early)))
    sessions.init_app(app)
    door.init_app(app)
    tf_profile_changed.connect(_app_changed, app)


def _app_changed(_sender: object, user: User, **_more: object) -> None:
    ready.post(letters.factor_changed(user.email, user.language))


def _commit_letters(response: Response) -> Response:
    """The library does not commit after asking for a new password: nothing of its own was changed, but ours was."""
    if request.endpoint == "security.forgot_password" and request.method == "POST" and response.status_code < 400:
        db.session.commit()
    return response


def _way_on(response: Response) -> Response:
    """The library takes the way on from addresses and forms. It may lead to pages of the desk, and after signing in
    to the one that was asked for first, which the session remembers (B11)."""
    if response.location and (request.endpoint or "").startswith("security."):
        to = urlsplit(response.location)
        done = "?" + to.query if to.query.startswith("done=") else ""
        response.location = wall.back_to(to.path) + done
        if request.endpoint in ("security.two_factor_token_validation", "security.mf_recovery") and wall.is_signed_in():
            response.location = wall.back_to(session.pop("back", ""))
    return response


def _language() -> str:
    """Of the account; before signing in, what was chosen, else what the browser asks for."""
    chosen = session.get("language", "")
    if current_user and current_user.is_authenticated:
        chosen = current_user.language
    spoken = i18n.languages()
    return chosen if chosen in spoken else request.accept_languages.best_match(spoken) or spoken[0]


def _everywhere() -> dict[str, object]:
    signed_in = wall.is_signed_in()
    return {
        "me": wall.me() if signed_in else None, "held": wall.held() if signed_in else None, "here": wall.here(),
        "roles": words.roles(), "meanings": words.meanings(), "sheet": "desk.css",
        "phase_names": words.phases(), "detail_names": words.details(),
        "tongues": [(code, i18n.own_name(code)) for code in i18n.languages()],
    }  # fmt: skip


def _token() -> Markup:
    """What every form that posts begins with."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def _ways(_status: int) -> list[tuple[str, str]]:
    return [(str(_("To the desk")), "/desk/")]
