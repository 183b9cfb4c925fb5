"""A fresh Debian server made into a site: settings, keys, units, HTTPS, the nightly backup and the first account."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from petition.base import crypto, db, mailbox, settings
from petition.cli.ground import Refused
from petition.cli.keys import BACK_UP

_HERE = Path(__file__).resolve().parents[1]
#: Beside the package in a checkout, inside it once installed from a wheel.
DEPLOY = next(path for path in (_HERE / "_deploy", _HERE.parent / "deploy") if path.is_dir())
#: Where the documentation puts the program; what stands there is written in its place.
DOCUMENTED = "/opt/petition/.venv/bin/petition"
ACCOUNT = "petition"
EMBEDDED, SERVER = "sqlite", "postgresql"
UNITS = {
    EMBEDDED: ("petition.service",),
    SERVER: ("petition-web@.service", "petition-worker@.service"),
}
STARTED = {
    EMBEDDED: ("petition.service",),
    SERVER: (
        "petition-web@8000.service",
        "petition-web@8001.service",
        "petition-worker@1.service",
        "petition-worker@2.service",
    ),
}
BACKUPS = ("petition-backup.service", "petition-backup.timer")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_WEB = "    server 127.0.0.1:8000 max_fails=0;\n"
_CHAIN, _KEY = "/etc/petition/tls/chain.pem", "/etc/petition/tls/key.pem"


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked for."""

    host: str
    name: str
    organiser: str
    smtp_url: str
    mail_from: str
    database: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything goes: the machine itself, or a folder that stands for it in a trial."""

    root: Path

    @property
    def is_real(self) -> bool:
        """Whether this is the machine itself."""
        return self.root == Path("/")

    def path(self, name: str) -> Path:
        """A path of the machine's."""
        return self.root / name.lstrip("/")

    def write(self, name: str, content: str | bytes, mode: int) -> Path:
        """A new file with a mode, its folders made."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def folder(self, name: str, mode: int, *, owned: bool) -> Path:
        """A folder with a mode: the site's own account's, or root's that this account may enter."""
        path = self.path(name)
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        self.give(path, owned=owned)
        return path

    def give(self, path: Path, *, owned: bool) -> None:
        """To the site's account, or to its group alone."""
        if self.is_real:
            shutil.chown(path, ACCOUNT if owned else "root", ACCOUNT)

    def run(self, *words: str, must: bool = True) -> None:
        """A program of the machine's; in a trial nothing is run. Raises Refused where it fails, if it must not."""
        if self.is_real and subprocess.run(words, check=False).returncode and must:  # noqa: S603  # words of ours
            raise Refused(f"`{' '.join(words)}` failed; mend that, and type `petition setup` again.")


def _host(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    host = value.strip().lower().removeprefix("https://").rstrip("/")
    if not _HOST.fullmatch(host):
        raise click.BadParameter("must be a name alone, such as petition.example.org")
    return host


@click.command()
@click.option("--host", prompt="The name under which the site is reached (petition.example.org)", callback=_host)
@click.option("--name", prompt="What the site is called", help="The name on every page and letter.")
@click.option("--organiser", prompt="Your e-mail address, for the first account", help="Who administers the site.")
@click.option("--smtp-url", prompt="Mail server (smtp://USER:PASSWORD@HOST:587)", help="Where letters are sent by.")
@click.option("--mail-from", prompt="The address letters come from", help="At a domain that this server may send for.")
@click.option(
    "--database", type=click.Choice([EMBEDDED, SERVER]), default=EMBEDDED, show_default=True,
    prompt="Database: one small machine does well with sqlite", help="postgresql must be installed here already.",
)  # fmt: skip
@click.option(
    "--root", type=click.Path(path_type=Path, file_okay=False), default=Path("/"),
    help="For a trial: a folder that stands for the machine. Nothing outside it is touched.",
)  # fmt: skip
def setup(root: Path, **answers: str) -> None:
    """Make a fresh Debian server into a site: a handful of questions.

    Leaves settings, keys, systemd units, an HTTPS site for nginx with a certificate of its own until there is a real
    one, a nightly backup, and an invitation for the first account. Run it as root.

    \b
    Example: /opt/petition/.venv/bin/petition setup
    """
    place, asked = Place(root.absolute()), Answers(**answers)
    environment = _environment(place, asked)
    _refuse(place, environment, asked)
    _account(place)
    _folders(place)
    _ring(place, Path(environment["KEYS_FILE"]))
    _units(place, asked)
    _site(place, asked)
    _database(place, asked)
    invitation = _first(place, environment, asked)
    # Last: where it is, all before it went well; what failed can be mended, and all of it done again.
    _settings(place, environment)
    _start(place, asked)
    _tell(place, asked, invitation)


def _environment(place: Place, asked: Answers) -> dict[str, str]:
    file = place.path("/var/lib/petition/petition.db")
    address = f"sqlite:///{file}" if asked.database == EMBEDDED else "postgresql:///petition?host=/var/run/postgresql"
    return {
        "BASE_URL": f"https://{asked.host}",
        "SITE_NAME": asked.name,
        "DATABASE_URL": address,
        "KEYS_FILE": str(place.path("/etc/petition/keys/keys.json")),
        "ERASURES_FILE": str(place.path("/var/backups/petition/erasures")),
        "BACKUPS_DIR": str(place.path("/var/backups/petition/data")),
        "SMTP_URL": asked.smtp_url,
        "MAIL_FROM": asked.mail_from,
        "PROXIES": "1",
    }


def _refuse(place: Place, environment: Mapping[str, str], asked: Answers) -> None:
    """Everything that can be known to be wrong before the first file is written. Raises SettingsError as it comes."""
    if place.path("/etc/petition/environment").exists():
        raise Refused("This machine is set up already: /etc/petition/environment is there. Edit it, or move it away.")
    if place.is_real and os.geteuid() != 0:
        raise Refused("Setting a machine up is root's: type it as root.")
    missing = [name for name in ("nginx", "systemctl", "adduser", "runuser") if not _found(name)]
    if place.is_real and missing:
        raise Refused(f"Something is missing: {', '.join(missing)}. On Debian: apt install nginx-light adduser.")
    settings.read(environment)
    mailbox.parse(asked.organiser)


def _found(name: str) -> bool:
    return any((Path(folder) / name).exists() for folder in ("/usr/local/sbin", "/usr/sbin", "/usr/bin", "/sbin"))


def _account(place: Place) -> None:
    known = Path("/etc/passwd").read_text()
    if place.is_real and f"\n{ACCOUNT}:" not in known:
        place.run("adduser", "--system", "--group", "--quiet", "--home", "/var/lib/petition", ACCOUNT)


def _folders(place: Place) -> None:
    for name, mode, owned in (
        ("/etc/petition", 0o750, False), ("/etc/petition/keys", 0o700, True), ("/etc/petition/tls", 0o700, False),
        ("/var/lib/petition", 0o700, True), ("/var/backups/petition", 0o700, True), ("/var/www/petition", 0o755, False),
    ):  # fmt: skip
        place.folder(name, mode, owned=owned)


def _settings(place: Place, environment: Mapping[str, str]) -> None:
    lines = "".join(f"{name}={shlex.quote(value)}\n" for name, value in environment.items())
    said = "# Written by `petition setup`. All settings: docs/settings.md. Afterwards: systemctl restart petition*\n"
    place.give(place.write("/etc/petition/environment", said + lines, 0o640), owned=False)


def _ring(place: Place, ring: Path) -> None:
    if not ring.exists():
        crypto.write(ring, crypto.with_new_key(None))
        place.give(ring, owned=True)


def _program() -> str:
    return str(Path(sys.executable).with_name("petition"))


def _units(place: Place, asked: Answers) -> None:
    for name in (*UNITS[asked.database], *BACKUPS):
        text = (DEPLOY / "systemd" / name).read_text().replace(DOCUMENTED, _program())
        place.write(f"/etc/systemd/system/{name}", text, 0o644)
    command = (DEPLOY / "petition").read_text().replace(DOCUMENTED, _program())
    place.write("/usr/local/bin/petition", command, 0o755)


def _site(place: Place, asked: Answers) -> None:
    if not place.path(_CHAIN).exists():
        key, chain = own_certificate(asked.host)
        place.write(_KEY, key, 0o600)
        place.write(_CHAIN, chain, 0o644)
    text = with_tls((DEPLOY / "nginx.conf").read_text(), asked.host)
    if asked.database == SERVER:
        text = text.replace(_WEB, _WEB + _WEB.replace("8000", "8001"))
    site = place.write("/etc/nginx/sites-available/petition", text, 0o644)
    # Debian's package does not make it.
    place.path("/var/cache/nginx").mkdir(parents=True, exist_ok=True)
    enabled = place.path("/etc/nginx/sites-enabled")
    enabled.mkdir(parents=True, exist_ok=True)
    (enabled / "default").unlink(missing_ok=True)
    (enabled / "petition").unlink(missing_ok=True)
    (enabled / "petition").symlink_to(site)
    main = place.path("/etc/nginx/nginx.conf")
    if main.exists():
        main.write_text(re.sub(r"worker_connections +\d+;", "worker_connections 4096;", main.read_text()))
    place.run("nginx", "-t", "-q")


def with_tls(text: str, host: str) -> str:
    """The documented site file for a name, with its lines about TLS in force: everything in clear leads to https."""
    text = re.sub(r"(?m)^( *)# ((?:listen|ssl_)\S* .*;)$", r"\1\2", text)
    before, mark, after = text.rpartition("\nserver {\n")
    # The block that leads to https, and then the site itself, which listens in clear no more.
    before = re.sub(r"(?ms)^# server \{\n.*?^# \}\n", lambda found: re.sub(r"(?m)^# ?", "", found[0]), before)
    after = re.sub(r"(?m)^ +listen (?:\[::\]:)?80;\n", "", after)
    return (before + mark + after).replace("example.org", host)


def own_certificate(host: str) -> tuple[bytes, bytes]:
    """A key and a certificate of its own for a name, which no browser believes: until there is a real one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    now = db.now()
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain), made.public_bytes(pem)


def _database(place: Place, asked: Answers) -> None:
    if asked.database == SERVER:
        place.run("runuser", "-u", "postgres", "--", "createuser", ACCOUNT, must=False)
        made = ("createdb", f"--owner={ACCOUNT}", "--encoding=UTF8", "--template=template0", "petition")
        place.run("runuser", "-u", "postgres", "--", *made, must=False)


def _first(place: Place, environment: Mapping[str, str], asked: Answers) -> str:
    """The tables, and the address at which the first account chooses its password."""
    if asked.database == SERVER and not place.is_real:
        return ""
    _as_the_site(place, environment, "migrate")
    return _as_the_site(place, environment, "account", "invite", asked.organiser, "--admin").strip()


def _as_the_site(place: Place, environment: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-m", "petition", *words], env={**environment, "PATH": "/usr/bin:/bin"},
        cwd=_HERE.parent, user=ACCOUNT if place.is_real else None,
        group=ACCOUNT if place.is_real else None, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise Refused(f"`petition {words[0]}` failed: {done.stderr.strip()}")
    return done.stdout


def _start(place: Place, asked: Answers) -> None:
    if not Path("/run/systemd/system").exists():
        return
    place.run("systemctl", "daemon-reload")
    place.run("systemctl", "enable", "--now", *STARTED[asked.database], "petition-backup.timer")
    place.run("systemctl", "reload-or-restart", "nginx")


def _tell(place: Place, asked: Answers, invitation: str) -> None:
    click.echo(f"\nThe site is set up: https://{asked.host}/")
    click.echo(invitation or "Invite the first account: petition account invite ADDRESS --admin")
    if not (place.is_real and Path("/run/systemd/system").exists()):
        started = " ".join((*STARTED[asked.database], "petition-backup.timer"))
        click.echo(f"\nsystemd does not run here. Start it yourself: systemctl enable --now {started}")
    click.echo(f"""
What is left to do:
  1. Copy the key ring to a place of its own: install -m 600 /etc/petition/keys/keys.json /media/stick/{BACK_UP}
  2. Try the mail server: petition letter test {asked.organiser}
  3. Get a certificate that browsers believe, and put it in the place of ours:
       certbot certonly --webroot -w /var/www/petition -d {asked.host} --deploy-hook 'systemctl reload nginx'
       ln -sf /etc/letsencrypt/live/{asked.host}/fullchain.pem {_CHAIN}
       ln -sf /etc/letsencrypt/live/{asked.host}/privkey.pem {_KEY}
       systemctl reload nginx
  4. Have another machine fetch /var/backups/petition every night: docs/backup.md.""")
