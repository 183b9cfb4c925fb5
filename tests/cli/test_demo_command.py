"""The demo by its command."""

from petition import register
from tests.cast import Cast
from tests.cli.conftest import Petition


def test_the_demo_is_loaded_once(petition: Petition, cast: Cast) -> None:
    first = petition("demo")
    assert (first.exit_code, first.stderr) == (0, "")
    assert register.total(cast.reading("bring-the-corvane-crew-home").id) == 1500
    again = petition("demo")
    assert (again.exit_code, again.stdout) == (0, "The demo is loaded already; nothing changed.\n")
    assert petition("register", "check").stdout == "All agree, in 3 campaigns.\n"


def test_the_demo_refuses_a_site_with_campaigns_of_its_own(petition: Petition, cast: Cast) -> None:
    cast.campaign("canteen")
    result = petition("demo")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "canteen" in result.stderr
