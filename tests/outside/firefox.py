"""Debian's Firefox, driven by its own protocol (Marionette: words with their length in front, on a local port), for
nothing else on a bare machine can: Playwright wants its own build, geckodriver is not packaged."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cast import free_port

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
TAB, ENTER = "\ue004", "\ue007"
#: Third-party cookies are refused altogether, and it asks nobody by itself.
QUIET = {
    "network.cookie.cookieBehavior": 1, "app.update.enabled": False, "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False, "toolkit.telemetry.enabled": False,
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "browser.safebrowsing.malware.enabled": False, "browser.safebrowsing.phishing.enabled": False,
    "extensions.update.enabled": False, "browser.aboutwelcome.enabled": False, "services.settings.server": "",
    "accessibility.tabfocus": 7,
}  # fmt: skip
PATIENCE = 30


class Refused(Exception):
    """Firefox could not do what it was asked; the first argument is the protocol's name for it."""


class Firefox:
    """One window. Elements are the protocol's references."""

    def __init__(self, port: int) -> None:
        self.wire = _connected(port)
        self._number = 0
        self._heard()
        self("WebDriver:NewSession", capabilities={"alwaysMatch": {"pageLoadStrategy": "normal"}})

    def __call__(self, command: str, **given: Any) -> Any:
        """Send a command; its value."""
        self._number += 1
        said = json.dumps([0, self._number, command, given]).encode()
        self.wire.sendall(b"%d:%b" % (len(said), said))
        _kind, number, error, result = self._heard()
        assert number == self._number
        if error:
            raise Refused(error["error"], error["message"])
        return result.get("value") if isinstance(result, dict) and result.keys() == {"value"} else result

    def _heard(self) -> Any:
        length = b""
        while (one := self.wire.recv(1)) != b":":
            assert one, "Firefox has gone"
            length += one
        said = b""
        while len(said) < int(length):
            said += self.wire.recv(int(length) - len(said))
        return json.loads(said)

    def open(self, url: str) -> None:
        """Open a page in the window, out of all frames."""
        self("WebDriver:Navigate", url=url)

    def all(self, selector: str) -> list[str]:
        """The elements of the page or the frame that is entered."""
        found = self("WebDriver:FindElements", using="css selector", value=selector)
        return [one[_ELEMENT] for one in found]

    def one(self, selector: str) -> str:
        """The first, once it is there."""
        return until(lambda: self.all(selector))[0]

    def text(self, selector: str) -> str:
        """What the first says."""
        return str(self("WebDriver:GetElementText", id=self.one(selector)))

    def click(self, selector: str) -> None:
        """Press the first."""
        self("WebDriver:ElementClick", id=self.one(selector))

    def type(self, selector: str, words: str) -> None:
        """Type into the first."""
        self("WebDriver:ElementSendKeys", id=self.one(selector), text=words)

    def keys(self, words: str) -> None:
        """Press keys, wherever the focus is."""
        pressed = [{"type": kind, "value": one} for one in words for kind in ("keyDown", "keyUp")]
        self("WebDriver:PerformActions", actions=[{"type": "key", "id": "keys", "actions": pressed}])

    def focused(self, said: str = "name") -> str:
        """A property of what has the focus."""
        found = self("WebDriver:GetActiveElement")
        return str(self("WebDriver:GetElementProperty", id=found[_ELEMENT], name=said))

    def height(self, place: int = 0) -> float:
        """How high a frame of the page stands."""
        return float(self("WebDriver:GetElementRect", id=self.all("iframe")[place])["height"])

    def shown(self, selector: str) -> bool:
        """Whether the first can be seen."""
        return bool(self("WebDriver:IsElementDisplayed", id=self.one(selector)))

    def run(self, script: str) -> Any:
        """What a script says in the page or the frame that is entered; not where scripts are off."""
        return self("WebDriver:ExecuteScript", script=script, args=[])

    def go_out(self) -> None:
        """Out of all frames."""
        self("WebDriver:SwitchToFrame", id=None)

    @contextmanager
    def frame(self, place: int = 0) -> Iterator[None]:
        """Within one of the page's frames."""
        until(lambda: len(self.all("iframe")) > place)
        self("WebDriver:SwitchToFrame", element=self.all("iframe")[place])
        yield
        self.go_out()


def until(ready: Callable[[], Any]) -> Any:
    """Wait for something to come true; what it then is."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = ready()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came")


def _connected(port: int) -> socket.socket:
    end = time.monotonic() + 2 * PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=2 * PATIENCE)
        except OSError:
            assert time.monotonic() < end, "Firefox does not start"
            time.sleep(0.1)


@contextmanager
def running(folder: Path, **preferences: bool | int | str) -> Iterator[Firefox]:
    """A fresh Firefox without a screen, with preferences in which `__` stands for a dot."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox is not installed (Debian: apt install firefox-esr)")
    port = free_port()
    kept = QUIET | {"marionette.port": port} | {name.replace("__", "."): value for name, value in preferences.items()}
    profile, home = folder / "profile", folder / "home"
    profile.mkdir(parents=True)
    home.mkdir()
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in kept.items())
    (profile / "user.js").write_text("".join(lines))
    command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"HOME": str(home)}
    )
    try:
        started = Firefox(port)
        with started.wire:
            yield started
    finally:
        process.terminate()
        process.wait(30)
