"""Routes whose addresses are written only once somebody wants one."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class Route(Rule):
    """A rule that compiles the way to write its address when it is first written.

    Werkzeug does so for every rule at the start, twice: a seventh of the time that a process takes to be there, most of
    it for addresses that it never writes.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        made: list[Callable[..., tuple[str, str]]] = []
        compiled = super()._compile_builder

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            # Two threads may both compile it, to the same effect.
            if not made:
                made.append(compiled(append_unknown))
            return made[0](rule, **values)

        return build
