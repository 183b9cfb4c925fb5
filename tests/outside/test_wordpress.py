"""A campaign in a real WordPress, as Debian packages it: `make outside`, not in CI.

Needs wordpress, php-cli, php-mysql and mariadb-server-core on the machine, whose services are not used: everything runs
from a folder of the test. OUTSIDE_ROOT names a folder into which the packages were only unpacked, OUTSIDE_PHP the
command for PHP with its extensions.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from petition.base import db
from tests.browser.conftest import browser, site
from tests.browser.site import GARDEN, Site
from tests.browser.test_embeds import fill, fits, strict, until
from tests.cast import free_port

__all__ = ["browser", "site", "strict"]

ROOT = Path(os.environ.get("OUTSIDE_ROOT", "/"))
PHP = shlex.split(os.environ.get("OUTSIDE_PHP", "php"))
SOURCE, SERVER = ROOT / "usr/share/wordpress", ROOT / "usr/sbin/mariadbd"
PLUGIN = Path(__file__).parents[2] / "contrib" / "wordpress" / "petition-embed.php"
pytestmark = pytest.mark.skipif(
    not (SOURCE.is_dir() and SERVER.exists() and shutil.which(PHP[0])),
    reason="there is no WordPress here (Debian: apt install wordpress php-cli php-mysql mariadb-server-core)",
)
CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{folder}/mysql.sock'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', '{url}'); define('WP_SITEURL', '{url}'); define('AUTOMATIC_UPDATER_DISABLED', true);
define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true); define('WP_ACCESSIBLE_HOSTS', 'localhost');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $one) {{ define($one . '_KEY', $one); define($one . '_SALT', $one); }}
$table_prefix = 'wp_'; define('WP_CONTENT_DIR', '{folder}/site/wp-content');
if (!defined('ABSPATH')) define('ABSPATH', '{folder}/site/');
require_once ABSPATH . 'wp-settings.php';
"""  # noqa: E501
#: WordPress asks nobody on this machine, nor at odd ports; here everybody is.
LOCAL = """<?php
add_filter('http_request_host_is_external', '__return_true');
add_filter('http_allowed_safe_ports', function () { return [%d]; });
"""
THEME = """<?php ?><!doctype html><html lang="en"><head><title>WordPress</title><?php wp_head(); ?></head><body>
<?php while (have_posts()) { the_post(); the_content(); } wp_footer(); ?></body></html>
"""
INSTALL = """<?php
define('WP_INSTALLING', true);
require '%s/site/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('A union', 'admin', 'admin@example.org', false, '', 'password');
switch_theme('bare');
"""
#: Whoever writes here has no right to paste HTML: WordPress strips frames and scripts from what they type.
WRITE = """<?php
require '%s/site/wp-load.php';
require ABSPATH . 'wp-admin/includes/plugin.php';
$author = get_user_by('login', 'writer');
$id = $author ? $author->ID : wp_insert_user(['user_login' => 'writer', 'user_pass' => 'x', 'role' => 'author']);
wp_set_current_user($id);
kses_init();
if (current_user_can('unfiltered_html')) exit(1);
foreach (json_decode($argv[1]) as $name => $content) {
    $made = wp_insert_post(['post_title' => $name, 'post_content' => wp_slash($content), 'post_status' => 'publish',
                            'post_author' => $id]);
    echo $name, ' ', $made, "\\n";
}
"""
ACTIVATE = """<?php
require '%s/site/wp-load.php';
require ABSPATH . 'wp-admin/includes/plugin.php';
update_option('petition_embed_site', '%s');
$wrong = activate_plugin('petition-embed.php');
if (is_wp_error($wrong)) { echo $wrong->get_error_message(); exit(1); }
"""


@dataclass
class WordPress:
    """A WordPress that is served."""

    url: str
    folder: Path

    def run(self, script: str, *given: str) -> str:
        """Run a script of PHP within it."""
        (self.folder / "script.php").write_text(script)
        command = [*PHP, str(self.folder / "script.php"), *given]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def write(self, **posts: str) -> dict[str, str]:
        """Posts by somebody who may not paste HTML; their addresses."""
        said = self.run(WRITE % self.folder, json.dumps(posts))
        return {name: f"{self.url}/?p={number}" for name, number in (line.split() for line in said.splitlines())}


@pytest.fixture(scope="module")
def wordpress(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPress]:
    """A fresh one, with a database of its own behind a socket."""
    folder, port = tmp_path_factory.mktemp("wp"), free_port()
    url = f"http://127.0.0.1:{port}"
    shutil.copytree(SOURCE, folder / "site", ignore_dangling_symlinks=True,
                    ignore=shutil.ignore_patterns("wp-config.php", ".htaccess"))  # fmt: skip
    content = folder / "site" / "wp-content"
    for name in ("themes/bare", "plugins", "mu-plugins"):
        (content / name).mkdir(parents=True, exist_ok=True)
    (folder / "site/wp-config.php").write_text(CONFIG.format(folder=folder, url=url))
    (content / "mu-plugins/local.php").write_text(LOCAL % site.settings.port)
    (content / "themes/bare/index.php").write_text(THEME)
    (content / "themes/bare/style.css").write_text("/*\nTheme Name: bare\n*/\n")
    shutil.copy(PLUGIN, content / "plugins")
    with _database(folder), _served(folder, port):
        made = WordPress(url, folder)
        made.run(INSTALL % folder)
        yield made


class _Running:
    """A program that runs until the block ends."""

    def __init__(self, command: list[str], **more: object) -> None:
        self.command, self.more = command, more

    def __enter__(self) -> None:
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **self.more
        )  # type: ignore[call-overload]

    def __exit__(self, *_error: object) -> None:
        # PHP's server has workers of its own, which it leaves behind.
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(30)


def _database(folder: Path) -> _Running:
    (folder / "data").mkdir()
    own = [f"--basedir={ROOT / 'usr'}", f"--datadir={folder / 'data'}", f"--lc-messages-dir={ROOT / 'usr/share/mysql'}"]
    own += ["--user=root"] if os.geteuid() == 0 else []
    start = ROOT / "usr/share/mysql"
    said = "CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\n"
    said += "".join((start / name).read_text() for name in ("mysql_system_tables.sql", "mysql_system_tables_data.sql"))
    bootstrap = [str(SERVER), "--no-defaults", *own, "--bootstrap", "--skip-grant-tables"]
    subprocess.run(bootstrap, input=said + "\nCREATE DATABASE wordpress;\n", text=True, check=True, capture_output=True,
                   timeout=120)  # fmt: skip
    command = [str(SERVER), "--no-defaults", *own, "--skip-grant-tables", "--skip-networking",
               f"--socket={folder}/mysql.sock", f"--pid-file={folder}/mysql.pid"]  # fmt: skip
    return _Running(command)


def _served(folder: Path, port: int) -> _Running:
    end = time.monotonic() + 60
    while not (folder / "mysql.sock").exists():
        assert time.monotonic() < end, "the database does not start"
        time.sleep(0.1)
    command = [*PHP, "-S", f"127.0.0.1:{port}", "-t", str(folder / "site")]
    return _Running(command, env=os.environ | {"PHP_CLI_SERVER_WORKERS": "4"})


def _open(url: str) -> str:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def test_an_address_pasted_into_wordpress_becomes_the_card_and_its_button_leads_to_the_campaign(
    wordpress: WordPress, site: Site, strict: Browser
) -> None:
    """Without our plugin: found by the discovery link, put into `sandbox="allow-scripts"`."""
    post = wordpress.write(pasted=f"Sign:\n\n{site.url}/en/campaigns/{GARDEN}\n\nThank you.")["pasted"]
    assert 'sandbox="allow-scripts"' in _open(post)
    page = strict.new_page()
    page.goto(post)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("link", name="Read and sign")).to_be_visible()
    assert frame.locator("form").count() == 0
    until(page, lambda: 200 <= (page.locator("iframe").bounding_box() or {"height": 0})["height"] < 600)
    with page.expect_navigation(url=f"{site.url}/en/campaigns/{GARDEN}"):
        frame.get_by_role("link", name="Read and sign").click()
    page.close()


def test_with_the_plugin_the_form_itself_stands_in_a_post_of_somebody_who_may_not_paste_html(
    wordpress: WordPress, site: Site, strict: Browser
) -> None:
    """By the pasted address, the shortcode and the block; one signs in the post."""
    address = f"{site.url}/en/campaigns/{GARDEN}"
    wordpress.run(ACTIVATE % (wordpress.folder, site.url))
    posts = wordpress.write(
        address=f"Sign:\n\n{address}\n",
        shortcode=f'[petition url="{address}" size="compact" theme="dark" colour="#1f4f7a" title="Sign &lt;here&gt;"]',
        block=f'<!-- wp:petition/embed {{"url":"{address}","text":"none"}} /-->',
        foreign='[petition url="https://evil.example/en/campaigns/x"] [petition url="javascript:alert(1)"]',
    )
    looks = {"address": "", "shortcode": "/compact-dark-1f4f7a", "block": "/notext"}
    page = strict.new_page()
    for name, look in looks.items():
        page.goto(posts[name])
        until(page, lambda: fits(page))
        assert page.locator("iframe").get_attribute("src") == f"{site.url}/embed/en/campaigns/{GARDEN}{look}"
        assert page.locator("iframe").get_attribute("sandbox") is None
    frame = page.frame_locator("iframe")
    fill(frame, "wordpress@example.org")
    frame.locator("form button").click()
    expect(frame.locator("h1")).to_have_text("Check your inbox")
    assert site.letter("wordpress@example.org")
    assert "data-petition" not in _open(posts["foreign"])
    assert "evil.example" not in _open(posts["foreign"]).replace("[petition", "")
    page.close()


def test_somebody_who_may_not_paste_html_places_the_block_in_wordpress_editor(
    wordpress: WordPress, site: Site, strict: Browser
) -> None:
    """From the slash to the published post, in which the form stands as the editor showed it, with a partner's box."""
    with site.app.app_context():
        site.cast.partner(slug=GARDEN, sites=(wordpress.url,))
        db.session.remove()
    wordpress.run(ACTIVATE % (wordpress.folder, site.url))
    wordpress.write(first="So that there is a writer.")
    page = strict.new_page()
    page.goto(f"{wordpress.url}/wp-login.php")
    page.fill("#user_login", "writer")
    page.fill("#user_pass", "x")
    page.click("#wp-submit")
    page.goto(f"{wordpress.url}/wp-admin/post-new.php")
    page.get_by_role("button", name="Close dialog").click()
    page.get_by_role("textbox", name="Add title").fill("Sign here")
    page.get_by_role("textbox", name="Add title").press("Enter")
    page.keyboard.type("/petition")
    page.get_by_role("option", name="Petition").wait_for()
    page.keyboard.press("Enter")
    block = page.get_by_role("document", name="Block: Petition")
    block.get_by_label("Address of the campaign").fill("https://elsewhere.example/en/campaigns/x")
    expect(block.get_by_text("This is no campaign of the site")).to_be_visible()
    block.get_by_label("Address of the campaign").fill(f"{site.url}/en/campaigns/{GARDEN}")
    expect(block.frame_locator("iframe").locator("form")).to_be_visible()
    page.get_by_label("Fold the text up").check()
    page.get_by_label("Light or dark").select_option("dark")
    page.get_by_label("Key of your site").fill("dockers")
    look = f"{site.url}/embed/en/campaigns/{GARDEN}/compact-dark-by.dockers"
    expect(block.locator("iframe")).to_have_attribute("src", look)
    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_label("Editor publish").get_by_role("button", name="Publish", exact=True).click()
    page.get_by_label("Editor publish").get_by_role("link", name="View Post").click()
    until(page, lambda: page.locator("iframe").count() == 1 and fits(page))
    assert page.locator("iframe").get_attribute("src") == look
    box = page.frame_locator("iframe").get_by_label("The Dockers’ Union may write to me.")
    expect(box).not_to_be_checked()
    page.close()
