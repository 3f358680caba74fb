"""A new project asks for the package where this installation came from: nobody is sent to an index that lacks it."""

import json
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest

from pulumi_chaosreg.cli import installed_from
from pulumi_chaosreg.cli.installed_from import has_extras, is_of_this_machine, requirement

GIT = {"url": "https://git.example/acme/chaosreg", "vcs_info": {"vcs": "git", "commit_id": "4711abc"}}
CASES = {
    "an index": (None, "pulumi-chaosreg[ecr,aws]", False),
    "git": (GIT, "pulumi-chaosreg[ecr,aws] @ git+https://git.example/acme/chaosreg@4711abc", False),
    "an archive": (
        {"url": "https://files.example/chaosreg.whl", "archive_info": {}},
        "pulumi-chaosreg[ecr,aws] @ https://files.example/chaosreg.whl",
        False,
    ),
    "a checkout": (
        {"url": "file:///src/chaosreg", "dir_info": {"editable": True}},
        "pulumi-chaosreg[ecr,aws] @ file:///src/chaosreg",
        True,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_requirement_names_where_it_is_from(case, monkeypatch):
    said, expected, is_here = CASES[case]
    found = SimpleNamespace(read_text=lambda name: json.dumps(said) if said else None)
    monkeypatch.setattr(installed_from, "distribution", lambda name: found)
    assert requirement("ecr,aws") == expected
    assert is_of_this_machine() is is_here


def test_an_extra_is_there_when_all_that_it_adds_is(monkeypatch):
    requires = ["pyyaml>=6", 'pulumi-aws<8,>=7; extra == "ecr"', 'boto3>=1; extra == "aws"']

    def found(name):
        if name == "boto3":
            raise PackageNotFoundError(name)
        return SimpleNamespace(requires=requires)

    monkeypatch.setattr(installed_from, "distribution", found)
    assert has_extras(())
    assert has_extras(("ecr",))
    assert not has_extras(("ecr", "aws"))


def test_without_extras_it_is_the_name_alone(monkeypatch):
    monkeypatch.setattr(installed_from, "distribution", lambda name: SimpleNamespace(read_text=lambda name: None))
    assert requirement() == "pulumi-chaosreg"
