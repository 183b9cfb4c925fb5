"""The door for any WSGI server."""

from petition.app import create_app
from petition.base import logs, settings

app = create_app()
logs.begin(settings.read().log_format)
