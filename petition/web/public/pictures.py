"""Organisers' pictures, at addresses whose content never changes."""

from flask import Blueprint, Response, abort, make_response

from petition import pictures
from petition.web import style

blueprint = Blueprint("pictures", __name__)


@blueprint.get("/pictures/<name>/<int(max=99999):width>x<int(max=99999):height>.jpg")
def picture(name: str, width: int, height: int) -> Response:
    """A picture at one of its sizes."""
    found = pictures.jpeg(name, width, height) if len(name) == pictures.NAME and name.isascii() else None
    if found is None:
        abort(404)
    answer: Response = make_response(found)
    answer.mimetype = "image/jpeg"
    answer.headers["Cache-Control"] = style.KEPT
    return answer
