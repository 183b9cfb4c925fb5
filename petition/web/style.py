"""The style sheets and scripts, at addresses that change with their content and are therefore kept for ever.

`/style/BUILD/RRGGBB.css` is the whole public sheet with one campaign's colour in it: one request for style, and
never a style attribute. `/style/BUILD/THEME/RRGGBB.css` is the one for frames, which may be light or dark whatever the
reader's browser is. `/static/BUILD/NAME` are the other files. An address of another build (an old page in
somebody's window, a newer one met during an upgrade) is answered with what this process has, but not kept.
"""

import hashlib
import mimetypes
import re
from functools import cache, lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, make_response

from petition.base import colour

blueprint = Blueprint("style", __name__)

FOLDER = Path(__file__).resolve().parent.parent / "static"
KEPT = "public, max-age=31536000, immutable"
PASSING = "no-cache"
AUTO, LIGHT, DARK = "auto", "light", "dark"
# mimetypes reads the machine's own tables; these must be the same everywhere.
KINDS = {
    ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
}  # fmt: skip


@cache
def files() -> dict[str, bytes]:
    """Every static file by name, style sheets without their comments and runs of blanks."""
    found = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.is_file()}
    return {name: lean(data.decode()).encode() if name.endswith(".css") else data for name, data in found.items()}


def lean(sheet: str) -> str:
    """A style sheet without comments and needless blanks; strings in ours hold neither."""
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    sheet = re.sub(r"\s+", " ", sheet)
    sheet = re.sub(r" ?([{};,]) ?", r"\1", sheet).replace(";}", "}")
    return re.sub(r"(?<=[\w-]): (?=[^{}]*[;}])", ":", sheet).strip()


@cache
def build() -> str:
    """Ten hexadecimal digits that change whenever any static file does."""
    digest = hashlib.sha256()
    for name, data in files().items():
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()[:10]


def asset(name: str) -> str:
    """The address of a static file by its name; a name that does not exist is a mistake of ours (KeyError)."""
    files()[name]
    return f"/static/{build()}/{name}"


def sheet_href(rgb: str) -> str:
    """The address of the public sheet in a colour, six hexadecimal digits of either case."""
    return f"/style/{build()}/{rgb.lower()}.css"


def frame_sheet_href(rgb: str, theme: str) -> str:
    """The address of the sheet for frames in a colour and a theme."""
    return f"/style/{build()}/{theme}/{rgb.lower()}.css"


@lru_cache(maxsize=256)
def sheet(rgb: str) -> bytes:
    """The public sheet in a colour. Raises ValueError for what is no colour, or cannot be read on our paper."""
    return files()["public.css"] + _tail(rgb)


def _tail(rgb: str) -> bytes:
    chosen = colour.parse(rgb)
    colour.check(chosen)
    tone = colour.scheme(chosen)
    light = f"--accent:{tone['accent']};--on-accent:{tone['on_accent']}"
    dark = f"--accent:{tone['dark_accent']};--on-accent:{tone['dark_on_accent']}"
    # Behind the house's own colours so that these win; for screens only, since print is black on white.
    tail = f"@media screen{{:root{{{light}}}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return tail.encode()


@lru_cache(maxsize=256)
def frame_sheet(rgb: str, theme: str) -> bytes:
    """The sheet for frames: the public one and what frames add, light or dark for good unless the theme is AUTO. Raises
    ValueError as `sheet` does."""
    whole = files()["public.css"] + files()["frame.css"] + _tail(rgb)
    if theme == AUTO:
        return whole
    asked = rb"(?:screen and )?\(prefers-color-scheme: ?dark\)"
    return re.sub(asked, b"screen" if theme == DARK else b"not all", whole).replace(
        b"color-scheme:light dark", b"color-scheme:" + theme.encode()
    )


@blueprint.get("/style/<wanted>/<rgb>.css")
def public_sheet(wanted: str, rgb: str) -> Response:
    """The public sheet in a colour; 404 for anything but six hexadecimal digits of a readable one."""
    if not re.fullmatch(r"[0-9A-Fa-f]{6}", rgb):
        abort(404)
    try:
        return answer(sheet(rgb.lower()), ".css", wanted)
    except ValueError:
        abort(404)


@blueprint.get("/style/<wanted>/<any(auto, light, dark):theme>/<rgb>.css")
def sheet_for_frames(wanted: str, theme: str, rgb: str) -> Response:
    """The sheet for frames in a colour; 404 for anything but six hexadecimal digits of a readable one."""
    if not re.fullmatch(r"[0-9A-Fa-f]{6}", rgb):
        abort(404)
    try:
        return answer(frame_sheet(rgb.lower(), theme), ".css", wanted)
    except ValueError:
        abort(404)


@blueprint.get("/static/<wanted>/<name>")
def static_file(wanted: str, name: str) -> Response:
    """One of the files of `petition/static`, from memory."""
    data = files().get(name)
    if data is None:
        abort(404)
    return answer(data, Path(name).suffix, wanted)


def script(data: bytes) -> Response:
    """A script at an address of its own, which other sites load."""
    response = make_response(data)
    response.mimetype = KINDS[".js"]
    # Sites that let in only what says so (Cross-Origin-Embedder-Policy) want to hear this.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def answer(data: bytes, suffix: str, wanted: str) -> Response:
    """What a file is sent as; kept for ever only under the address that names its content, 404 under none."""
    if not re.fullmatch(r"[0-9a-f]{10}", wanted):
        abort(404)
    response = make_response(data)
    response.mimetype = KINDS.get(suffix) or mimetypes.guess_type(f"x{suffix}")[0] or "application/octet-stream"
    response.headers["Cache-Control"] = KEPT if wanted == build() else PASSING
    return response
