"""The documented nginx in front of a house; without its wall, for here everybody comes from one address."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cast import free_port
from tests.chaos.house import House, until
from tests.web.test_nginx import CONF, answers, main_file

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None and not os.environ.get("CI"), reason="there is no nginx on this machine")
#: What a house must be told that stands behind it.
BEHIND = {"PROXIES": "1"}


@contextmanager
def front(at: House) -> Iterator[tuple[str, int]]:
    """The address under which nginx answers for all web servers of a house. Its times are those of the file."""
    assert NGINX, "CI installs nginx"
    folder, port = at.folder / "nginx", free_port()
    folder.mkdir()
    config = folder / "nginx.conf"
    config.write_text(main_file(folder, _adapted(folder, port, [at.ports[name] for name in at.webs])))
    with (at.folder / "logs" / "nginx.log").open("ab") as log:
        process = subprocess.Popen([NGINX, "-p", folder, "-c", config], stdout=log, stderr=log)
    try:
        until(lambda: answers(port), what="nginx does not answer")
        yield "127.0.0.1", port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _adapted(folder: Path, port: int, behind: list[int]) -> str:
    """The documented file with the ports, the name and the paths of a test."""
    text = re.sub(r"(?m)^    listen \[::\]:80.*$", "", CONF.read_text())
    text = re.sub(r"(?m)^    listen 80", f"    listen 127.0.0.1:{port}", text)
    text = text.replace("server_name example.org;", "server_name localhost;")
    text, places = re.subn(
        r"    server 127\.0\.0\.1:8000(.*);",
        lambda found: "\n".join(f"    server 127.0.0.1:{one}{found[1]};" for one in behind),
        text,
    )
    assert places == 1
    text = text.replace("/var/log/nginx/petition.", f"{folder}/")
    text = text.replace("/var/cache/nginx/petition", f"{folder}/cache")
    text = re.sub(r"limit_conn petition_addresses \d+", "limit_conn petition_addresses 10000", text)
    text, rates = re.subn(r"rate=\d+r/s", "rate=1000000r/s", text)
    assert rates == 2
    text, limits = re.subn(r"limit_conn petition_addresses \d+;", "limit_conn petition_addresses 60000;", text)
    assert limits == 1
    return text
