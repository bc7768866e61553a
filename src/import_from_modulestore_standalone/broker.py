"""
The message broker that needs no server: a folder.

It is kombu's file-system transport, changed so that any number of workers can share the folder: files appear whole or
not at all, and a worker takes a message in one rename. A message that a worker has taken goes with it when it is
killed; that loses nothing, since what is to be done stands in the database (``api.recover_imports``).
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """A channel to the folder ``data_folder_in``, which is also ``data_folder_out``."""

    def _new_queue(self, queue: str, **kwargs: Any) -> None:
        Path(self.data_folder_in).mkdir(parents=True, exist_ok=True)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        table = self._exchange_file(exchange)
        if not table.exists():  # kombu would make an empty file and fill it later, under the eyes of its readers.
            part = table.with_name(f".{uuid4()}.part")
            part.write_text("[]")
            with suppress(FileExistsError):
                os.link(part, table)
            part.unlink()
        super()._queue_bind(exchange, routing_key, pattern, queue)

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{time_ns():020}_{uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        part = folder / f".{name}"  # Readers look at no name that begins with a dot.
        try:
            part.write_text(dumps(payload))
            part.replace(folder / name)
        except OSError as error:
            raise ChannelError(f"The message cannot be written to {folder}: {error.strerror}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - kombu's own names, many times a second
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f".taken.{os.getpid()}.{name}"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # Another worker was quicker.
            payload = taken.read_text()
            taken.unlink()
            return loads(payload)
        raise Empty


class Transport(filesystem.Transport):
    """``folder://localhost``, once :mod:`.celery` has told kombu."""

    Channel = Channel
