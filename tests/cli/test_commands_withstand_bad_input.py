"""What careless or hostile files could do to those who read the output, and to the process."""

import json
import subprocess

import pytest

from pulumi_chaosreg.cli.diff.as_markdown import code

LOOKS = "x` @octocat <img src=https://evil.example/x.png> **LGTM** `|y"


def test_what_a_file_says_cannot_act_in_a_pull_request(company, run):
    company.edit("prod", "context: us", f"context: {json.dumps(LOOKS)}")
    _, out, _ = run("diff", "-o", "markdown")
    mark, row = [line for line in out.splitlines() if "octocat" in line]
    assert mark.count("`") == 4  # what is moved where, and of whom: two spans with no fence in them
    # a fence longer than any run of backticks inside, no cell that ends early
    assert f"``{LOOKS}``".replace("|", "\\|") in row
    assert row.replace("\\|", "").count("|") == 6


@pytest.mark.parametrize(
    ("text", "span"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a|b", "`a\\|b`"), ("a\nb\x1b[2J", "`a\\nb\\x1b[2J`")],
)
def test_a_code_span_holds_whatever_is_in_it(text, span):
    assert code(text) == span


def test_a_terminal_is_not_steered_by_a_value(company, run):
    company.edit("prod", "context: us", 'context: "us\\e[2J"')
    for command in (["resolve", "us"], ["explain", "us", "cluster.context"], ["diff"], ["validate"]):
        assert "\x1b" not in run(*command)[1]


DEEP = {
    "brackets": "a: " + "[" * 100_000,
    "braces": "a: " + "{b: " * 5_000,
    "dashes": "- " * 5_000 + "x",
    "blanks": "\n".join(" " * depth + "a:" for depth in range(2_000)),
    "JSON in a string": 'config: {chaosreg:account: \'{"a": ' + "[" * 20_000 + "'}",
}


@pytest.mark.parametrize("name", DEEP)
def test_files_that_are_nested_too_deep_are_a_finding(company, run, name):
    (company.stacks / "Pulumi.deep.yaml").write_text(DEEP[name])
    code_, out, _ = run("validate")
    assert code_ == 1
    assert "Pulumi.deep.yaml" in out


def test_a_device_is_not_read(company, run):
    (company.stacks / "Pulumi.endless.yaml").symlink_to("/dev/zero")
    code_, out, _ = run("validate")
    assert code_ == 1
    assert "error[CHR0101]: this file cannot be read: it is a folder or a device" in out


def test_a_chain_of_hundreds_of_parents_is_a_finding(company, run):
    for number in range(400):
        parent = f"chain-{number - 1}" if number else "acme"
        text = f"config: {{chaosreg:parent_stack: {parent}, chaosreg:project: {{id: p{number}}}}}"
        (company.stacks / f"Pulumi.chain-{number}.yaml").write_text(text)
    code_, out, _ = run("validate")
    assert (code_, out.count("error[CHR0209]")) == (1, 399)


def test_keys_without_a_prefix_are_those_of_the_project_as_for_the_engine(company, run):
    pulumi = company.folder / "Pulumi.yaml"
    pulumi.write_text(pulumi.read_text().replace("name: example", "name: chaosreg"))
    before = run("resolve", "-o", "json")[1]
    company.edit("prod", "chaosreg:parent_stack", "parent_stack")
    company.edit("prod", "chaosreg:infrastructures", "infrastructures")
    assert run("resolve", "-o", "json")[1] == before
    company.edit("prod", "service_accounts", "service_acounts")
    assert "Pulumi.prod.yaml:4  infrastructure `eu`" in run("validate")[1]


def test_merge_keys_hide_no_section(company, run):
    (company.stacks / "Pulumi.merged.yaml").write_text(
        "x: &x {chaosreg:parent_stack: shop, chaosreg:project: {id: hidden}}\nconfig: {<<: *x}\n"
    )
    (company.stacks / "Pulumi.below.yaml").write_text(
        "config: {chaosreg:parent_stack: merged, chaosreg:infrastructures: {x: {cluster: {context: x}}}}\n"
    )
    assert json.loads(run("resolve", "x", "-o", "json")[1])[0]["infrastructure"] == "shop/hidden/x"


@pytest.mark.parametrize("command", [["diff", ""], ["affected", "--since", ""]])
def test_an_empty_base_is_none(company, run, command):
    assert run(*command)[0] == 2


def test_an_infrastructure_that_goes_to_another_stack_is_told_to_move_and_never_to_be_destroyed(company, run):
    subprocess.run(["git", "mv", "stacks/Pulumi.prod.yaml", "stacks/Pulumi.live.yaml"], check=True)
    _, out, _ = run("diff")
    advice = "moves from stack prod to live: run `chaosreg move shop/checkout/eu --from prod` before `up`"
    assert advice in out
    said = json.loads(run("affected", "-o", "json")[1])
    assert (said["removed"], said["moved"]) == ([], {"prod": ["live"]})


def test_a_broken_file_makes_the_comment_say_so_and_destroys_nothing(company, run):
    company.edit("prod", "config:", "config: [")
    code_, out, _ = run("diff", "-o", "markdown")
    assert code_ == 1
    assert out.startswith("> ⚠️ This is incomplete: `the stack files have an error`")
    assert json.loads(run("affected", "-o", "json")[1])["removed"] == []


def test_a_password_in_the_wrong_place_is_not_repeated(company, run):
    (company.stacks / "chaosreg.lock.yaml").write_text("PASSWORD=hunter2\n")
    company.edit("acme", "mirror: {", "mirror: {push: 'hunter2!', ")
    company.edit("prod", "config:", "config:\n  chaosreg:harbor-robot: hunter2")
    company.edit("other", "parent_stack: shop", "parent_stack: {secure: v1:hunter2}")
    for command in (["validate"], ["validate", "--format", "json"], ["validate", "--format", "sarif"], ["diff"]):
        _, out, err = run(*command)
        assert "hunter2" not in out + err
