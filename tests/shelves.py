"""Several courses on the shelf, in one line."""

from __future__ import annotations

from pathlib import Path

from import_from_modulestore.data import SourceReference

from .builders import Block, section, subsection, text, unit, write_course


def key_of(number: int) -> str:
    """The key of one of the courses that :func:`write_courses` writes."""
    return f"course-v1:Acme+X{number:02}+R1"


def write_courses(shelf: Path, count: int, *blocks: Block) -> list[SourceReference]:
    """Write so many courses, of four blocks each that no other has, or of these blocks; and name them."""
    for number in range(count):
        write_one(shelf, number, *blocks)
    return [SourceReference(key_of(number)) for number in range(count)]


def write_one(shelf: Path, number: int, *blocks: Block) -> Path:
    """Write one of them, or write it anew."""
    own = section(f"s{number}", subsection(f"b{number}", unit(f"u{number}", text(f"t{number}"))))
    files: dict[str, str | bytes] = {"course.xml": f'<course url_name="R1" org="Acme" course="X{number:02}"/>'}
    return write_course(shelf / f"x{number:02}", *(blocks or (own,)), title=f"Course {number:02}", files=files)
