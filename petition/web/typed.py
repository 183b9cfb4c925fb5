"""What somebody typed into the form that signs, field by field, without the library that all other forms stand on.

WTForms makes a label, a widget, flags and translations for each field of each request: a seventh of what a signature
costs, for a form that our own templates draw. The checks are the same as everywhere; so is how a template reads it.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from flask import request
from wtforms.validators import StopValidation

from petition.base.mailbox import Mailbox

#: Puts what is cleaned into the field, or raises StopValidation with a sentence.
Check = Callable[[Any, Any], None]


class Field:
    """What was typed into one field; `mailbox` is what an address means once it is checked."""

    __slots__ = ("checks", "data", "errors", "mailbox", "name")

    mailbox: Mailbox

    def __init__(self, name: str, checks: tuple[Check, ...], data: Any) -> None:
        self.name, self.checks, self.data = name, checks, data
        self.errors: list[str] = []

    def validate(self, form: "Form") -> None:
        """Clean it, or say what is wrong with it."""
        try:
            for check in self.checks:
                check(form, self)
        except StopValidation as stopped:
            self.errors = [str(stopped)]


class Form:
    """The fields of a form, each reached as an attribute or by its name."""

    #: Fields for words, with their checks in order.
    words: ClassVar[Mapping[str, tuple[Check, ...]]] = {}
    #: What stands in a field where nothing is given.
    unless_given: ClassVar[Mapping[str, str]] = {}
    #: Fields that are ticked or not.
    ticks: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, posted: bool = True, **given: Any) -> None:
        """With what was posted, or with what is `given` by name."""
        # A plain dictionary takes half the time to make and read, and nothing is there twice (`guards.form_body`).
        self._typed: Mapping[str, Any] = request.form.to_dict() if posted else given
        self._fields: dict[str, Field] = {}
        for name, checks in self.words.items():
            self.add(name, checks)
        for name in self.ticks:
            self._fields[name] = Field(name, (), self._typed.get(name) not in (None, False, "", "false"))

    def add(self, name: str, checks: tuple[Check, ...]) -> None:
        """A field more, with what was typed into it."""
        self._fields[name] = Field(name, checks, self._typed.get(name) or self.unless_given.get(name, ""))

    def __getitem__(self, name: str) -> Field:
        """The field of a name."""
        return self._fields[name]

    def __getattr__(self, name: str) -> Field:
        """The same as an attribute."""
        try:
            return self.__dict__["_fields"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None

    def validate(self) -> bool:
        """Clean all fields; whether nothing is wrong with any."""
        for field in self._fields.values():
            field.validate(self)
        return not self.errors

    @property
    def errors(self) -> dict[str, list[str]]:
        """What is wrong, by the field's name."""
        return {name: field.errors for name, field in self._fields.items() if field.errors}
