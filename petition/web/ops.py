"""For those who run the machine."""

from flask import Blueprint, Response, make_response

blueprint = Blueprint("ops", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Whether this process answers; asks nothing else."""
    answer = make_response("alive\n")
    answer.mimetype = "text/plain"
    return answer
