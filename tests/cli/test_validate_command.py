"""The command as people run it: its exit codes, what it prints where, and that it never ends in a traceback."""

import pytest

ACME = {"chaosreg:account": {"id": "acme", "images": {"release": "1.94.4"}}}
PROD = {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": {"prod-eu": {"cluster": {"context": "c"}}}}


def test_a_company_without_mistakes_is_0(project, run):
    project.write({"acme": ACME, "prod": PROD})
    assert run("--project", str(project.folder), "validate") == (
        0,
        "2 stack files, 1 infrastructure: 0 errors, 0 warnings\n",
        "",
    )


def test_a_mistake_is_1_and_printed_with_its_place(project, run):
    project.write({"acme": {"chaosreg:account": {"id": "acme", "namspace": "x", "imges": {}}}})
    code, out, err = run("--project", str(project.folder), "validate")
    assert (code, err) == (1, "")
    assert out.startswith("error[CHR0104]: unknown key `namspace`\n  --> ")
    assert 'Pulumi.acme.yaml:5  account `acme`\n   |  "namspace": …\n   = help: did you mean `namespace`?' in out
    assert out.count("error[CHR0104]") == 2
    assert out.endswith("\n\n1 stack file, 0 infrastructures: 2 errors, 0 warnings\n")


def test_a_file_that_cannot_be_read_is_counted(project, run):
    project.write({"acme": "a: b: c\n"})
    code, out, _ = run("--project", str(project.folder), "validate")
    assert code == 1
    assert out.endswith("\n1 stack file, 0 infrastructures: 1 error, 0 warnings\n")


def test_a_warning_alone_is_0(project, run):
    project.write({"acme": {"chaosreg:account": {"id": "acme", "repositories": {"create": True}}}})
    code, out, _ = run("--project", str(project.folder), "validate")
    assert code == 0
    assert out.startswith("warning[CHR0111]")
    assert out.endswith("0 errors, 1 warning\n")


@pytest.mark.parametrize("below", [".", "stacks"])
def test_the_project_is_found_from_a_folder_in_it(project, run, monkeypatch, below):
    monkeypatch.chdir(project.write({"acme": ACME}).folder / below)
    assert run("validate")[0] == 0


@pytest.mark.parametrize("command", ["validate", "lock"])
def test_outside_of_a_project_is_2(tmp_path, run, command):
    code, out, err = run("--project", str(tmp_path), command)
    assert (code, out) == (2, "")
    assert err.startswith(f"error[CHR0109]: no Pulumi.yaml in {tmp_path} or above\n")
    assert "--project" in err


def test_a_pulumi_yaml_that_is_not_yaml_is_2(project, run):
    (project.folder / "Pulumi.yaml").write_text("name: [\n")
    code, out, err = run("--project", str(project.folder), "validate")
    assert (code, out) == (2, "")
    assert "error[CHR0102]" in err


@pytest.mark.parametrize("arguments", [(), ("unknown",), ("validate", "--unknown")])
def test_a_wrong_command_line_is_2(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "usage: chaosreg" in err


def test_help_shows_examples(run):
    code, out, _ = run("--help")
    assert code == 0
    assert "examples:\n  chaosreg validate " in out
    assert "chaosreg lock --check" in out


def test_the_version_is_printed(run):
    code, out, _ = run("--version")
    assert (code, out.split()[0]) == (0, "chaosreg")


def test_stack_files_beside_pulumi_yaml_are_read_where_no_folder_is_configured(project, run):
    (project.folder / "Pulumi.yaml").write_text("name: x\n")
    project.write({"acme": ACME})
    (project.stacks / "Pulumi.acme.yaml").rename(project.folder / "Pulumi.acme.yaml")
    assert run("--project", str(project.folder), "validate")[1].startswith("1 stack file")


DIGEST = "sha256:" + "a" * 64
MIRRORED = {
    "chaosreg:account": {
        "id": "acme",
        "image_registry": {"server": "h.example", "account": "chaos", "type": "public"},
        "mirror": {"source": "docker.io/harness"},
        "required_images": ["harness/chaos-ddcr:1"],
    },
    "chaosreg:infrastructures": {"x": {"cluster": {"context": "c"}}},
}


def test_lock_writes_nothing_while_the_stack_files_have_mistakes(project, run):
    project.write(
        {"acme": {**MIRRORED, "chaosreg:projekt": {}, "chaosreg:acount": {}}},
        lock=f"docker.io/harness/old:1: {DIGEST}\n",
    )
    code, out, err = run("--project", str(project.folder), "lock")
    assert code != 0
    assert out == ""
    assert err.count("error[CHR0110]") == 2  # all of them, not the first only
    assert "old:1" in (project.stacks / "chaosreg.lock.yaml").read_text()


def test_lock_ends_with_1_where_the_stack_files_have_mistakes(project, run):
    project.write({"acme": {**MIRRORED, "chaosreg:projekt": {}}})
    assert run("--project", str(project.folder), "lock")[0] == 1
