"""My account: name and language, the sessions, the step up by a fresh code, signing out."""

import time
from typing import Any

from flask import abort, redirect, render_template, request, session, url_for
from flask_security import current_user, logout_user
from werkzeug import Response

from petition import accounts
from petition.base import db
from petition.web.desk import door, people, sessions, wall, words
from petition.web.desk.forms import CodeForm, NameForm
from petition.web.desk.wall import ANYBODY, SIGNED_IN, desk


@desk.get("/account", needs=SIGNED_IN)
def account() -> str:
    """Who I am, how I sign in, where I am signed in."""
    return _page(NameForm(formdata=None, obj=wall.me()))


def _page(form: NameForm) -> str:
    me = wall.me()
    rows = [
        {"id": one.id.hex(), "device": one.device, "began_at": one.began_at, "seen_at": one.seen_at,
         "mine": one.id == sessions.mine()}
        for one in accounts.sessions(me.id, db.now())
    ]  # fmt: skip
    left = len(me.recovery_codes or [])
    return render_template("desk/account.html", form=form, sessions=rows, left=left, done=request.args.get("done", ""))


@desk.post("/account", needs=SIGNED_IN)
def rename() -> Response | tuple[str, int]:
    """Another name or language."""
    form = NameForm()
    if not form.validate():
        return _page(form), 422
    wall.me().name, wall.me().language = form.name.data, form.language.data
    db.session.commit()
    return redirect(url_for("desk.account", done="name"), 303)


@desk.post("/account/sessions/end", needs=SIGNED_IN)
def end_session() -> Response:
    """End one session: that device is signed out."""
    try:
        row = bytes.fromhex(request.form.get("session", ""))
    except ValueError:
        abort(400)
    accounts.end_session(current_user.id, row)
    db.session.commit()
    return redirect(url_for("desk.account", done="session"), 303)


@desk.post("/account/sessions/end-all", needs=SIGNED_IN)
def end_sessions() -> Response:
    """End every session, this one too."""
    accounts.end_sessions(current_user.id)
    return _out("everywhere")


@desk.post("/sign-out", needs=ANYBODY)
def sign_out() -> Response:
    """End this session."""
    return _out("out")


def _out(done: str) -> Response:
    if wall.is_signed_in():
        logout_user()
    sessions.forget()
    db.session.commit()
    return redirect(url_for("security.login", done=done), 303)


@desk.get("/fresh", needs=SIGNED_IN)
def fresh() -> str:
    """Asks for a code before personal data leaves, or before somebody gets a say."""
    return render_template(
        "desk/fresh.html", form=CodeForm(formdata=None), back=wall.back_to(request.args.get("next", ""))
    )


@desk.post("/fresh", needs=SIGNED_IN)
def renew() -> Response | tuple[str, int]:
    """A code: for ten minutes nothing asks for one, under a new session id (D5)."""
    form, user = CodeForm(), current_user
    back = wall.back_to(request.args.get("next", ""))
    if not _is_right(form, user):
        form.code.errors = [words.sentence("TWO_FACTOR_INVALID_TOKEN")]
        return render_template("desk/fresh.html", form=form, back=back), 422
    sessions.renew(user.id)
    session["fs_paa"] = time.time()
    door.forget_guesses(user.fs_uniquifier)
    db.session.commit()
    return redirect(back, 303)


def _is_right(form: CodeForm, user: Any) -> bool:
    code = form.code.data or ""
    app = people.security().totp_factory
    return bool(form.validate() and app.verify_totp(code, user.tf_totp_secret, user, window=people.WINDOW))
