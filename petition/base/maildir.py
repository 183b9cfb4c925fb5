"""The trial without a mail server: letters are kept in a folder on this machine instead of being sent."""

import email
import mailbox
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from petition.base import smtp
from petition.base.settings import Settings
from petition.base.smtp import Message, Trouble


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter that was kept on this machine instead of being sent."""

    at: datetime
    to: str
    subject: str
    text: str
    html: str


class Maildir:
    """Keeps letters in a folder that only this user may read: the trial without a mail server."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.letters_dir
        self._build = partial(
            smtp.build,
            site_name=settings.site_name,
            mail_from=settings.mail_from or "letters@" + (urlsplit(settings.base_url).hostname or "localhost"),
        )
        self._writing = threading.Lock()

    def ready(self) -> bool:
        """Always."""
        return True

    def offer(self, message: Message, message_id: str) -> Callable[[], None]:
        """Build the letter; calling what is returned writes it, whole or not at all."""
        return partial(self._keep, self._build(message, message_id))

    def close(self) -> None:
        """Nothing is held open."""

    def _keep(self, data: bytes) -> None:
        try:
            with self._writing:
                _folder(self._path).add(data)
        except OSError as error:
            raise Trouble("later", type(error).__name__) from None

    def kept(self, most: int = 50) -> list[Kept]:
        """The letters kept, newest first."""
        names = sorted((self._path / "new").glob("*"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        return [_read(file) for file in names[:most]]


def _folder(path: Path) -> mailbox.Maildir:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("tmp", "new", "cur"):
        (path / name).mkdir(mode=0o700, exist_ok=True)
    return mailbox.Maildir(path, create=False)


def _read(file: Path) -> Kept:
    mail = email.message_from_bytes(file.read_bytes(), policy=policy.default)
    parts = {part.get_content_subtype(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return Kept(at, str(mail["To"]), str(mail["Subject"]), parts.get("plain", ""), parts.get("html", ""))
