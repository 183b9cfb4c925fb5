"""The desk beside the public site: an application of its own for what lies under /desk, made when it is first asked
for. Loading its library takes a third of a second that no command, no worker and no signer waits for."""

import threading
from collections.abc import Callable, Iterable
from importlib import import_module

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from petition.web.cache import Environ, StartResponse, WsgiApp


class Beside:
    """The WSGI application that hands what lies under /desk to the desk, and everything else to the site."""

    def __init__(self, wsgi: WsgiApp, public: Flask) -> None:
        self._wsgi, self._public = wsgi, public
        self._desk: Flask | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        path = environ["PATH_INFO"]
        if path != "/desk" and not path.startswith("/desk/"):
            return self._wsgi(environ, start)
        try:
            found = self.desk()
        except SQLAlchemyError as error:
            with self._public.request_context(environ):
                answer = self._public.make_response(self._public.handle_user_exception(error))
                return self._public.process_response(answer)(environ, start)
        return found(environ, start)

    def desk(self) -> Flask:
        """The desk, made at the first call."""
        with self._lock:
            if self._desk is None:
                create: Callable[[Flask], Flask] = import_module("petition.web.desk.factory").create
                self._desk = create(self._public)
            return self._desk
