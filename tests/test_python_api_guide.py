"""The examples of docs/tutorials/python_api.md, run in order."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.at_gate
def test_the_examples_do_what_they_say(courses, user):
    shutil.copytree(ROOT / "courses" / "sample-course", courses / "sample-course")
    guide = (ROOT / "docs" / "tutorials" / "python_api.md").read_text()
    examples = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    assert len(examples) > 5
    exec(compile("\n".join(examples), "docs/tutorials/python_api.md", "exec"), {"user": user})
