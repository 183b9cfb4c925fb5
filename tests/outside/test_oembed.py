"""A pasted address as foreign programs resolve it: two consumers of oEmbed from PyPI, of our making neither. They are
fetched into a folder of the test: `make outside`, not in CI.

pyoembed finds the endpoint by the link in the campaign's page, as WordPress, Ghost and Discourse do, and checks the
answer; micawber is told the endpoint, as sites are that keep a list of those they trust.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from petition import framing
from petition.base import db
from petition.framing import NOWHERE, Allowed
from tests.browser.conftest import site
from tests.browser.site import GARDEN, Site

__all__ = ["site"]
CONSUMERS = ("pyoembed==0.1.2", "micawber==0.8.0")
DISCOVER = "pyoembed.oEmbed(given['url'], given.get('width'), given.get('height'))"
TRUSTED = "micawber.Provider(given['endpoint']).request(given['url'], maxwidth=given['width'], maxheight=900)"
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Asks a consumer, in a process of its own, which has nothing of ours."""
    folder = tmp_path_factory.mktemp("consumers")
    fetch = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(folder)]
    if subprocess.run([*fetch, *CONSUMERS], check=False, capture_output=True, timeout=200).returncode:
        pytest.skip(f"These packages cannot be fetched here: {', '.join(CONSUMERS)}")

    def asked(said: str, **given: Any) -> Any:
        script = f"import json, sys, micawber, pyoembed\ngiven = json.loads(sys.argv[1])\nprint(json.dumps({said}))"
        done = subprocess.run(
            [sys.executable, "-c", script, json.dumps(given)], check=False, capture_output=True, text=True, timeout=60,
            env=os.environ | {"PYTHONPATH": str(folder)}, cwd=Path(folder),
        )  # fmt: skip
        if done.returncode:
            raise LookupError(done.stderr.strip().splitlines()[-1])
        return json.loads(done.stdout)

    return asked


def test_a_consumer_finds_the_frame_by_the_link_in_the_campaigns_page(ask: Ask, site: Site) -> None:
    url = f"{site.url}/en/campaigns/{GARDEN}"
    found = ask(DISCOVER, url=url, width=400, height=500)
    assert (found["type"], found["version"]) == ("rich", "1.0")
    assert found["width"] <= 400
    assert found["height"] <= 500
    assert f'src="{site.url}/embed/en/campaigns/{GARDEN}/compact"' in found["html"]
    assert found["title"]
    assert found["provider_url"].startswith(site.url)


def test_a_consumer_that_trusts_us_gets_the_same_from_the_endpoint(ask: Ask, site: Site) -> None:
    url = f"{site.url}/es/campaigns/{GARDEN}"
    found = ask(TRUSTED, url=url, endpoint=f"{site.url}/embed/oembed", width=400)
    assert f'src="{site.url}/embed/es/campaigns/{GARDEN}"' in found["html"]
    assert found == ask(DISCOVER, url=url, width=400) | {"url": url}


def test_a_consumer_gets_a_link_where_no_frame_is_allowed_and_nothing_where_nothing_is(ask: Ask, site: Site) -> None:
    with site.app.app_context():
        framing.allow(site.cast.row("soon"), Allowed(NOWHERE), "a test")
        db.session.commit()
        db.session.remove()
    found = ask(DISCOVER, url=f"{site.url}/en/campaigns/soon")
    assert (found["type"], "html" in found) == ("link", False)
    with pytest.raises(LookupError, match="auto-discover"):
        ask(DISCOVER, url=f"{site.url}/en/campaigns/none")
    with pytest.raises(LookupError, match="HTTP 404"):
        ask(TRUSTED, url=f"{site.url}/en/campaigns/none", endpoint=f"{site.url}/embed/oembed", width=400)
