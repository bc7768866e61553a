"""
What the database takes for the ID of a container, and which IDs for one and the same.

``openedx_content`` asks for container codes that tell case and accents apart. But its migration 0010 ends with making
their column ``NOT NULL``, for which Django repeats the type and not the collation: MySQL and MariaDB then give it that
of the table, mostly one for which ``Intro`` and ``intro`` are equal, so that a library cannot have both. So the column
is looked up, and its collation asked. Codes of components, names of types and codes of collections are ``utf8mb4_bin``:
they compare as Python does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import batched, chain
from typing import NamedTuple

from django.db import connection
from openedx_content.models_api import Container, LearningPackage

from ..planning import Letters

_BATCH_SIZE = 500
_NUMBERS = r"(_[0-9]+)*$"
_LETTERS = {"utf8mb4": Letters.ANY, "utf8mb3": Letters.BASIC, "utf8": Letters.BASIC}


def letters_of_codes() -> Letters:
    r"""
    The letters that the database takes in codes.

    The constraint that ``openedx_content`` puts on codes says ``\w``; MariaDB, unlike SQLite and MySQL, takes that for
    ASCII. MySQL takes what the column's character set has.
    """
    if connection.vendor != "mysql":
        return Letters.ANY
    if getattr(connection, "mysql_is_mariadb", False):
        return Letters.ASCII
    return _LETTERS.get(_column(connection.settings_dict["NAME"]).charset, Letters.ASCII)


def codes_of_containers(package_id: LearningPackage.ID | None, wanted: Iterable[str]) -> Callable[[str], str]:
    """
    A function that gives the same for two codes of containers that the database takes for the same.

    It knows the codes of the library, and those that are ``wanted`` for new items, with any numbers behind them; for
    others it asks the database. No query where the column compares as Python does; else one, and one more for each 500
    wanted codes.
    """
    if connection.vendor != "mysql":
        return str
    column = _column(connection.settings_dict["NAME"])
    if column.collation.endswith("_bin"):
        return str
    codes = Codes(column)
    if package_id is not None:
        codes.learn_library(package_id)
    codes.learn(chain("_0123456789", map(_without_numbers, wanted)))
    return codes


class Column(NamedTuple):
    """Character set and collation of a column of codes."""

    charset: str
    collation: str

    def weight(self, text: str) -> str:
        """
        SQL for what the collation compares of a text, which may be a placeholder.

        Spaces at the end are left aside, as most collations do; no code has any.
        """
        return f"HEX(WEIGHT_STRING(CONVERT(RTRIM({text}) USING {self.charset}) COLLATE {self.collation}))"


@cache
def _column(_database: str) -> Column:
    """The character set and collation of container codes in this database; one query a process."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT character_set_name, collation_name FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name = %s AND column_name = 'container_code'",
            [Container._meta.db_table],
        )
        return Column(*cursor.fetchone())


class Codes:
    """
    Codes as the collation weighs them.

    The weight of a text is that of its parts, one after the other, where the second begins with ``_`` or a digit: no
    collation takes these together with what stands before them. So numbered codes need not be asked for one by one.
    """

    def __init__(self, column: Column) -> None:
        self._column = column
        self._weights: dict[str, str] = {}

    def __call__(self, code: str) -> str:
        """What the code weighs: the same for those that are equal."""
        root = _without_numbers(code)
        self.learn([root])
        return self._weights[root] + "".join(self._weights[character] for character in code[len(root) :])

    def learn(self, texts: Iterable[str]) -> None:
        """Ask for the weights of those that are not known yet."""
        for batch in batched(dict.fromkeys(text for text in texts if text not in self._weights), _BATCH_SIZE):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {', '.join([self._column.weight('%s')] * len(batch))}", batch)
                self._weights.update(zip(batch, cursor.fetchone(), strict=True))

    def learn_library(self, package_id: LearningPackage.ID) -> None:
        """Ask for the weights of all codes of a library. One query."""
        root = f"REGEXP_REPLACE(container_code, '{_NUMBERS}', '')"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT container_code, {self._column.weight(root)}"  # noqa: S608 - no input is in it
                f" FROM {Container._meta.db_table} WHERE learning_package_id = %s",
                [package_id],
            )
            self._weights.update((_without_numbers(code), weight) for code, weight in cursor.fetchall())


def _without_numbers(code: str) -> str:
    return re.sub(_NUMBERS, "", code)
