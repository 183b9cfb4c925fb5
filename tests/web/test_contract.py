"""Whatever the contract allows to be asked is answered as it says, and what it does not allow is refused (S62).

Schemathesis makes up the questions. It runs here as a library: its plugin would slow every other test's start down.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as effort
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from petition import running
from petition.base import db
from tests.cast import Cast
from tests.web.figures import ROOT

QUESTIONS = 40


def _site(cast: Cast) -> dict[str, list[Any]]:
    """One of each state, and what to put into an address so that something is there, or was."""
    cast.campaign()
    cast.campaign("draft", publish=False)
    cast.campaign("withdrawn")
    running.withdraw(cast.row("withdrawn"), "a test")
    cast.campaign("old-name")
    running.rename(cast.row("old-name"), "new-name", "a test")
    for place in range(3):
        cast.article(f"news-{place}")
        cast.event(f"ahead-{place}")
        cast.event(f"over-{place}", starts_at=db.now() - timedelta(days=3), ends_at=None)
    db.session.commit()
    return {"slug": ["canteen", "draft", "withdrawn", "old-name", "new-name"], "row": [1, 2, 3, 4, 5]}


def test_every_question_that_the_contract_allows_is_answered_as_it_says(make_app: Callable[..., Flask]) -> None:
    """Made-up addresses, half of them of something that is there; wrong methods; words that are no slugs."""
    app = make_app(api_limit=1_000_000)
    with app.app_context():
        there = _site(Cast(app))
        db.session.remove()
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}/openapi.json", app)
    asked, dice = 0, random.Random(7)
    for found in schema.get_all_operations():
        operation = found.ok()

        @seed(7)
        @effort(
            max_examples=QUESTIONS,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=st.one_of(operation.as_strategy(), *_negative(operation)))
        def ask(case: schemathesis.Case) -> None:
            nonlocal asked
            asked += 1
            for name in case.path_parameters or {}:
                if dice.random() < 0.5:
                    case.path_parameters[name] = dice.choice(there[name])
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        ask()
    assert asked > 100


def _negative(operation: Any) -> list[Any]:
    """What the contract does not allow, where an address can say it at all."""
    if not operation.path_parameters:
        return []
    return [operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)]
