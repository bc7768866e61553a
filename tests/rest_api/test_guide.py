"""The examples of docs/tutorials/rest_api.md, run in order."""

import json
import re
import shlex
import shutil
from argparse import ArgumentParser
from http import HTTPStatus
from pathlib import Path

import pytest

from .conftest import ROOT

PROJECT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"^\$ curl (?P<command>.+)\n(?:HTTP/1.1 (?P<status>.+)\n)?(?P<answer>\{.*)$", re.MULTILINE)

curl = ArgumentParser(exit_on_error=False)
curl.add_argument("url")
curl.add_argument("-i", action="store_true")
curl.add_argument("-H", action="append", default=[], dest="headers")
curl.add_argument("-X", dest="method")
curl.add_argument("--json")


@pytest.mark.at_gate
def test_the_examples_do_what_they_say(client_of, courses, user, token_of, django_capture_on_commit_callbacks):
    shutil.copytree(PROJECT / "courses" / "sample-course", courses / "sample-course")
    guide = (PROJECT / "docs" / "tutorials" / "rest_api.md").read_text()
    examples = list(EXAMPLE.finditer(guide))
    assert len(examples) == guide.count("$ curl ") > 20
    variables = {"$API": ROOT.rstrip("/"), "$AUTH": "Authorization: " + token_of("ada")["Authorization"]}
    for example in examples:
        command = example["command"]
        for name, value in variables.items():
            command = command.replace(name, value)
        given = curl.parse_args(shlex.split(command))
        with django_capture_on_commit_callbacks(execute=True):  # What a worker does, done after the answer.
            response = client_of().http.generic(
                given.method or ("POST" if given.json else "GET"),
                given.url,
                given.json or "",
                content_type="application/json",
                headers=dict(header.split(": ", 1) for header in given.headers),
            )
        status = HTTPStatus(response.status_code)  # Its phrase is another from Python 3.13 on.
        answer = response.json()
        assert (example["status"] or str(status)).split()[0] == str(status), example[0]
        assert bool(example["status"]) == (not status.is_success), example[0]
        assert shortened(answer, json.loads(example["answer"])) == json.loads(example["answer"]), example[0]
        variables["$ID"] = answer.get("id", variables.get("$ID", "$ID"))


def shortened(answer, example):
    """The answer, with what the example leaves out left out."""
    if example == "…" and answer:
        return example
    if isinstance(answer, dict) and isinstance(example, dict):
        return {name: shortened(answer[name], value) for name, value in example.items() if name in answer}
    if isinstance(answer, list) and isinstance(example, list):
        return [shortened(each, like) for each, like in zip(answer, example, strict=False)]
    return answer
