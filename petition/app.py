"""The factory: settings → parts → blueprints. No query, no network, no file written."""

import encodings.idna  # noqa: F401  # Werkzeug wants it at each first request, which is no moment to load anything.
import gc
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from petition.base import crypto, db, i18n, settings
from petition.base.settings import Settings
from petition.web import badges, context, counters, embed, errors, guards, headers, kept, looks, oembed, ops, style
from petition.web.addresses import Route
from petition.web.api import guide, routes
from petition.web.beside import Beside
from petition.web.cache import ENDPOINT, Meanwhile, PageCache
from petition.web.counters import Counted, Counters
from petition.web.crowded import overcrowded
from petition.web.gate import Gate
from petition.web.public import (
    articles,
    campaign,
    embedding,
    endorsed,
    endorsements,
    events,
    feeds,
    joining,
    machines,
    news,
    own,
    pictures,
    reading,
    sharing,
    signatories,
    signing,
    wordings,
)

_HERE = Path(__file__).resolve().parent
#: Beside the package in a checkout, inside it once installed from a wheel.
TEMPLATES = next(path for path in (_HERE / "_templates", _HERE.parent / "templates") if path.is_dir())
LONGEST_BODY = 64 * 1024
_PAGES = (
    style, embed, badges, oembed, embedding, reading, articles, campaign, wordings, signatories, endorsements, pictures,
    sharing, signing, events, feeds, joining, own, news, endorsed, machines, routes, guide, kept, ops,
)  # fmt: skip


def create_app(
    given: Settings | None = None, *, environ: Mapping[str, str] | None = None, counting: Counters | None = None
) -> Flask:
    """The application, which counts its answers in `counting`, or by itself. Raises SettingsError or KeyRingError with
    one sentence for the person who starts it."""
    read = given or settings.read(environ)
    app = Flask("petition", template_folder=str(TEMPLATES), static_folder=None)
    app.url_rule_class = Route
    # No view of ours is asynchronous: not to be asked of each of them for each request.
    app.ensure_sync = _as_it_is  # type: ignore[method-assign]
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    app.config["PROPAGATE_EXCEPTIONS"] = False
    # All sentences about forms are ours; looking for the library's costs a file look-up a request.
    app.config["WTF_I18N_ENABLED"] = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    settings.init_app(app, read)
    crypto.init_app(app, crypto.read(read.keys_file))
    db.init_app(app, read)
    i18n.init_app(app, _language)
    app.url_map.converters |= {
        "slug": guards.Slug, "lang": guards.Language, "look": looks.LookInPath, "badge": looks.BadgeInPath,
    }  # fmt: skip
    app.before_request(_begin)
    for layer in (context, errors, headers):
        layer.init_app(app)
    for part in _PAGES:
        app.register_blueprint(part.blueprint)
    app.extensions[counters.EXTENSION] = counting or counters.Shared().claim()
    _dress(app, read)
    gc.enable()
    return app


def _as_it_is(func: Callable[..., Any]) -> Callable[..., Any]:
    return func


def _begin() -> None:
    """What only reads takes no write lock on SQLite. The route's name is for who counts answers."""
    request.environ[ENDPOINT] = request.endpoint
    if request.method in ("GET", "HEAD", "OPTIONS"):
        db.reading()


def _language() -> str | None:
    """The language of the answer: what a view found out, or what stands in the address."""
    found: str | None = getattr(g, "language", None)
    if found:
        return found
    if request:
        said = (request.view_args or {}).get("language") or request.path[1:].partition("/")[0]
        return i18n.interface(str(said))
    return None


def _dress(app: Flask, read: Settings) -> None:
    """The layers in front of Flask: the desk beside it, the gate before both, the counting of answers, the page cache,
    and outermost the proxy's word where one is configured."""
    beside = app.extensions["petition.beside"] = Beside(app.wsgi_app, app)
    counting: Counters = app.extensions[counters.EXTENSION]
    with app.app_context():
        pool = db.database().engine.pool
    gate = Gate(Meanwhile(beside), overcrowded(app, read), read.web_threads)
    counted = Counted(gate, counting, pool.checkedout)  # type: ignore[attr-defined]  # of every pool with a size
    app.wsgi_app = PageCache(counted, read, counting.kept)  # type: ignore[method-assign, assignment]
    if read.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=read.proxies, x_proto=read.proxies, x_host=0)  # type: ignore[method-assign]
    app.logger.setLevel(logging.INFO)
