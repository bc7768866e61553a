"""Good exports, harmed: their XML, names, attributes, encodings, policies, drafts and static files."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import strategies as st
from lxml import etree

from ..builders import KEY, block, problem, section, subsection, text, unit, usage_key, write_course, write_library

type Files = dict[str, bytes]
"""An export: the content of its files by path."""

HOSTILE_TEXTS = (
    "",
    " ",
    "null",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b:c",
    "a" * 300,
    "a" * 300_000,
    "é\u0301",
    "\u202e\U0001f30a\ufeff",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "%s %(x)s {0} {{",
    "]]>&<\"'",
    "a b",
    "x.y~z",
    "-1",
    "1e999",
    "&quot;Hour&quot;",
    "/static/" * 50,
    "/static/a.png",
    "/static/%2e%2e/%ff",
    f"asset-v1:{KEY.partition(':')[2]}+type@asset+block@a.png",
    "asset-v1:" * 2_000,
    "/jump_to_id/u1",
    usage_key("vertical", "u1"),
    "<b>x</b>" * 200,
    "\t\r\n",
    '{"a": [' * 300,
)
HOSTILE_TAGS = (
    "course",
    "library",
    "chapter",
    "sequential",
    "vertical",
    "html",
    "problem",
    "video",
    "problemset",
    "videosequence",
    "library_content",
    "split_test",
    "wiki",
    "é",
    "x" * 120,
    "a.b-c_d",
    "{urn:x}y",
    "lib",
    "xblock_asides",
)
ATTRIBUTES = (
    "url_name",
    "slug",
    "filename",
    "display_name",
    "parent_url",
    "index_in_children_list",
    "sub",
    "transcripts",
    "html5_sources",
    "xblock-family",
    "copied_from_block",
    "group_access",
    "org",
    "course",
    "library",
    "weight",
    "data",
    "{http://www.w3.org/XML/1998/namespace}lang",
)
ENCODINGS = ("utf-16", "latin-1", "cp1252", "utf-32", "utf-8-sig", "utf-7")
HOSTILE_BYTES = (
    b"",
    b"\0",
    b"\xff\xfe",
    b"<",
    b"<a>" * 3_000,
    b"<a>" * 3_000 + b"</a>" * 3_000,
    b"<html/>" * 2_000,
    b'<?xml version="1.0" encoding="x-none"?><html/>',
    b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;">]><html>&c;</html>',
    b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><html display_name="d">&x;</html>',
    b"\x1f\x8b\x08\0",
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b"WEBVTT\n\n" * 100,
    b"\xef\xbb\xbf<problem/>",
    bytes(range(256)) * 20,
)
NAMES = (
    "html/t1.html",
    "html/t1.xml",
    "chapter/s1.xml",
    "drafts/html/t1.xml",
    "drafts/vertical/new.xml",
    "policies/R1/policy.json",
    "policies/R1.json",
    "policies/assets.json",
    "static/a.png",
    "static/sub/a.png",
    "static/subs_x.srt.sjson",
    "static/x.srt",
    "static/python_lib.zip",
    "tags.csv",
    "library.xml",
    "course.xml",
    "course/course.xml",
    "static/\udcff.png",
    "html/\udcff.xml",
    "static/e\u0301.png",
    "static/" + "n" * 200,
    "inner/course.xml",
    "html/deep/deeper/t9.xml",
)


def _one_of[Value](values: Sequence[Value]) -> st.SearchStrategy[Value]:
    """One of the values, which reports do not repeat, since some are long."""
    return st.integers(0, len(values) - 1).map(lambda number: values[number])


_texts = _one_of(HOSTILE_TEXTS) | st.text(max_size=20)
_contents = _one_of(HOSTILE_BYTES) | st.binary(max_size=40)

type Harm = Callable[[Files], None]


def course(folder: Path) -> Path:
    """A course with something of everything, in ``folder``."""
    pages = (
        text("t1", '<p><img src="/static/a.png"/><a href="/jump_to_id/u2">on</a><img src="/static/b._"></p>'),
        problem("p1", '<script type="loncapa/python">import x</script><jsinput html_file="/static/j.html"/>'),
        block("video", "v1", '<transcript language="en" src="x.srt"/>', sub="x", transcripts='{"en": "x.srt"}'),
        block("lti_consumer", "l1", launch_url="https://example.com", lti_id="x"),
        block("library_content", "lc", '<problem url_name="inner"><p/></problem>'),
        block("drag-and-drop-v2", "d1", data='{"items": [{"imageURL": "/static/a.png"}]}'),
    )
    return write_course(
        folder,
        section("s1", subsection("b1", unit("u1", *pages), unit("u2", text("t2")))),
        section("s2", subsection("b2", unit("u3", problem("p2")))),
        static={
            "a.png": b"png",
            os.fsdecode(b"b.\xff"): b"png",
            "j.html": b'<script src="j.js"></script><link href="j.css">',
            "j.js": b"",
            "j.css": b"a{background:url(a.png)}",
            "x.srt": b"1\n00:00:00,000 --> 00:00:01,000\nHi\n",
            "subs_x.srt.sjson": b'{"start": [0], "end": [1000], "text": ["Hi"]}',
        },
        files={
            "policies/R1/policy.json": json.dumps({"course/R1": {"display_name": "C"}, "problem/p1": {"weight": 5}}),
            "policies/assets.json": json.dumps({"a.png": {"filename": f"asset-v1:{KEY[10:]}+type@asset+block@a.png"}}),
            "drafts/vertical/u9.xml": f'<vertical parent_url="{usage_key("sequential", "b1")}" '
            'index_in_children_list="0"><html url_name="t9">draft</html></vertical>',
            "drafts/html/t1.xml": '<html filename="t1" display_name="Draft"/>',
            "drafts/html/t1.html": "<p>Draft.</p>",
        },
    )


def bank(folder: Path) -> Path:
    """A legacy library, in ``folder``."""
    return write_library(folder, problem("p1"), text("t1"), problem("p3"))


def read(folder: Path) -> Files:
    """The files of an export."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def write(files: Files, folder: Path) -> None:
    """Write an export; a file for which there is no room, since a folder or a file is there, is left out."""
    for name, content in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError:
            continue


def harms() -> st.SearchStrategy[Harm]:
    """Something to do to an export."""
    return st.one_of(_to_xml(), _to_xml(), _to_xml(), _to_files(), _to_policies())


def _chosen(files: Files, place: float, kind: str = "") -> str:
    names = sorted(name for name in files if name.endswith(kind))
    return names[int(place * len(names))] if names else ""


@st.composite
def _to_xml(draw: st.DrawFn) -> Harm:
    where, which, other = (draw(st.floats(0, 0.999)) for _ in range(3))
    what = draw(
        st.sampled_from(
            ["tag", "set", "set", "set", "drop", "double", "many", "move", "delete", "nest", "text", "itself", "file"]
        )
    )
    name, value = draw(st.sampled_from(ATTRIBUTES)), draw(_texts)
    tag = draw(st.sampled_from(HOSTILE_TAGS))

    def harm(files: Files) -> None:
        file = _chosen(files, where, ".xml")
        try:
            root = etree.fromstring(files.get(file, b""), etree.XMLParser(resolve_entities=False))
        except (etree.XMLSyntaxError, ValueError):
            return
        elements = list(root.iter(etree.Element))
        element = elements[int(which * len(elements))]
        parent = element.getparent()
        try:
            match what:
                case "tag":
                    element.tag = tag
                case "set":
                    element.set(name, value)
                case "drop":
                    element.attrib.pop(name, None)
                case "double" | "many" if parent is not None:
                    for _ in range(1 if what == "double" else 500):
                        parent.append(copy.deepcopy(element))
                case "move":
                    elements[int(other * len(elements))].append(copy.deepcopy(element))
                case "delete" if parent is not None:
                    parent.remove(element)
                case "nest":
                    for _ in range(300):
                        element = etree.SubElement(element, tag, url_name="n")
                case "text":
                    element.text = value
                case "itself":
                    etree.SubElement(element, root.tag, url_name=Path(file).stem)
                case "file":
                    etree.SubElement(element, tag, {name: value, "url_name": "n"})
        except ValueError:  # No XML can hold it.
            return
        files[file] = etree.tostring(root)

    return harm


@st.composite
def _to_files(draw: st.DrawFn) -> Harm:
    where, cut = draw(st.floats(0, 0.999)), draw(st.floats(0, 1))
    what = draw(st.sampled_from(["delete", "cut", "insert", "replace", "encode", "add", "copy", "below"]))
    name, content = draw(st.sampled_from(NAMES)), draw(_contents)
    encoding = draw(st.sampled_from(ENCODINGS))

    def harm(files: Files) -> None:
        file = _chosen(files, where)
        before = files.get(file, b"")
        at = int(cut * len(before))
        match what:
            case "delete":
                files.pop(file, None)
            case "cut":
                files[file or name] = before[:at]
            case "insert":
                files[file or name] = before[:at] + content + before[at:]
            case "replace":
                files[file or name] = content
            case "encode":
                files[file or name] = before.decode("utf-8", "replace").encode(encoding, "replace")
            case "add":
                files[name] = content
            case "copy":
                files[name] = before
            case "below":
                files[f"drafts/{file}"] = before

    return harm


@st.composite
def _to_policies(draw: st.DrawFn) -> Harm:
    name = draw(st.sampled_from(["policies/R1/policy.json", "policies/assets.json"]))
    values = _texts | st.integers() | st.floats() | st.none() | st.booleans()
    policy = draw(
        st.dictionaries(
            st.sampled_from(["course/R1", "problem/p1", "html/t1", "a.png", "", "x"]) | _texts,
            st.recursive(
                values,
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from([*ATTRIBUTES, "displayname", "import_path"]), inner, max_size=4)
                ),
                max_leaves=6,
            ),
            max_size=3,
        )
    )

    def harm(files: Files) -> None:
        files[name] = json.dumps(policy).encode()

    return harm
