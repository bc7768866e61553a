"""The host uses of the platform what docs/reference/platform_contract.md lists, and nothing else."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HOST = ROOT / "src" / "import_from_modulestore" / "hosts" / "cms"
MODULES = sorted(HOST.glob("*.py"))
PLATFORM = {
    *("cms", "common", "lms", "openedx", "xmodule"),
    *("openedx_authz", "openedx_tagging", "organizations", "pymongo", "xblock"),
}

CONTRACT = (ROOT / "docs" / "reference" / "platform_contract.md").read_text()
USES: list[tuple[str, str]] = re.findall(r"^\| `([\w.]+)` \| `([^`]+)` \|", CONTRACT, re.M)


def root_name(use: str) -> str:
    return re.match(r"\w+", use)[0]


def test_the_host_imports_what_is_listed_and_all_of_it():
    imported = {
        (node.module, alias.name)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module.split(".")[0] in PLATFORM
        for alias in node.names
    }
    assert imported == {(module, root_name(use)) for module, use in USES}


def test_each_was_read_on_both_lines():
    rows = re.findall(r"^\| `[\w.]+` \| `[^`]+` \| (.+) \| (.+) \| (.+) \|$", CONTRACT, re.M)
    assert len(rows) == len(USES)
    for _file, *read in rows:
        assert all(re.fullmatch(r"same|[0-9a-f]{7}|\d+\.\d+", cell) for cell in read), read


def test_the_host_imports_nothing_of_it_when_it_is_loaded():
    modules = ", ".join(f"import_from_modulestore.hosts.cms.{path.stem}" for path in MODULES)
    code = f"import sys, {modules}; print(*sys.modules, sep='\\n')"
    settings = {"DJANGO_SETTINGS_MODULE": "import_from_modulestore_standalone.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in done.stdout.split()} & (PLATFORM - {"organizations", "openedx_tagging"})


@pytest.mark.parametrize(("module", "use"), USES, ids=[use for _module, use in USES])
def test_what_is_listed_is_there_and_can_be_called_so(db, module, use):
    name, holder = root_name(use), import_module(module)
    names = {name: getattr(holder, name, None) or import_module(f"{module}.{name}")}
    expression = ast.parse(use, mode="eval").body
    if isinstance(expression, ast.Call):
        called = evaluate(expression.func, names)
        arguments = [None] * len(expression.args)
        inspect.signature(called).bind(*arguments, **{keyword.arg: None for keyword in expression.keywords})
    else:
        evaluate(expression, names)


def evaluate(expression: ast.expr, names: dict[str, Any]) -> Any:
    """What an expression gives; calls within it are made, with strings for what they take."""
    if isinstance(expression, ast.Name):
        return names[expression.id]
    if isinstance(expression, ast.Attribute):
        return getattr(evaluate(expression.value, names), expression.attr)
    assert isinstance(expression, ast.Call)
    return evaluate(expression.func, names)(*("some.name" for _argument in expression.args))


@pytest.mark.double
@pytest.mark.slow
def test_every_line_of_the_host_is_run_on_the_double(tmp_path):
    """What the double does not declare cannot be used there: so nothing is used that it does not declare."""

    def coverage(*words: str) -> None:
        words = (sys.executable, "-m", "coverage", *words)
        quick = {**os.environ, "COVERAGE_CORE": "sysmon"}
        done = subprocess.run(words, cwd=ROOT, env=quick, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout

    data, report = f"--data-file={tmp_path / 'data'}", tmp_path / "report.json"
    here = Path(__file__).parent
    others = ("test_contract.py", "test_permissions.py", "test_plugin.py")
    tests = ("-m", "pytest", "-q", str(here), *(f"--ignore={here / name}" for name in others))
    coverage("run", f"--include={HOST}/*", data, *tests)
    coverage("json", data, "-o", str(report))
    measured = json.loads(report.read_text())["files"]
    assert {Path(name).name for name in measured} == {path.name for path in MODULES}
    assert not {name: found["missing_lines"] for name, found in measured.items() if found["missing_lines"]}
