"""`petition setup`, as far as it goes without systemd: into a folder that stands for the machine."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from petition.base import settings
from petition.cli import main
from petition.cli.setup import DEPLOY
from tests.cast import free_port
from tests.web.test_nginx import NGINX, answers, main_file, until

ASKED = {
    "host": "petition.localhost", "name": "L'Écho d\"u $PORT", "organiser": "olga@example.org",
    "smtp-url": "smtp://letters:p%40ss@mail.example.org:587", "mail-from": "letters@example.org", "database": "sqlite",
}  # fmt: skip
ROOT = Path(__file__).parents[2]


def set_up(root: Path, **changes: str) -> Result:
    """The command, with everything answered in the line."""
    asked = ASKED | {name.replace("_", "-"): value for name, value in changes.items()}
    words = [word for name, value in asked.items() for word in (f"--{name}", value)]
    return CliRunner().invoke(main, ["setup", "--root", str(root), *words])


def environment(root: Path) -> dict[str, str]:
    """The settings as a shell reads them."""
    file = root / "etc" / "petition" / "environment"
    script = f"set -a; . '{file}'; '{sys.executable}' -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    done = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True, env={"PATH": "/bin"})
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A machine that was set up, and what was said."""
    root = tmp_path_factory.mktemp("machine")
    typed = "\n".join([*ASKED.values(), ""])
    result = CliRunner().invoke(main, ["setup", "--root", str(root)], input=typed)
    assert result.exit_code == 0, result.output
    return root, result.output


def test_a_handful_of_questions_leaves_settings_keys_units_and_a_first_account(machine: tuple[Path, str]) -> None:
    root, said = machine
    read = settings.read(environment(root))
    assert (read.site_name, read.base_url, read.proxies) == (ASKED["name"], "https://petition.localhost", 1)
    assert read.smtp_url is not None
    assert read.smtp_url.password == "p@ss"
    assert read.keys_file.stat().st_mode & 0o777 == 0o600
    assert (root / "etc/petition/environment").stat().st_mode & 0o777 == 0o640
    units = sorted(one.name for one in (root / "etc/systemd/system").iterdir())
    assert units == ["petition-backup.service", "petition-backup.timer", "petition.service"]
    assert re.search(r"https://petition.localhost/desk/welcome/\S+", said)
    for word in (
        "keys/keys.json /media/stick/",
        "petition letter test olga@example.org",
        "certbot certonly",
        "petition.service",
    ):
        assert word in said


def test_the_site_that_was_set_up_answers_by_https_with_a_certificate_of_its_own(machine: tuple[Path, str]) -> None:
    """With nginx in front, the invitation's page included, and everything in clear led to https."""
    if NGINX is None and not os.environ.get("CI"):
        pytest.skip("there is no nginx on this machine")
    assert NGINX
    root, said = machine
    clear, secure, behind = free_port(), free_port(), free_port()
    text = (root / "etc/nginx/sites-enabled/petition").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    for name in ("/etc/petition", "/var/log/nginx", "/var/cache/nginx", "/var/www"):
        (root / name.lstrip("/")).mkdir(parents=True, exist_ok=True)
        text = text.replace(name, f"{root}{name}")
    text = re.sub(r"(?m)^ *listen \[::\].*$", "", text)
    text = text.replace("listen 80", f"listen 127.0.0.1:{clear}").replace("listen 443", f"listen 127.0.0.1:{secure}")
    (root / "nginx.conf").write_text(main_file(root, text))
    served = subprocess.Popen(
        [sys.executable, "-m", "petition", "run", "--web-only"], cwd=ROOT, start_new_session=True,
        env={**os.environ, **environment(root), "PORT": str(behind), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    nginx = subprocess.Popen([NGINX, "-p", str(root), "-c", str(root / "nginx.conf")])
    try:
        until(lambda: answers(secure) and answers(behind))
        trusted = ssl.create_default_context(cafile=str(root / "etc/petition/tls/chain.pem"))
        welcome = re.findall(r"https://petition.localhost(/desk/welcome/\S+)", said)[0]
        for path in ("/en/", welcome):
            with socket.create_connection(("127.0.0.1", secure), timeout=10) as plain:
                sealed = trusted.wrap_socket(plain, server_hostname="petition.localhost")
                assert ask(sealed, path).status == 200
                sealed.close()
        with socket.create_connection(("127.0.0.1", clear), timeout=10) as plain:
            led = ask(plain, "/en/")
        assert (led.status, led.headers["Location"]) == (301, "https://petition.localhost/en/")
    finally:
        nginx.terminate()
        served.send_signal(signal.SIGINT)
        assert (nginx.wait(20), served.wait(20)) == (0, 0)


def ask(over: socket.socket, path: str) -> http.client.HTTPResponse:
    """The head of an answer to a request sent down a connection."""
    over.sendall(f"GET {path} HTTP/1.1\r\nHost: petition.localhost\r\nConnection: close\r\n\r\n".encode())
    answer = http.client.HTTPResponse(over)
    answer.begin()
    answer.close()
    return answer


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze on this machine")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    """It looks whether the program is there as well, so a real one stands in its place."""
    units = []
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text().replace("/opt/petition/.venv/bin/petition", "/bin/true")
        units.append(tmp_path / unit.name.replace("@.", "@8000."))
        units[-1].write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, units)], check=False, capture_output=True, text=True
    )
    mine = [line for line in done.stderr.splitlines() if "petition" in line]
    assert mine == []


def test_several_processes_on_a_server_s_database_get_units_of_their_own(tmp_path: Path) -> None:
    result = set_up(tmp_path, database="postgresql")
    assert result.exit_code == 0, result.output
    units = {one.name for one in (tmp_path / "etc/systemd/system").iterdir()}
    assert units >= {"petition-web@.service", "petition-worker@.service"}
    assert settings.read(environment(tmp_path)).database_file is None
    site = (tmp_path / "etc/nginx/sites-enabled/petition").read_text()
    behind = re.findall(r"server (127\.0\.0\.1:\d+) max_fails", site)
    assert behind == ["127.0.0.1:8000", "127.0.0.1:8001"]
    assert "petition-web@8000.service petition-web@8001.service" in result.output
    assert "petition-worker@2.service" in result.output


@pytest.mark.parametrize(
    ("name", "value"),
    [("host", "no name"), ("host", "localhost/x"), ("smtp_url", "mail.example.org"), ("mail_from", "nobody"),
     ("organiser", "nobody"), ("name", "")],
)  # fmt: skip
def test_an_answer_that_makes_no_sense_leaves_nothing_behind(tmp_path: Path, name: str, value: str) -> None:
    result = set_up(tmp_path, **{name: value})
    assert result.exit_code == 2, result.output
    assert list(tmp_path.iterdir()) == []


def test_a_machine_is_set_up_once(tmp_path: Path) -> None:
    (tmp_path / "etc/petition").mkdir(parents=True)
    (tmp_path / "etc/petition/environment").touch()
    result = set_up(tmp_path)
    assert result.exit_code == 2
    assert "set up already" in result.stderr


def test_the_documented_settings_of_a_server_are_known_to_it(postgresql_server: str) -> None:
    """deploy/postgresql.conf: no word of it is mistyped; and what guards people's words stands in it."""
    import psycopg

    lines = re.findall(r"(?m)^(\w+) = (\S+)$", (DEPLOY / "postgresql.conf").read_text())
    with psycopg.connect(postgresql_server) as connection:
        rows = connection.execute("SELECT name, vartype, enumvals FROM pg_settings").fetchall()
    known = {name: (kind, values) for name, kind, values in rows}
    for name, value in lines:
        kind, values = known[name]
        assert kind != "enum" or value in values, name
        assert kind != "bool" or value in ("on", "off"), name
    wanted = {"synchronous_commit": "on", "log_statement": "none", "log_parameter_max_length_on_error": "0"}
    assert wanted.items() <= dict(lines).items()
