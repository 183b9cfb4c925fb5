"""The trash at the desk: what is in it until when, and the way back."""

from flask import abort, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug import Response

from petition import trash
from petition.base import db, i18n
from petition.web import guards
from petition.web.desk import wall
from petition.web.desk.wall import desk


@desk.get("/trash", needs="edit site")
def in_trash() -> str:
    """What can come back, the last one thrown first."""
    rows = trash.listed(i18n.spoken(), db.now())
    return render_template("desk/trash.html", rows=rows, done=request.args.get("done", ""))


@desk.post("/trash/restore", needs="edit site")
def restore() -> Response:
    """Take one out, public as it was."""
    kind = trash.KINDS.get(request.form.get("kind", "")) or abort(400)
    wanted = select(kind.piece).where(kind.piece.id == guards.number(request.form.get("id", ""))).with_for_update()
    row = db.session.scalar(wanted)
    if row is None or not trash.restore(row, wall.me().called()):
        return redirect(url_for("desk.in_trash", done="gone"), 303)
    db.session.commit()
    return redirect(url_for("desk.in_trash", done="restored"), 303)
