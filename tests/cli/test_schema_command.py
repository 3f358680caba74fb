"""The command `schema` as an editor's user runs it: a JSON document on standard output, wherever one stands."""

import json

import pytest

from pulumi_chaosreg.cli.commands.schema import EXAMPLES
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.stacks.schema import infrastructures_file_schema, stack_file_schema


@pytest.fixture
def printed(capsys, monkeypatch, tmp_path):
    """What the command prints in a folder without a project."""
    monkeypatch.chdir(tmp_path)

    def printed(*arguments):
        assert main(("schema", *arguments)) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return printed


def test_outside_of_a_project_the_schema_of_stack_files_is_printed(printed):
    assert json.loads(printed()) == stack_file_schema()


def test_the_files_that_a_stack_file_names_have_a_schema_of_their_own(printed):
    assert json.loads(printed("--infrastructures")) == infrastructures_file_schema()
    assert infrastructures_file_schema() != stack_file_schema()


def test_a_terminal_that_knows_no_unicode_can_take_it(printed):
    assert printed().isascii()
    assert printed("--infrastructures").isascii()


def test_help_shows_how_an_editor_is_told(capsys):
    with pytest.raises(SystemExit):
        main(["schema", "--help"])
    out = capsys.readouterr().out
    assert EXAMPLES in out
    assert "  chaosreg schema > stacks/.chaosreg.schema.json\n" in out
    assert "  # yaml-language-server: $schema=.chaosreg.schema.json\n" in out
