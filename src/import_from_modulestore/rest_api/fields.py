"""Fields and requests that take nothing for something else: no unknown names, no ``"yes"`` for a truth value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.fields import empty

from ..errors import InvalidKey


class EnumField(serializers.ChoiceField):
    """One of the words of :mod:`import_from_modulestore.data`."""

    default_error_messages = {"invalid_choice": gettext_lazy("“{input}” is not one of {allowed}.")}

    def __init__(self, enum: type[TextChoices], **kwargs: Any) -> None:
        self.enum = enum
        super().__init__(choices=enum.choices, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """The member of the enumeration."""
        if not isinstance(data, str) or data not in self.enum.values:
            self.fail("invalid_choice", input=data, allowed=", ".join(self.enum.values))
        return self.enum(data)

    def to_representation(self, value: Any) -> Any:
        """Its value."""
        return str(value)


class Text(serializers.CharField):
    """A string, and no number that could be written as one; white space stays."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        """The string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Key(Text):
    """An opaque key, checked by ``parse``."""

    def __init__(self, parse: Callable[[str], Any], **kwargs: Any) -> None:
        self._parse = parse
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The key as a string."""
        text = super().to_internal_value(data)
        try:
            return str(self._parse(text))
        except InvalidKey as error:
            raise serializers.ValidationError(str(error), code="invalid_key") from error


class Truth(serializers.BooleanField):
    """``true`` or ``false``: in a body as JSON has them, in an address as words."""

    default_error_messages = {"invalid": gettext_lazy("This is not true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """The truth value."""
        if isinstance(data, bool):
            return data
        if isinstance(self.root, Query) and data in ("true", "false"):
            return data == "true"
        self.fail("invalid")
        raise AssertionError


class _NothingUnknown(serializers.Serializer):
    unknown = gettext_lazy("There is no such field. There are: {names}.")
    nothing = gettext_lazy("This request takes no fields.")

    def run_validation(self, data: Any = empty) -> Any:
        """Refuse what no field is called, before anything else."""
        if isinstance(data, Mapping):
            known = [name for name, field in self.fields.items() if not field.read_only]
            message = str(self.unknown if known else self.nothing).format(names=", ".join(known))
            unknown = {str(name): [message] for name in data if name not in known}
            if unknown:
                raise serializers.ValidationError(unknown, code="unknown_field")
        return super().run_validation(data)


class Body(_NothingUnknown):
    """The body of a request, or a part of it."""


class Query(_NothingUnknown):
    """The parameters of a request."""

    unknown = gettext_lazy("There is no such parameter. There are: {names}.")
