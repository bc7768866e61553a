"""Links of the finished pages: each leads to a page, file or place that is there."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import html
from sphinx.util import logging

log = logging.getLogger(__name__)


def check(app: Any, failure: Exception | None) -> None:
    """Warn of each link within the documentation that leads nowhere, once it is built."""
    if failure or app.builder.format != "html":
        return
    paths = (Path(app.builder.get_outfilename(name)).resolve() for name in app.env.found_docs)
    pages = {path: html.parse(path).getroot() for path in paths}
    places = {path: {*page.xpath("//@id"), *page.xpath("//a/@name"), "", "top"} for path, page in pages.items()}
    for path, page in pages.items():
        for address in {*page.xpath("//@href"), *page.xpath("//@src")}:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists() or (target in places and unquote(parts.fragment) not in places[target]):
                log.warning("%s: %s leads nowhere", path.relative_to(app.outdir), address)
