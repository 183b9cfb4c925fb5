"""The door for any WSGI server."""

from petition.app import create_app

app = create_app()
