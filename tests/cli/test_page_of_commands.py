"""docs/cli.md says what the parsers say."""

from pathlib import Path

from pulumi_chaosreg.cli.page import page
from pulumi_chaosreg.cli.parsers import COMMANDS, command_module, exits_of

PAGE = Path(__file__).parents[2] / "docs/cli.md"


def test_the_page_is_what_the_command_prints():
    assert PAGE.read_text("utf-8") == page(), "run `python -m pulumi_chaosreg.cli.page > docs/cli.md`"


def test_every_command_has_its_options_examples_needs_and_exit_codes_there():
    sections = dict(section.split("`\n", 1) for section in page().split("\n## `chaosreg ")[1:])
    assert tuple(sections) == COMMANDS
    for name, section in sections.items():
        assert "\nNeeds " in section
        assert f"```text\nchaosreg {name}" in section or f"chaosreg --project chaos {name}" in section
    assert "| `--upgrade` | follow tags that have moved since they were locked |" in sections["lock"]
    assert "\nNeeds the network and pulumi.\n" in sections["adopt"]
    assert "--docker-config" not in sections["mirror"]  # still taken there, and no longer told


def test_every_command_says_what_its_exit_codes_mean(run):
    for name in COMMANDS:
        told = run(name, "--help")[1].partition("exit codes:\n")[2]
        codes = [int(line.split()[0]) for line in told.splitlines()]
        assert codes == list(exits_of(command_module(name)))
        assert codes[0] == 0
        assert {2, 130} <= {*codes}
