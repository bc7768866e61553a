"""
Blocks as learners see them: OLX in, one HTML document out, which does nothing and loads the block's own files alone.

:mod:`.components` says what there is to see of each type of component, :mod:`.problems` of problems; :mod:`.markup`
writes down what authors wrote, tag by tag; :mod:`.comparison` marks what two renderings do not have in common.
Whatever they make passes :mod:`.sanitizing` once more before :mod:`.documents` makes a page of it. Nothing here touches
the database: files are asked for by name (:class:`.files.Files`).
"""

from .comparison import compared
from .components import render_absence, render_component, render_container
from .documents import document
from .files import Files, NamedFile

__all__ = ["Files", "NamedFile", "compared", "document", "render_absence", "render_component", "render_container"]
