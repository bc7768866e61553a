"""JSON in, JSON out, and nothing else; but for files, which come in forms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser


class StrictJSONParser(JSONParser):
    """
    JSON as RFC 8259 has it: UTF-8, whatever charset the request names, and no ``NaN``.

    Other than DRF's, it also answers 400 to what nests deeper than Python reads and to halves of surrogate pairs, which
    no answer could repeat.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body as Python's types; raises ``ParseError``."""
        try:
            data = json.loads(stream.read().decode(), parse_constant=_refuse)
            json.dumps(data, ensure_ascii=False).encode()
        except RecursionError as error:
            raise ParseError(_("JSON parse error: it nests too deeply.")) from error
        except ValueError as error:
            raise ParseError(_("JSON parse error: {reason}").format(reason=error)) from error
        return data


class AlwaysJSON(DefaultContentNegotiation):
    """What is rendered is JSON, whatever a client says to accept; files, which are not, come as what they are."""

    def select_renderer(self, request: Any, renderers: Iterable[Any], format_suffix: str | None = None) -> Any:
        """The first renderer."""
        first = next(iter(renderers))
        return first, first.media_type


def _refuse(constant: str) -> None:
    raise ValueError(_("{constant} is not JSON").format(constant=constant))
