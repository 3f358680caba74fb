"""resolve, explain, diff and affected as people run them, in a small company under git."""

import json
import os
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml

from pulumi_chaosreg.cli.error_page import entries
from pulumi_chaosreg.cli.parsers import COMMANDS
from pulumi_chaosreg.settings.yaml_file import read_yaml
from tests.support.terminal import on_a_terminal

PATHS = ["shop/checkout/eu", "shop/checkout/us", "shop/lab"]


# --- resolve


def test_resolve_shows_every_infrastructure_with_the_origin_of_each_value(company, run):
    code, out, err = run("resolve")
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if line and not line.startswith(" ")] == PATHS
    image = "harbor.company.com/chaos/chaos-ddcr:1.94.0@sha256:bbbbbbbbbbbb…"  # shortened for the eye
    assert ["image.chaos-ddcr", "project/checkout", image] in [line.split() for line in out.splitlines()]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["eu"], PATHS[:1]),
        (["shop/checkout/eu"], PATHS[:1]),
        (["shop/checkout"], PATHS[:2]),
        (["*/us", "lab"], PATHS[1:]),
        (["eu", "shop/checkout/eu"], PATHS[:1]),
    ],
)
def test_an_infrastructure_is_named_by_path_id_or_pattern(company, run, wanted, found):
    _, out, _ = run("resolve", *wanted, "-o", "json")
    assert [one["infrastructure"] for one in json.loads(out)] == found


def test_json_yaml_and_env_say_the_same(company, run):
    plain = json.loads(run("resolve", "eu", "-o", "json")[1])
    assert yaml.safe_load(run("resolve", "eu", "-o", "yaml")[1]) == plain
    lines = run("resolve", "eu", "-o", "env")[1].splitlines()
    variables = dict(shlex.split(line)[0].split("=", 1) for line in lines)
    fields = plain[0]["fields"]
    assert variables["IMAGE_CHAOS_DDCR"] == fields["image.chaos-ddcr"]["value"]
    assert variables["IMAGE_CHAOS_DDCR"].endswith("@sha256:" + "b" * 64)
    assert len(variables) == len(fields)


@pytest.mark.parametrize("pin", ["strict", "record", "off"])
def test_yaml_says_how_firmly_digests_hold(company, run, pin):
    company.edit("acme", 'release: "1.93.0"', f'release: "1.93.0", pin: "{pin}"')
    code, out, _ = run("resolve", "eu", "-o", "yaml")
    (said,) = yaml.safe_load(out)
    assert (code, said["fields"]["images.pin"]["value"]) == (0, pin)


def test_what_is_printed_as_yaml_is_a_text_to_every_reader(company, run, tmp_path):
    company.edit("prod", "us: {cluster: {context: us}}", 'us: {cluster: {context: "1e3"}, namespace: "25921e05"}')
    company.edit("prod", "eu: {cluster: {context: eu}", 'eu: {cluster: {context: "on"}, namespace: "0o17"')
    plain = json.loads(run("resolve", "eu", "us", "-o", "json")[1])
    printed = run("resolve", "eu", "us", "-o", "yaml")[1]
    (tmp_path / "printed.yaml").write_text(printed)
    assert yaml.safe_load(printed) == read_yaml(tmp_path / "printed.yaml", lambda _: True) == plain


def test_json_and_yaml_say_whether_they_are_complete(company, run):
    assert {one["complete"] for one in json.loads(run("resolve", "-o", "json")[1])} == {True}
    company.edit("prod", "service_accounts", "service_acounts")
    for output, read in (("json", json.loads), ("yaml", yaml.safe_load)):
        code, out, _ = run("resolve", "-o", output)
        assert (code, {one["complete"] for one in read(out)}) == (1, {False})
    assert run("resolve", "eu", "-o", "env")[1].startswith(
        "# the stack files have an error, so values may be missing or wrong\n"
    )


def test_move_without_pulumi_says_so(company, run, monkeypatch):
    monkeypatch.setenv("PATH", "")
    code, _, err = run("move", "shop/checkout/us", "--from", "checkout")
    assert code == 2
    assert "error[CHR0119]: the command `pulumi` is not installed" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["resolve", "ue"], "error[CHR0118]: no infrastructure is named `ue`"),
        (["resolve", "-o", "env"], "prints one infrastructure, but 3 match"),
        (["resolve", "prod/eu"], "did you mean `shop/checkout/eu`? "),
        (["explain", "eu", "image.chaos-dcr"], "did you mean `image.chaos-ddcr`?"),
        (["explain", "CHR9999"], "there is no code `CHR9999`\n   = help: write it as a message has it"),
        (["explain", "CHR0299"], "the nearest: CHR02"),
        (["explain", "eu", "nosuch"], "has no field `nosuch`\n   = help: fields: server"),
        (["explain", "eu", "servr"], "did you mean `server`? "),
        (["validat"], "there is no command `validat`; did you mean `validate`? commands: init, "),
        (["resolve", "--nope"], "usage: chaosreg resolve "),
        (
            ["diff", "no-such-branch"],
            "error[CHR0117]: `no-such-branch` is neither a project's folder nor a git revision in this clone",
        ),
        (["affected", "--since", "no-such-branch"], "fetch-depth: 0"),
        (["move", "shop/chekout", "--from", "acme"], "no scope has the path `shop/chekout`"),
    ],
)
def test_what_cannot_be_done_is_2_and_says_what_can(company, run, arguments, said):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize("command", [["resolve"], ["explain", "eu"], ["diff"], ["affected"]])
def test_with_mistakes_in_the_files_the_answer_says_that_it_may_be_wrong(company, run, command):
    company.edit("prod", "service_accounts", "service_acounts")
    code, out, err = run(*command)
    assert code == 1
    assert out
    assert (
        "the stack files have an error, so values may be missing or wrong: `chaosreg validate` lists the errors" in err
    )


def test_what_a_wrong_setting_hides_is_unknown_and_not_what_stands_in_its_place(company, run):
    company.edit("acme", "server: harbor.company.com", "server: https://harbor.company.com")
    fields = json.loads(run("resolve", "eu", "-o", "json")[1])[0]["fields"]
    assert fields["server"] == {"value": None, "origin": "account/acme"}
    assert fields["image.chaos-ddcr"]["value"] is None
    assert fields["cluster.context"]["value"] == "eu"
    assert "# SERVER is unknown: see the error\n" in run("resolve", "eu", "-o", "env")[1]
    code, out, _ = run("explain", "eu", "server")
    assert (code, "  server = unknown: see the error\n" in out) == (1, True)
    assert "image_registry.server: unknown: see the error  stacks/Pulumi.acme.yaml:6  ← decides\n" in out
    assert "Harness's default\n" in out
    assert json.loads(run("explain", "eu", "server", "-o", "json")[1])["infrastructures"][0]["value"] is None
    code, out, err = run("hosts", "eu")
    assert (code, out) == (1, "")
    assert "the hosts of shop/checkout/eu are unknown: see the error\n" in err


def test_a_wrong_setting_hides_nothing_where_a_nearer_level_or_a_lock_decides(company, run):
    company.edit("acme", "server: harbor.company.com", "server: https://harbor.company.com")
    fields = json.loads(run("resolve", "lab", "-o", "json")[1])[0]["fields"]
    assert fields["server"] == {"value": "docker.io", "origin": "infrastructure/lab"}
    company.edit("acme", "server: https://harbor.company.com", "server: harbor.company.com")
    company.edit("prod", "us: {cluster", "us: {image_registry: {server: z.example, type: public}, cluster")
    fields = json.loads(run("resolve", "us", "-o", "json")[1])[0]["fields"]
    assert fields["server"] == {"value": "harbor.company.com", "origin": "account/acme"}


# --- explain


def test_explain_shows_who_decided_who_else_tried_and_who_locks(company, run):
    code, out, _ = run("explain", "eu", "image.chaos-ddcr")
    assert code == 0
    assert out.splitlines() == [
        f"shop/checkout/eu  image.chaos-ddcr = harbor.company.com/chaos/chaos-ddcr:1.94.0@sha256:{'b' * 64}",
        "",
        "Harness's default",
        "└─ account `acme`",
        "      images.release: 1.93.0  stacks/Pulumi.acme.yaml:10",
        "   └─ organization `shop`",
        "      └─ project `checkout`",
        "            images.tags.chaos-ddcr: 1.94.0  stacks/Pulumi.checkout.yaml:6  ← decides",
        "            locks it for all below: allow_overrides: false  stacks/Pulumi.checkout.yaml:5",
        "         └─ infrastructure `eu`",
        "",
        "infrastructure `eu` may not set `images.tags.chaos-ddcr`, `required_images`, `images.release`: "
        "project `checkout` does not allow overrides",
        "",
    ]


def test_what_a_lock_leaves_open_is_not_said_to_be_locked_for_all(company, run):
    said = "allow_overrides: {settings: [images]}"
    company.edit("checkout", "allow_overrides: false", said)
    _, out, _ = run("explain", "eu", "image.chaos-ddcr")
    assert f"leaves open below: {said}  stacks/Pulumi.checkout.yaml:5\n" in out
    assert "infrastructure `eu` may set `images.tags.chaos-ddcr`, `images.release`, and may not set" in out
    assert "for all" not in out
    assert f"  only this is left open by project `checkout`: {said}  " in run("explain", "eu")[1]


def test_explain_says_when_nobody_decides_and_what_belongs_to_another_server(company, run):
    _, out, _ = run("explain", "lab", "type")
    assert "image_registry.type: private  stacks/Pulumi.acme.yaml:8  (belongs to another server)" in out
    assert "infrastructure `lab` may set `image_registry.type`" in out
    _, out, _ = run("explain", "us", "namespace")
    assert "Harness's default  ← decides" in out


def test_a_value_that_a_lock_forbids_is_no_field_and_the_lock_is_told(company, run):
    company.edit("prod", "us: {cluster", 'us: {images: {tags: {chaos-ddcr: "1.93.0"}}, cluster')
    code, out, err = run("explain", "us", "image.chaos-ddcr")
    assert (code, out) == (2, "")
    assert "fix the errors" in err
    assert "error[CHR0203]: `images.tags.chaos-ddcr` may not be set here" in err


def test_explain_without_a_field_shows_all(company, run):
    _, out, _ = run("explain", "eu")
    assert "  server = harbor.company.com\n      stacks/Pulumi.acme.yaml:6  account `acme`\n" in out
    assert "  locked by project `checkout`: allow_overrides: false  stacks/Pulumi.checkout.yaml:5\n" in out


@pytest.mark.parametrize("code", ["CHR0203", "chr0203"])
def test_explain_a_code_prints_its_entry_of_the_errors_page(run, code):
    exit_code, out, _ = run("explain", code)
    assert exit_code == 0
    assert out.startswith("CHR0203  Override not allowed\n\n    error[CHR0203]: ")
    assert "\n- Fix. " in out
    assert "CHR0204" not in out


def test_explain_a_code_shows_no_markup_of_links(run):
    out = run("explain", "CHR0544")[1] + "".join(run("explain", code)[1] for code in entries())
    assert "](" not in out
    assert " (docs/mirror.md)" in out


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("image_registry.server", "server = harbor.company.com"),
        ("images.release", "images.release = 1.93.0"),
        ("repositories.create", "repositories.create = not set"),
        ("enforce", "enforce = not set"),
        ("authentication", "image_registry.authentication = {"),
        ("authentication.username", "image_registry.authentication.username = "),
        ("mirror.source", "mirror.source = docker.io/harness"),
        ("images.tags.chaos-ddcr", "image.chaos-ddcr = harbor.company.com/"),
        ("harness.tags", "harness.tags = not set"),
    ],
)
def test_explain_takes_the_names_of_settings(company, run, setting, said):
    code, out, _ = run("explain", "eu", setting)
    assert code == 0
    assert out.startswith(f"shop/checkout/eu  {said}")
    assert "  ← decides" in out
    assert ("not set" in said) == ("Harness's default  ← decides" in out)


def test_a_setting_whose_value_is_wrong_is_not_said_to_be_unset(company, run):
    company.edit("prod", "us: {cluster: {context: us}", "us: {cluster: {context: us}, enforce: zzz")
    assert "enforce = unknown: see the error" in run("explain", "us", "enforce")[1]


# --- diff


def test_nothing_changes_when_nothing_is_edited(company, run):
    assert run("diff") == (0, "nothing changes for any infrastructure since HEAD\n", "")


def _changes(run, *arguments):
    _, out, _ = run("diff", *arguments, "-o", "json")
    return {
        change["infrastructure"]: {field["field"]: (field["before"], field["after"]) for field in change["fields"]}
        for change in json.loads(out)["changes"]
    }


def test_an_edit_at_the_account_is_shown_for_each_infrastructure_that_it_reaches(company, run):
    company.edit("acme", "1.93.0", "1.94.4")
    changes = _changes(run)
    assert set(changes) == set(PATHS)
    assert set(changes["shop/checkout/eu"]) == {
        "image.chaos-ddcr-faults",
        "image.chaos-log-watcher",
        "image.service-discovery-collector",
    }
    before, after = changes["shop/checkout/eu"]["image.chaos-log-watcher"]
    assert before.endswith(":1.93.0@sha256:" + "a" * 64)
    assert after.endswith(":1.94.0@sha256:" + "b" * 64)
    # and why, at the place where it stands now
    assert "because account `acme` `images.release`: 1.93.0 → 1.94.4 (stacks/Pulumi.acme.yaml:10)" in run("diff")[1]


CAUSES = {
    "an override is taken away": (
        ("checkout", '    images: {tags: {chaos-ddcr: "1.94.0"}}\n', ""),
        "project `checkout` `images.tags.chaos-ddcr` is no longer set; account `acme` `images.release` counts",
    ),
    "a nearer level sets it": (
        ("prod", "context: us}", "context: us}, namespace: mine"),
        "infrastructure `us` `namespace.name` is set now (stacks/Pulumi.prod.yaml:5)",
    ),
    "the server changes": (
        ("acme", "harbor.company.com", "harbor.example"),
        "account `acme` `image_registry.server`: harbor.company.com → harbor.example",
    ),
    "only the digest changes": (
        ("lock", "b" * 64, "d" * 64),
        "chaosreg.lock.yaml: docker.io/harness/chaos-ddcr:1.94.0 has another digest",
    ),
    "an image is asked for": (
        ("prod", "context: us}", 'context: us}, custom_images: {ddcr_lib: "h.example/lib:1"}'),
        "infrastructure `us` `custom_images.ddcr_lib` is set now",
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_each_change_names_its_cause(company, run, name):
    (stack, old, new), cause = CAUSES[name]
    if stack == "lock":
        path = company.stacks / "chaosreg.lock.yaml"
        path.write_text(path.read_text().replace(old, new))
    else:
        company.edit(stack, old, new)
        company.edit("checkout", "allow_overrides: false", "allow_overrides: true")
    _, out, _ = run("diff")
    assert f"because {cause}" in out


def test_new_gone_and_moved_infrastructures_are_told_apart(company, run):
    company.edit("prod", "us: {", "ca: {")
    company.edit("prod", "eu: {", "west: {moved_from: shop/checkout/eu, ")
    changes = json.loads(run("diff", "-o", "json")[1])["changes"]
    kinds = {change["infrastructure"]: (change["kind"], change.get("moved_from")) for change in changes}
    assert kinds == {
        "shop/checkout/us": ("removed", None),
        "shop/checkout/ca": ("added", None),
        "shop/checkout/west": ("changed", "shop/checkout/eu"),
    }


def test_a_folder_is_a_base_too(company, run, new_project):
    other = new_project()
    for path in company.stacks.iterdir():
        (other.stacks / path.name).write_bytes(path.read_bytes())
    company.edit("prod", "litmus", "runner")
    assert _changes(run, str(other.folder)) == {"shop/checkout/eu": {"service_accounts": ("litmus", "runner")}}


def test_a_revision_from_before_the_project_is_empty(company, run):
    empty = subprocess.run(
        ["git", "commit-tree", "-m", "x", "4b825dc642cb6eb9a060e54bf8d69288fbee4904"],
        capture_output=True,
        text=True,
        check=True,
        env={"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"},
    ).stdout.strip()
    _, out, _ = run("diff", empty, "-o", "json")
    assert {change["kind"] for change in json.loads(out)["changes"]} == {"added"}


def test_markdown_puts_the_biggest_effect_first(company, run):
    company.edit("acme", "1.93.0", "1.94.4")
    company.edit("prod", "context: us}", "context: us}, namespace: mine")
    _, out, _ = run("diff", "-o", "markdown")
    assert out.startswith(
        "**chaosreg**: 3 infrastructures (3 changed), 3 clusters, 3 stacks to bring up since `HEAD`.\n"
        "`up` in this order: `acme`, `other`, then `prod`.\n"
    )
    table = [line.split(" | ") for line in out.splitlines() if line.startswith("| `")]
    # of a reference what differs is shown, so that one row is for all whom it concerns, whatever their registry
    assert table[0][:3] == [
        "| `image.chaos-ddcr-faults`",
        "`:1.93.0@sha256:aaaaaaaaaaaa…`",
        "`:1.94.0@sha256:bbbbbbbbbbbb…`",
    ]
    assert [row[-1] for row in table[:2]] == ["all 3 infrastructures |"] * 2
    assert [(row[0], row[-1]) for row in table[-2:]] == [
        ("| `namespace`", "`shop/checkout/us` |"),
        ("| `image.chaos-ddcr`", "`shop/lab` |"),
    ]


def test_markdown_of_a_large_company_fits_in_a_comment(project, run, monkeypatch):
    # given: 700 infrastructures, all with different namespaces, so that nothing can be told together
    many = {f"infrastructure-{n:04}": {"cluster": {"context": f"c{n}"}, "namespace": f"n{n}"} for n in range(700)}
    account = {"id": "acme", "images": {"release": "1.93.0"}, "allow_overrides": True}
    monkeypatch.chdir(project.folder)
    project.write({"acme": {"chaosreg:account": account, "chaosreg:infrastructures": {"files": "i/*.yaml"}}})
    project.write({"i/all.yaml": json.dumps(many)})
    before = project.folder / "before"
    before.mkdir()
    (before / "Pulumi.yaml").write_text("name: x\nstackConfigDir: stacks\n")
    subprocess.run(["cp", "-r", str(project.stacks), str(before)], check=True)
    for n, settings in enumerate(many.values()):
        settings["namespace"] = f"m{n}"
    project.write({"i/all.yaml": json.dumps(many)})
    # when
    _, out, _ = run("diff", str(before), "-o", "markdown")
    # then
    assert 50_000 < len(out) <= 60_000
    assert "(700 changed)" in out
    assert out.rstrip().splitlines()[-1].startswith("… and ")


# --- affected


def _affected(run):
    code, out, _ = run("affected", "-o", "json")
    assert code == 0
    said = json.loads(out)
    return [(one["stack"], one["wave"]) for one in said["include"]], said["removed"]


def test_no_stack_is_touched_without_an_edit_that_counts(company, run):
    company.edit("acme", "config:", "# a comment\nconfig:")
    assert _affected(run) == ([], [])
    assert run("affected")[1] == "no stack is touched since HEAD\n"


@pytest.mark.parametrize(
    ("edit", "stacks"),
    [
        (("acme", "1.93.0", "1.94.4"), [("acme", 0), ("other", 0), ("prod", 1)]),
        (("prod", "context: us", "context: us2"), [("prod", 1)]),
        (("other", "context: lab", "context: lab2"), [("other", 0)]),
        (("acme", "v1:one", "v1:two"), [("acme", 0), ("prod", 1)]),  # a credential was rotated
        (("acme", "mirror: {", "on_destroy: delete\n    mirror: {"), [("acme", 0)]),
    ],
)
def test_the_stacks_whose_resources_get_other_inputs_are_touched(company, run, edit, stacks):
    company.edit(*edit)
    assert _affected(run) == (stacks, [])


def test_a_stack_without_a_file_is_to_be_destroyed(company, run):
    (company.stacks / "Pulumi.other.yaml").unlink()
    assert _affected(run) == ([], ["other"])
    assert "other  no longer has a stack file: destroy it" in run("affected")[1]


def test_a_change_of_the_program_touches_every_stack_that_makes_something(company, run):
    (company.folder / "__main__.py").write_text("import pulumi\n")
    assert _affected(run) == ([("acme", 0), ("other", 0), ("prod", 1)], [])


def test_a_project_that_owns_a_registry_and_moves_below_another_parent_is_touched(company, run):
    own = "allow_overrides: false\n    image_registry: {account: own, server: harbor.company.com, type: public}"
    company.edit("checkout", "allow_overrides: false", own)
    company.commit()
    company.edit("checkout", "parent_stack: shop", "parent_stack: acme")
    assert _affected(run)[0] == [("checkout", 0), ("prod", 1)]


def test_a_variable_that_holds_the_password_is_an_input(company, run):
    company.edit("acme", "password_secret: harbor}", "password_secret: harbor, password_env: HARBOR}")
    assert ("prod", 1) in _affected(run)[0]


# --- the base


def test_other_endings_and_links_in_the_base_are_no_traceback(company, run):
    (company.folder / "only.yml").write_text("x: 1\n")
    (company.stacks / "Pulumi.linked.yaml").symlink_to("/nonexistent/elsewhere.yaml")
    company.commit()
    code, _, err = run("diff", "HEAD")
    assert code == 2
    assert "error[CHR0117]: `stacks/Pulumi.linked.yaml` leads out of the repository at `HEAD`" in err


def test_infrastructures_in_yml_files_are_found_in_the_base_too(company, run):
    (company.stacks / "more").mkdir()
    (company.stacks / "more/a.yml").write_text("ca: {cluster: {context: ca}}\n")
    company.edit("prod", "us: {cluster: {context: us}}", 'files: "more/*.yml"')
    company.commit()
    assert run("diff")[1] == "nothing changes for any infrastructure since HEAD\n"


def test_a_repository_that_git_refuses_is_told_in_its_own_words(company, run, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))  # without a `safe.directory`
    monkeypatch.setenv("PATH", f"{_git_of_somebody_else(tmp_path)}:{os.environ['PATH']}")
    code, _, err = run("diff", "main")
    assert code == 2
    assert "git says: fatal: detected dubious ownership in repository" in err
    assert "git config --global --add safe.directory" in err
    assert "fetch it first" not in err


def _git_of_somebody_else(folder):
    """Git's own check for this, as its own tests ask for it; our environment hands no variable of git's on."""
    real = shutil.which("git")
    wrapper = folder / "bin/git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper.parent


def test_a_folder_in_no_repository_and_a_machine_without_git_are_told(project, run, monkeypatch, tmp_path):
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "git says: fatal: not a git repository" in run("diff", "main")[2]
    monkeypatch.setenv("PATH", "")
    assert "`git` is not installed" in run("diff", "main")[2]


@pytest.mark.parametrize("base", ["--output=written", "-x"])
def test_a_base_is_never_an_option_of_git(company, run, base):
    for command in (["affected", f"--since={base}"], ["diff", "--", base]):
        assert run(*command)[0] == 2
    assert not (company.folder / "written").exists()


def test_a_branch_with_the_name_of_a_folder_is_the_branch(company, run):
    subprocess.run(["git", "branch", "stacks"], cwd=company.folder, check=True)
    company.edit("prod", "litmus", "runner")
    assert run("diff", "stacks", "-o", "json")[1].count('"field": "service_accounts"') == 1


def test_a_base_with_mistakes_is_said(company, run):
    company.edit("prod", "config:", "config: [")
    company.commit()
    company.edit("prod", "config: [", "config:")
    code, out, _ = run("diff")
    assert code == 0
    assert "incomplete: the stack files of HEAD had an error" in out


# --- on a terminal, in a pipe


def test_a_closed_pipe_is_no_traceback(company):
    command = f"{sys.executable} -m pulumi_chaosreg.cli.main resolve | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=company.folder)
    assert (done.stdout, done.stderr) == ("shop/checkout/eu\n", "")


@pytest.mark.parametrize(
    ("variables", "columns", "colored", "narrow"),
    [
        ({}, 200, True, False),
        ({"NO_COLOR": "1"}, 200, False, False),
        ({"TERM": "dumb"}, 200, False, False),
        ({"NO_COLOR": "1"}, 60, False, True),
    ],
)
def test_a_terminal_gets_colour_and_its_width(company, variables, columns, colored, narrow):
    _, out = on_a_terminal(["resolve", "eu"], company.folder, {**variables, "COLUMNS": str(columns)})
    assert ("\x1b[" in out) is colored
    value_alone = any(line.strip() == "harbor.company.com" for line in out.splitlines())
    assert value_alone is narrow


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_examples(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"  chaosreg {command}" in out.partition("examples:\n")[2]


WITHOUT_PULUMI_AND_NETWORK = """
import socket, sys
for name in ("pulumi", "pulumi_kubernetes", "grpc", "urllib3", "requests"):
    sys.modules[name] = None
def no_network(*_, **__):
    raise AssertionError("this command wants the network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = no_network
from pulumi_chaosreg.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "command",
    [
        ["validate"],
        ["resolve"],
        ["explain", "eu"],
        ["explain", "CHR0203"],
        ["diff"],
        ["affected"],
        ["schema"],
        ["init", "--account", "a", "--infrastructure", "x=c", "--dry-run", "--project", "."],
    ],
)
def test_commands_work_without_pulumi_and_without_network(company, command):
    folder = company.folder if command[0] != "init" else company.folder / "new"
    folder.mkdir(exist_ok=True)
    arguments = [sys.executable, "-c", WITHOUT_PULUMI_AND_NETWORK, *command]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
