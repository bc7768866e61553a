"""Which examples of a property are tried: at the gate the same ones each time, elsewhere others."""

import os
import subprocess
import sys

import pytest

from .processes import MANAGE

PROPERTY = """
from hypothesis import given, strategies as st
from tests.examples import use_examples

use_examples()

@given(st.text(), st.integers())
def tried(text, number):
    print(ascii(text), number)

tried()
"""


def tried(code: str = PROPERTY, **environment: str) -> str:
    """What is tried in a process of its own."""
    unset = {"CI", "SLOW", "EXAMPLES_TIMES"}
    environment = {name: value for name, value in os.environ.items() if name not in unset} | environment
    words = [sys.executable, "-c", code]
    return subprocess.run(words, env=environment, cwd=MANAGE.parent, capture_output=True, text=True, check=True).stdout


@pytest.mark.at_gate
def test_at_the_gate_they_are_the_same_whatever_else_is_loaded_by_then():
    beside = tried(f"import import_from_modulestore.trouble, import_from_modulestore.texts{PROPERTY}", CI="true")
    first = tried(CI="true")
    assert (len(first.splitlines()), beside) == (100, first)


@pytest.mark.at_gate
def test_elsewhere_and_where_one_explores_there_they_are_others():
    assert tried(SLOW="1") != tried(SLOW="1")
    assert tried(CI="true", EXAMPLES_TIMES="1") != tried(CI="true", EXAMPLES_TIMES="1")
    assert len(tried().splitlines()) < 20
