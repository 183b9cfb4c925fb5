"""Following an invitation: who one is, and a password. The authenticator app comes at the first sign-in."""

from flask import abort, redirect, render_template, session, url_for
from flask_security import hash_password
from werkzeug import Response

from petition import accounts
from petition.accounts import Account
from petition.base import db, i18n
from petition.web.desk import people
from petition.web.desk.forms import WelcomeForm
from petition.web.desk.wall import ANYBODY, desk


@desk.get("/welcome/<token>", needs=ANYBODY)
def welcome(token: str) -> str:
    """The page behind the link of an invitation."""
    account = _invited(token)
    form = WelcomeForm(formdata=None, name=account.name, language=i18n.spoken())
    return render_template("desk/welcome.html", form=form, account=account)


@desk.post("/welcome/<token>", needs=ANYBODY)
def join(token: str) -> Response | tuple[str, int]:
    """Take the name and the password; then sign in with it."""
    account, form = _invited(token), WelcomeForm()
    form.address = account.address
    if not form.validate():
        return render_template("desk/welcome.html", form=form, account=account), 422
    password = people.security().password_util.normalize(form.password.data)
    accounts.join(account, name=form.name.data, language=form.language.data, password=hash_password(password))
    db.session.commit()
    session["language"] = form.language.data
    return redirect(url_for("security.login", done="joined"), 303)


def _invited(token: str) -> Account:
    found = accounts.invited(token)
    if found is None:
        abort(404)
    return found
