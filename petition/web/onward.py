"""Where a form leads once it is taken: 303 See Other (RFC 9110, 15.4.4), to a page of ours."""

from flask import Response
from werkzeug.datastructures import Headers


class _Onward(Response):
    def get_wsgi_headers(self, environ: dict[str, object]) -> Headers:
        # Werkzeug copies them all, and takes the address apart to spell it in ASCII, which ours always is. It is half
        # of what such an answer costs, and everybody who signs gets two.
        return self.headers


def see_other(path: str) -> Response:
    """Lead to a path of this site, made of ASCII, with its query if it has one. Raises ValueError for a line end in it
    and UnicodeEncodeError for what is not ASCII."""
    path.encode("ascii")
    return _Onward(status=303, headers={"Location": path, "Content-Length": "0"})
