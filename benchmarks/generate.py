"""
Synthetic course exports of any size, in the layout that Studio writes.

    .venv/bin/python benchmarks/generate.py FOLDER --components 4000

Everything follows from the options and the seed: the same command writes the same bytes. Blocks are written as they are
made, so memory does not grow with the size of the course or of its files.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

ORG, COURSE, RUN = "Bench", "Synthetic", "R1"
COURSE_KEY = f"course-v1:{ORG}+{COURSE}+{RUN}"

_TYPES = ("html", "problem", "html", "problem", "video")
_WORDS = (
    *("tide", "moon", "water", "rise", "fall", "coast", "harbour", "gravity", "orbit", "spring", "neap", "current"),
    *("wave", "depth", "chart", "table", "station", "measure", "predict", "learn", "question", "answer", "because"),
    *("force", "mass", "ocean", "shallow", "basin", "resonance", "period", "hour", "day", "month", "always", "never"),
)
_CHUNK = 1_000_000
_SHARED_EVERY = 4
"""Every so many components, one names a file that others name too."""


@dataclass(frozen=True, kw_only=True)
class CourseSpec:
    """What to generate."""

    components: int
    per_unit: int = 5
    units: int = 4
    """Units in a subsection."""
    subsections: int = 3
    """Subsections in a section."""
    file_count: int = 20
    file_mb: float = 1.0
    """Megabytes of all static files together."""
    words: int = 150
    """Words in the body of a text component."""
    seed: int = 1
    run: str = RUN

    @property
    def key(self) -> str:
        """The key of the course."""
        return f"course-v1:{ORG}+{COURSE}+{self.run}"


@dataclass
class Counts:
    """What was generated."""

    sections: int = 0
    subsections: int = 0
    units: int = 0
    components: int = 0

    @property
    def blocks(self) -> int:
        """Components and containers."""
        return self.sections + self.subsections + self.units + self.components


def generate(folder: Path, spec: CourseSpec) -> Counts:
    """Write a course into ``folder``, which must not exist yet, and return how many blocks it has."""
    if min(spec.components, spec.per_unit, spec.units, spec.subsections) < 1 or spec.file_count < 0:
        raise ValueError("A course needs at least one component, and one of each container.")
    folder.mkdir(parents=True)
    return _Writer(folder, spec).write()


class _Writer:
    def __init__(self, folder: Path, spec: CourseSpec) -> None:
        self._folder = folder
        self._spec = spec
        self._random = Random(spec.seed)
        self._counts = Counts()
        for tag in (
            "course",
            "chapter",
            "sequential",
            "vertical",
            "html",
            "problem",
            "video",
            "static",
            f"policies/{spec.run}",
        ):
            (folder / tag).mkdir(parents=True)

    def write(self) -> Counts:
        """Write everything."""
        run = self._spec.run
        (self._folder / "course.xml").write_text(f'<course url_name="{run}" org="{ORG}" course="{COURSE}"/>\n')
        with (self._folder / "course" / f"{run}.xml").open("w") as course:
            course.write(f'<course display_name="Synthetic course of {self._spec.components} components">\n')
            while self._counts.components < self._spec.components:
                course.write(f'  <chapter url_name="{self._section()}"/>\n')
            course.write(f'  <wiki slug="{ORG}.{COURSE}.{run}"/>\n</course>\n')
        self._write_policies()
        self._write_files()
        return self._counts

    def _section(self) -> str:
        self._counts.sections += 1
        title = f"Section {self._counts.sections}"
        return self._container("chapter", title, "sequential", self._spec.subsections, self._subsection)

    def _subsection(self) -> str:
        self._counts.subsections += 1
        title = f"Subsection {self._counts.subsections}"
        return self._container("sequential", title, "vertical", self._spec.units, self._unit)

    def _unit(self) -> str:
        self._counts.units += 1
        name, children = self._name(), []
        for _ in range(self._spec.per_unit):
            if self._counts.components == self._spec.components:
                break
            children.append(self._component())
        self._write_container("vertical", name, f"Unit {self._counts.units}", children)
        return name

    def _container(self, tag: str, title: str, child_tag: str, count: int, make_child: Callable[[], str]) -> str:
        name, children = self._name(), []
        for _ in range(count):
            if self._counts.components == self._spec.components:
                break
            children.append((child_tag, make_child()))
        self._write_container(tag, name, title, children)
        return name

    def _write_container(self, tag: str, name: str, title: str, children: list[tuple[str, str]]) -> None:
        pointers = "".join(f'  <{child_tag} url_name="{child}"/>\n' for child_tag, child in children)
        self._block(tag, name, f'<{tag} display_name="{title}">\n{pointers}</{tag}>\n')

    def _component(self) -> tuple[str, str]:
        index = self._counts.components
        self._counts.components += 1
        tag, name = _TYPES[index % len(_TYPES)], self._name()
        files = list(self._files_of(index))
        {"html": self._text, "problem": self._problem, "video": self._video}[tag](name, index, files)
        return tag, name

    def _files_of(self, index: int) -> Iterator[str]:
        """Every file is named by at least one component, and most of them by several."""
        spec = self._spec
        yield from (_file_name(number) for number in range(index, spec.file_count, spec.components))
        if spec.file_count and index % _SHARED_EVERY == 0 and index >= spec.file_count:
            yield _file_name(self._random.randrange(spec.file_count))

    def _text(self, name: str, index: int, files: list[str]) -> None:
        images = "".join(f'<p><img src="/static/{file}" alt="{self._phrase(4)}"/></p>\n' for file in files)
        body = "".join(
            f"<p>{self._phrase(self._spec.words // 3)} &amp; <b>{self._phrase(3)}</b>.</p>\n" for _ in range(3)
        )
        (self._folder / "html" / f"{name}.html").write_text(f"<h3>{self._phrase(4)}</h3>\n{body}{images}")
        self._block("html", name, f'<html filename="{name}" display_name="Text {index + 1}"/>\n')

    def _problem(self, name: str, index: int, files: list[str]) -> None:
        images = "".join(f'    <img src="/static/{file}"/>\n' for file in files)
        choices = "".join(
            f'      <choice correct="{"true" if number == 0 else "false"}">{self._phrase(5)}</choice>\n'
            for number in range(4)
        )
        self._block(
            "problem",
            name,
            f'<problem display_name="Problem {index + 1}" max_attempts="{index % 3 + 1}" markdown="null">\n'
            f"  <multiplechoiceresponse>\n    <label>{self._phrase(20)}?</label>\n{images}"
            f'    <choicegroup type="MultipleChoice">\n{choices}    </choicegroup>\n'
            f"    <solution><p>{self._phrase(30)}.</p></solution>\n"
            f"  </multiplechoiceresponse>\n</problem>\n",
        )

    def _video(self, name: str, index: int, files: list[str]) -> None:
        transcripts = "".join(f'  <transcript language="en" src="{file}"/>\n' for file in files)
        youtube = f"{self._random.getrandbits(44):011x}"
        self._block(
            "video",
            name,
            f'<video display_name="Video {index + 1}" youtube="1.00:{youtube}" youtube_id_1_0="{youtube}" '
            f'html5_sources="[]" download_video="false">\n{transcripts}</video>\n',
        )

    def _block(self, tag: str, name: str, olx: str) -> None:
        (self._folder / tag / f"{name}.xml").write_text(olx)

    def _write_policies(self) -> None:
        folder = self._folder / "policies"
        run = self._spec.run
        policy = {f"course/{run}": {"display_name": f"Synthetic course of {self._spec.components} components"}}
        grading = {"GRADER": [], "GRADE_CUTOFFS": {"Pass": 0.5}}
        for name, content in ((f"{run}/policy", policy), (f"{run}/grading_policy", grading), ("assets", {})):
            (folder / f"{name}.json").write_text(json.dumps(content, indent=4))

    def _write_files(self) -> None:
        spec = self._spec
        noise = Random(spec.seed).randbytes(_CHUNK)
        size = int(spec.file_mb * 1_000_000 / spec.file_count) if spec.file_count else 0
        for number in range(spec.file_count):
            left = size
            with (self._folder / "static" / _file_name(number)).open("wb") as file:
                left -= file.write(f"{number:08}".encode())
                while left > 0:
                    left -= file.write(noise[: min(left, _CHUNK)])

    def _name(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def _phrase(self, words: int) -> str:
        return " ".join(self._random.choices(_WORDS, k=words))


def _file_name(number: int) -> str:
    return f"file_{number:05}.png"


def main() -> None:
    """Read the command line and write a course."""
    parser = argparse.ArgumentParser(description="Write a synthetic course export.")
    parser.add_argument("folder", type=Path, help="the folder to write; must not exist yet")
    parser.add_argument("--components", type=int, default=1000)
    parser.add_argument("--per-unit", type=int, default=CourseSpec.per_unit, help="components in a unit")
    parser.add_argument("--units", type=int, default=CourseSpec.units, help="units in a subsection")
    parser.add_argument("--subsections", type=int, default=CourseSpec.subsections, help="subsections in a section")
    parser.add_argument("--file-count", type=int, default=CourseSpec.file_count, help="static files")
    parser.add_argument(
        "--file-mb", type=float, default=CourseSpec.file_mb, help="megabytes of all static files together"
    )
    parser.add_argument("--words", type=int, default=CourseSpec.words, help="words in a text component")
    parser.add_argument("--seed", type=int, default=CourseSpec.seed)
    parser.add_argument("--run", default=CourseSpec.run, help="the run in the course's key")
    options = vars(parser.parse_args())
    folder = options.pop("folder")
    if folder.exists():
        parser.error(f"{folder} exists already.")
    try:
        spec = CourseSpec(**options)
        counts = generate(folder, spec)
    except ValueError as error:
        parser.error(str(error))
    containers = f"{counts.sections} sections, {counts.subsections} subsections, {counts.units} units"
    print(f"{spec.key} in {folder}: {containers}, {counts.components} components.")


if __name__ == "__main__":
    main()
