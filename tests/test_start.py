"""What a command loads before it does anything, counted; how long that takes is measured by benchmarks/."""

import subprocess
import sys

import pytest

from .processes import Project

HISTORY = """
from import_from_modulestore_standalone.__main__ import main
sys.argv[1:] = ["import_from_modulestore", "history"]
main()
"""
CHECK = """
import django
django.setup()
from django.core.checks import run_checks
run_checks(tags=["admin"])
"""


def loaded(project: Project, code: str) -> set[str]:
    """The names of all modules that a process has once it has run this."""
    code = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=project.environment, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.at_gate
def test_history_loads_what_it_needs(project):
    modules = loaded(project, HISTORY)
    assert {"import_from_modulestore.api", "rich.console"} <= modules
    other_doors = {f"import_from_modulestore.{door}" for door in ("admin", "pages", "rest_api", "tasks", "emails")}
    addresses = {"import_from_modulestore_standalone.admin", "import_from_modulestore_standalone.urls"}
    schema = {"drf_spectacular.openapi", "rest_framework.views"}
    for_tests = {"django.test", "jinja2", "edx_django_utils.monitoring"}
    for_steps = {"psutil"}
    assert not modules & (other_doors | addresses | schema | for_tests | for_steps)


@pytest.mark.at_gate
def test_checks_load_the_admin_that_they_check(project):
    assert {"import_from_modulestore.admin", "import_from_modulestore_standalone.admin"} <= loaded(project, CHECK)
