"""`chaosreg init`: the folder that it writes validates, whatever was answered; and it never takes anything away."""

import json
import subprocess
import sys

import pytest
import yaml

from pulumi_chaosreg.cli import first_stacks, installed_from
from pulumi_chaosreg.cli.first_logins import Form, forms
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.registries.kinds import all_kinds
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.scopes.delivery import How
from pulumi_chaosreg.settings.refresher_identities import EXAMPLES
from pulumi_chaosreg.settings.yaml_file import read_yaml
from tests.support.new_project import ECR, NEEDED, config_of, files_in
from tests.support.servers_of_kinds import SERVERS

REGISTRIES = {
    "none": (),
    "public": ("--server", "harbor.company.com:8443", "--public"),
    "private": (
        *("--server", "harbor.company.com", "--registry-account", "/chaos/images/"),
        *("--private", "--username", "robot$chaos+pull"),
    ),
}
LEVELS = {
    "account": (),
    "organization": ("--organization", "payments"),
    "project": ("--project-id", "checkout"),
    "both": ("--organization", "payments", "--project-id", "checkout"),
}


@pytest.fixture(autouse=True)
def from_an_index(monkeypatch):
    """As users of an index have it; where else it may be from: test_where_it_is_installed_from.py."""
    monkeypatch.setattr(installed_from, "_address", lambda: "")


@pytest.fixture
def run(tmp_path, capsys):
    """Exit code, standard output and standard error of `init` in the test's own folder; no terminal."""

    def run(*arguments):
        try:
            code = main(["--project", str(tmp_path), "init", *arguments])
        except SystemExit as ended:  # argparse
            code = ended.code
        return (code, *capsys.readouterr())

    return run


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("registry", REGISTRIES)
@pytest.mark.parametrize("kind", ["ddcr", "dedicated"])
def test_every_combination_of_levels_and_registry_validates(tmp_path, run, levels, registry, kind):
    # given / when
    code, _, err = run(*NEEDED, *LEVELS[levels], *REGISTRIES[registry], "--type", kind)
    # then
    assert (code, err) == (0, "")
    reviewed = review(tmp_path)
    assert [str(finding) for finding in reviewed.errors] == []
    (resolved,) = reviewed.resolved.values()
    assert resolved.registry.server.value == {"none": "docker.io"}.get(registry, resolved.registry.server.value)
    assert len(resolved.images) == len(load_catalogue().sets[kind])
    assert bool(resolved.delivery) == (registry == "private")
    assert all(bool(image.source) == (registry != "none") for image in resolved.images)


def _flags_of(form, kind="ecr"):
    return {
        Form.NODE: ("--node-identity",),
        Form.FILE: ("--key-file", "keys/chaos key.json"),
        Form.PASSWORD: ("--username", next(iter(all_kinds()[kind].users), "puller")),
        Form.SECRET: ("--secret-name", "registry-login"),
        Form.JOB: ("--identity", EXAMPLES.get(all_kinds()[kind].cloud, "keys")),
        "public": ("--public",),
        "usual": (),
    }[form]


def _key(path):
    """The key file of a service account that nobody has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"type": "service_account", "client_email": "a@b.example", "private_key": "none"}))


CASES = [(kind, form) for kind in SERVERS for form in ("usual", "public", *forms(all_kinds()[kind]))]


@pytest.mark.parametrize(("kind", "form"), CASES, ids=[f"{kind}-{form}" for kind, form in CASES])
def test_every_kind_with_every_login_is_a_project_that_passes_strictly_at_once(tmp_path, capsys, kind, form):
    # given / when
    server = "/".join(SERVERS[kind])
    _key(tmp_path / "keys" / "chaos key.json")
    said = ("--kind", kind) if all_kinds()[kind].sayable else ()
    assert main(["--project", str(tmp_path), "init", *NEEDED, "--server", server, *said, *_flags_of(form, kind)]) == 0
    told = capsys.readouterr().out
    # then
    (resolved,) = review(tmp_path).resolved.values()
    is_published = resolved.registry.kind.is_open_to_all(SERVERS[kind][0], resolved.registry.type.value)
    expected_codes = ["CHR0341"] if is_published else []  # who asks for that is told what it means
    assert ("warning[CHR0341]" in told) == is_published
    assert [one.code for one in review(tmp_path).findings if one.severity != "hint"] == expected_codes
    assert main(["--project", str(tmp_path), "validate", "--strict"]) == len(expected_codes), capsys.readouterr().out
    assert main(["--project", str(tmp_path), "resolve"]) == 0
    assert resolved.registry.kind.name == kind
    is_public = form == "public" or (form == "usual" and all_kinds()[kind].is_public)
    assert resolved.registry.type.value == ("public" if is_public else "private")
    how = resolved.delivery.how.value if resolved.delivery else None
    if form != "usual":
        expected = {
            Form.NODE: How.NODE_IDENTITY,
            Form.FILE: How.SECRET,
            Form.PASSWORD: How.SECRET,
            Form.SECRET: How.THEIRS,
        }
        assert how == {**expected, Form.JOB: How.REFRESHER, "public": None}[form]
    # the commands are this login's
    assert ("pulumi config set" in told) == (how is How.SECRET and form is not Form.FILE)
    assert ("docker login" in told) == (all_kinds()[kind].cloud is None)
    text = (tmp_path / "stacks" / "Pulumi.acme.yaml").read_text()
    assert max(map(len, text.splitlines())) <= 120


def test_what_must_exist_is_called_by_its_name(tmp_path, run):
    run(*NEEDED, "--server", "registry.gitlab.com/acme/chaos/images")
    text = (tmp_path / "stacks" / "Pulumi.acme.yaml").read_text()
    assert "; group `acme` and project `chaos` must exist before the first push\n" in text


def test_where_a_token_decides_alone_no_user_is_made_up(tmp_path, run):
    _, out, _ = run(*NEEDED, "--server", "ghcr.io/acme/chaos")
    said = config_of(tmp_path, "acme")["chaosreg:account"]["image_registry"]["authentication"]
    assert said == {"type": "token", "password_secret": "registry-credentials"}
    assert "--secret chaosreg-credentials:registry-credentials  # asks for a classic personal access token\n" in out
    assert "assumed  --private\n" in out


def test_the_shortest_start_says_what_it_assumed(tmp_path, run):
    code, out, _ = run(*NEEDED, "--server", "registry.company.com/chaos")
    assert code == 0
    assert "assumed  --private --username chaos-user\n" in out


def test_what_runs_the_nodes_is_told_before_anything_is_written(run):
    _, out, _ = run(*NEEDED, "--server", ECR, "--dry-run")
    assert out.startswith("# assumed  --private --node-identity --provider eks\n")
    _, out, _ = run(*NEEDED, "--server", ECR)
    assert out.startswith("assumed  --private --node-identity --provider eks\n")


def test_an_infrastructure_that_is_wrong_is_not_called_missing(run):
    _, _, err = run("--account", "acme", "--infrastructure", "prod")
    assert err.count("error: ") == 1


def test_what_was_said_is_not_assumed(run):
    assert "assumed" not in run(*NEEDED, *REGISTRIES["private"])[1]


def test_accounts_that_are_named_get_the_secret_in_every_infrastructure(tmp_path, run):
    names = ("--service-account", "litmus", "--service-account", "on")
    _, out, _ = run(*NEEDED, "--infrastructure", "prod-us=us", *REGISTRIES["private"], *names)
    assert [one.service_accounts.value for one in review(tmp_path).resolved.values()] == [("litmus", "on")] * 2
    assert "imagePullSecrets" not in out


@pytest.mark.parametrize("login", [("--username", "puller"), ("--secret-name", "registry-login")])
def test_where_no_account_is_named_it_is_told_what_pods_need(tmp_path, run, login):
    _, out, _ = run(*NEEDED, "--server", "registry.company.com", *login)
    assert "`service_accounts: [NAME]`" in out
    assert "`imagePullSecrets`" in out
    assert "      # service_accounts: [NAME] #" in (tmp_path / "stacks" / "Pulumi.acme-prod.yaml").read_text()


@pytest.mark.parametrize("registry", [REGISTRIES["public"], ("--server", ECR), ()])
def test_where_there_is_no_secret_nothing_is_said_of_accounts(tmp_path, run, registry):
    _, out, _ = run(*NEEDED, *registry)
    assert "imagePullSecrets" not in out
    assert "service_accounts" not in (tmp_path / "stacks" / "Pulumi.acme-prod.yaml").read_text()


def test_where_nothing_can_be_made_yet_no_extra_is_for_making_it(tmp_path, run):
    code, out, err = run(*NEEDED, "--server", "acmeprod.azurecr.io/chaos")
    assert (code, err) == (0, "")
    assert out.startswith("assumed  --private --node-identity --provider aks\n")
    assert "repositories" not in config_of(tmp_path, "acme")["chaosreg:account"]
    assert (tmp_path / "requirements.txt").read_text() == "pulumi-chaosreg[azure]\n"


def test_ecr_is_made_and_filled_with_the_extras_for_it_and_needs_no_password(tmp_path, run):
    _, out, _ = run(*NEEDED, "--server", ECR)
    assert ".venv/bin/pip install 'pulumi-chaosreg[ecr,aws]'\n" in out
    assert (tmp_path / "requirements.txt").read_text() == "pulumi-chaosreg[ecr,aws]\n"
    assert "config set" not in out
    assert config_of(tmp_path, "acme")["chaosreg:account"]["repositories"] == {"create": True}
    assert config_of(tmp_path, "acme-prod")["chaosreg:infrastructures"]["prod-eu"]["cluster"]["provider"] == "eks"


def test_a_key_file_stays_out_of_git(tmp_path, run):
    # given a key in a repository
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    _key(tmp_path / "keys" / "#chaos [1].json")
    # when
    code, out, _ = run(*NEEDED, "--server", "europe-docker.pkg.dev/acme/chaos", "--key-file", "keys/#chaos [1].json")
    # then
    assert code == 0
    said = config_of(tmp_path, "acme")["chaosreg:account"]["image_registry"]["authentication"]
    assert said == {"type": "gcp_service_account", "key_file": "keys/#chaos [1].json"}
    subprocess.run(["git", "-C", tmp_path, "check-ignore", "keys/#chaos [1].json"], check=True)
    assert review(tmp_path).errors == ()
    assert "config set" not in out


def test_a_gitignore_of_the_user_s_is_kept_and_told_that_it_lacks_the_key_file(tmp_path, run):
    (tmp_path / ".gitignore").write_text(".venv/\n")
    _, out, _ = run(*NEEDED, "--server", "europe-docker.pkg.dev/acme/chaos", "--key-file", "keys/chaos.json")
    assert f"kept   {tmp_path}/.gitignore\n         it lacks  chaos.json\n" in out


def test_a_key_file_that_is_none_is_told_and_not_shown(tmp_path, run):
    (tmp_path / "key.json").write_text('{"type": "authorized_user", "refresh_token": "s3cret"}')
    code, out, err = run(*NEEDED, "--server", "europe-docker.pkg.dev/acme/chaos", "--key-file", "key.json")
    assert (code, out) == (2, "")
    assert "--key-file: `key.json` is not the key of a service account" in err
    assert "s3cret" not in err
    assert files_in(tmp_path) == ["key.json"]


def test_a_key_file_is_read_and_not_asked_for(run):
    _, out, _ = run(*NEEDED, "--server", "europe-docker.pkg.dev/acme/chaos", "--username", "_json_key")
    assert "--secret chaosreg-credentials:registry-credentials < service-account-key.json  # the JSON key" in out


def test_nodes_of_another_cloud_need_an_identity_of_their_own(tmp_path, run):
    run(*NEEDED, "--server", ECR, "--node-identity", "--provider", "gke")
    assert config_of(tmp_path, "acme")["chaosreg:account"]["image_registry"]["authentication"] == {
        "type": "node_identity"
    }


def test_extras_that_a_requirements_file_lacks_are_told(tmp_path, run):
    (tmp_path / "requirements.txt").write_text("pulumi-chaosreg[aws]==0.1\n")
    _, out, _ = run(*NEEDED, "--server", ECR)
    assert "it lacks  pulumi-chaosreg[ecr,aws]" in out


def test_of_a_new_folder_it_is_only_said_that_nothing_is_locked(tmp_path, run):
    run(*NEEDED, *REGISTRIES["private"])
    assert [(finding.severity, finding.code) for finding in review(tmp_path).findings] == [("hint", "CHR0304")]


def test_each_level_has_its_own_file_and_names_its_parent(tmp_path, run):
    run(*NEEDED, *LEVELS["both"])
    assert files_in(tmp_path / "stacks") == [
        "Pulumi.acme.yaml",
        "Pulumi.checkout-prod.yaml",
        "Pulumi.checkout.yaml",
        "Pulumi.payments.yaml",
    ]
    parents = {s: config_of(tmp_path, s)["chaosreg:parent_stack"] for s in ("payments", "checkout", "checkout-prod")}
    assert parents == {"payments": "acme", "checkout": "payments", "checkout-prod": "checkout"}


def test_a_whole_program_is_written_around_the_stackfiles_in(tmp_path, run):
    run(*NEEDED)
    assert files_in(tmp_path)[:4] == [".gitignore", "Pulumi.yaml", "__main__.py", "requirements.txt"]
    settings = read_yaml(tmp_path / "Pulumi.yaml")
    assert settings["stackConfigDir"] == "stacks"
    assert settings["runtime"]["options"]["virtualenv"] == ".venv"
    assert settings["plugins"] == {"providers": [{"name": "chaosreg", "path": ".venv/bin"}]}


def test_the_release_is_always_written_and_stays_text(tmp_path, run):
    run(*NEEDED)
    assert config_of(tmp_path, "acme")["chaosreg:account"]["images"] == {"release": load_catalogue().newest}
    assert f'release: "{load_catalogue().newest}"' in (tmp_path / "stacks" / "Pulumi.acme.yaml").read_text()


def test_a_source_that_is_not_harness_s_is_allowed_by_name(tmp_path, run):
    code, _, _ = run(*NEEDED, *REGISTRIES["public"], "--source", "cache.company.com/harness")
    assert code == 0
    account = config_of(tmp_path, "acme")["chaosreg:account"]
    assert account["mirror"] == {"source": "cache.company.com/harness", "allow_sources": ["cache.company.com/harness"]}
    assert review(tmp_path).errors == ()


@pytest.mark.parametrize(
    "context",
    ["arn:aws:eks:eu-west-1:123456789012:cluster/prod", "user@host: a#b", "yes", "Null", "007", "a=b", "ü 'x' \"y\""],
)
def test_contexts_arrive_as_they_were_given(tmp_path, run, context):
    assert run("--account", "on", "--infrastructure", f"1={context}")[0] == 0
    as_yaml_1_1 = yaml.safe_load((tmp_path / "stacks" / "Pulumi.on-prod.yaml").read_text())["config"]
    for config in (config_of(tmp_path, "on-prod"), as_yaml_1_1):  # our reader, and those that read `on` as true
        assert config["chaosreg:parent_stack"] == "on"
        assert config["chaosreg:infrastructures"]["1"]["cluster"] == {"context": context}
    assert review(tmp_path).errors == ()


def test_levels_of_one_name_get_stacks_of_their_own(tmp_path, run):
    code, _, _ = run(*NEEDED, "--organization", "acme", "--project-id", "acme")
    assert code == 0
    assert files_in(tmp_path / "stacks") == [
        "Pulumi.acme-organization.yaml",
        "Pulumi.acme-prod.yaml",
        "Pulumi.acme-project.yaml",
        "Pulumi.acme.yaml",
    ]
    assert review(tmp_path).errors == ()


def test_next_steps_are_the_commands_for_these_answers(run):
    _, out, _ = run(*NEEDED, *REGISTRIES["private"], "--project-id", "checkout")
    steps = [
        "chaosreg resolve\n",
        "chaosreg lock\n",
        ".venv/bin/pip install pulumi-chaosreg\n",
        "pulumi login ",
        "docker login harbor.company.com ",
        "pulumi stack init acme\n",
        "pulumi config set --stack acme --secret chaosreg-credentials:registry-credentials ",
        "pulumi up --stack acme\n",
        "pulumi stack init checkout-prod\n",
        "pulumi up --stack checkout-prod\n",
    ]
    places = [out.index(f"       {step}") for step in steps]
    assert places == sorted(places)


def test_what_the_project_s_environment_has_is_not_installed_again(tmp_path, run, monkeypatch):
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    out = run(*NEEDED)[1]
    assert "pip install" not in out
    assert "-m venv" not in out


def test_in_an_environment_that_does_not_run_this_the_package_is_installed(tmp_path, run):
    (tmp_path / ".venv").mkdir()
    out = run(*NEEDED)[1]
    assert ".venv/bin/pip install pulumi-chaosreg\n" in out
    assert "-m venv" not in out


def test_without_a_registry_nothing_is_locked_and_the_account_needs_no_up(run):
    _, out, _ = run(*NEEDED)
    assert "pulumi up --stack acme-prod" in out
    for left_out in ("chaosreg lock", "docker login", "--secret", "pulumi up --stack acme\n"):
        assert left_out not in out


def test_a_dry_run_prints_the_files_and_writes_nothing(tmp_path, run):
    code, out, _ = run(*NEEDED, "--dry-run")
    assert code == 0
    assert files_in(tmp_path) == []
    assert f"# {tmp_path}/stacks/Pulumi.acme.yaml\n" in out
    assert "    id: acme\n" in out


def test_project_behind_the_command_is_the_folder_too(tmp_path, capsys):
    folder = tmp_path / "new" / "folder"
    assert main(["init", "--project", str(folder), *NEEDED]) == 0
    assert "Pulumi.acme.yaml" in files_in(folder / "stacks")


# what is in the way


def test_no_stack_file_is_overwritten_and_all_in_the_way_are_named(tmp_path, run):
    # given two of the files, and an account under another name
    (tmp_path / "stacks").mkdir()
    there = {"payments": "mine", "acme-prod": "", "old": "config: {'chaosreg:account': {id: old}}\n"}
    for stack, text in there.items():
        (tmp_path / "stacks" / f"Pulumi.{stack}.yaml").write_text(text)
    # when
    code, out, err = run(*NEEDED, "--organization", "payments")
    # then
    assert (code, out) == (2, "")
    assert all(f"stacks/Pulumi.{stack}.yaml" in err for stack in there)
    assert len(files_in(tmp_path)) == 3
    assert {s: (tmp_path / "stacks" / f"Pulumi.{s}.yaml").read_text() for s in there} == there


def test_a_link_to_nowhere_is_not_followed(tmp_path, run):
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.acme-prod.yaml").symlink_to(tmp_path / "elsewhere")
    code, out, err = run(*NEEDED)
    assert (code, out) == (2, "")
    assert "Pulumi.acme-prod.yaml: File exists" in err
    assert files_in(tmp_path) == []


def test_a_folder_in_the_way_of_a_file_leaves_nothing_written(tmp_path, run):
    (tmp_path / "requirements.txt").mkdir()
    code, out, said = run(*NEEDED)
    assert (code, out) == (2, "")
    assert "nothing was written" in said
    assert files_in(tmp_path) == []


def test_a_project_that_is_there_is_kept_and_told_what_it_lacks(tmp_path, run):
    # given
    mine = {"Pulumi.yaml": "name: mine\nruntime: python\nstackConfigDir: conf\n", "__main__.py": "print()\n"}
    for name, text in mine.items():
        (tmp_path / name).write_text(text)
    # when
    code, out, _ = run(*NEEDED)
    # then
    assert code == 0
    assert {name: (tmp_path / name).read_text() for name in mine} == mine
    assert files_in(tmp_path / "conf") == ["Pulumi.acme-prod.yaml", "Pulumi.acme.yaml"]
    assert f"kept   {tmp_path}/Pulumi.yaml\n         it lacks  plugins: {{providers: [{{name: chaosreg, " in out
    assert "it lacks  from pulumi_chaosreg.program import run" in out
    assert "stackConfigDir" not in out
    assert review(tmp_path).errors == ()


def test_without_a_configured_folder_stack_files_go_beside_pulumi_yaml(tmp_path, run):
    (tmp_path / "Pulumi.yaml").write_text("name: mine\nruntime: nodejs\n")
    code, out, _ = run(*NEEDED)
    assert code == 0
    assert "Pulumi.acme.yaml" in files_in(tmp_path)
    assert "it lacks  runtime: {name: python" in out
    assert "it lacks  stackConfigDir: stacks" in out
    assert review(tmp_path).errors == ()


def test_a_project_that_lacks_nothing_hears_nothing(tmp_path, run):
    run(*NEEDED)
    for path in (tmp_path / "stacks").iterdir():
        path.unlink()
    _, out, _ = run(*NEEDED)
    assert out.count("kept   ") == 4
    assert "it lacks" not in out


def test_what_was_written_goes_again_when_writing_fails(tmp_path, run):
    # given a project whose folder for stack files cannot be made, after others were
    (tmp_path / "Pulumi.yaml").write_text("name: mine\nstackConfigDir: a/b/../../__main__.py/stacks\n")
    # when
    code, out, err = run(*NEEDED)
    # then
    assert (code, out) == (2, "")
    assert err.endswith("nothing was written\n")
    assert [path.name for path in tmp_path.rglob("*")] == ["Pulumi.yaml"]


def test_a_file_where_the_folder_should_be_is_2(tmp_path, run):
    (tmp_path / "file").write_text("")
    code, _, err = run("--project", str(tmp_path / "file"), *NEEDED)
    assert code == 2
    assert "nothing was written" in err


# what is missing or wrong, without a terminal


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        ((), ["--account", "--infrastructure"]),
        (("--account", "", "--infrastructure", "a=b"), ["--account"]),
        ((*NEEDED, "--server", "docker.io", "--public"), ["--registry-account"]),
        ((*NEEDED, "--server", "europe-docker.pkg.dev"), ["--registry-account"]),
        ((*NEEDED, "--server", ECR, "--provider", "gke"), ["--identity"]),
        ((*NEEDED, "--server", "public.ecr.aws/acme", "--private", "--provider", "gke"), ["--secret-name"]),
        (("--private",), ["--account", "--infrastructure", "--server"]),
        ((*NEEDED, "--node-identity"), ["--server"]),
        ((*NEEDED, "--service-account", "a"), ["--server"]),
    ],
)
def test_missing_values_are_told_together_and_nothing_is_written(tmp_path, run, arguments, flags):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert [line.split(" is needed")[0] for line in err.splitlines() if " is needed" in line] == [
        f"error: {flag}" for flag in flags
    ]
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--account", "Acme_Corp"), ["--account: `Acme_Corp` is not an id (CHR0201)", "`acme-corp` would be one"]),
        (("--organization", "a/b"), ["--organization: `a/b` is not an id"]),
        (("--environment-stack", "../x"), ["--environment-stack: "]),
        (("--infrastructure", "prod-us"), ["--infrastructure: write NAME=CONTEXT"]),
        (("--infrastructure", "prod_us=x"), ["--infrastructure: `prod_us` is not an id"]),
        (("--infrastructure", "files=x"), ["--infrastructure: `files` is reserved"]),
        (("--infrastructure", "prod-us="), ["--infrastructure: write NAME=CONTEXT"]),
        (("--infrastructure", "prod-eu=x"), ["--infrastructure: `prod-eu` is given twice"]),
        (("--infrastructure", "prod-us=a\x1b[1m"), ["cannot be printed"]),
        (("--server", "https://h.example", "--public"), ["--server: leave out `https://`"]),
        (("--server", "https://u:s3cret@h.example/chaos"), ["--server: leave out `https://`"]),
        (("--server", "h example/chaos"), ["--server: it is not a server (CHR0301); write HOST or HOST:PORT"]),
        (("--server", "h.example/A"), ["--registry-account: it is not a path (CHR0301)"]),
        (("--server", "h.example", "--public", "--registry-account", "A"), ["--registry-account: ", "CHR0301"]),
        (("--server", "h.example", "--public", "--username", "u"), ["--username: a public registry needs no login"]),
        (
            ("--server", "h.example", "--public", "--node-identity"),
            ["--node-identity: a public registry needs no login"],
        ),
        (("--server", "h.example", "--username", "u", "--secret-name", "s"), ["--username and --secret-name: "]),
        (
            ("--server", ECR, "--username", "u"),
            ["--username: Amazon ECR does not accept this login", "--node-identity"],
        ),
        (
            ("--server", "h.example", "--identity", "keys"),
            ["--identity: any other registry does not accept this login"],
        ),
        (
            ("--server", "europe-docker.pkg.dev/acme/chaos", "--username", "puller"),
            ["--username: Google Artifact Registry knows no such user; use one of _json_key, "],
        ),
        (("--server", "europe-docker.pkg.dev/acme/my_chaos"), ["--registry-account: `acme/my_chaos` cannot be a path"]),
        (("--server", "h.example", "--secret-name", "S"), ["--secret-name: ", "CHR0112"]),
        (("--server", ECR, "--key-file", "key.json"), ["--key-file: Amazon ECR does not accept this login"]),
        (("--server", ECR, "--kind", "harbor"), ["--kind: ", "is Amazon ECR"]),
        (("--server", "h.example", "--kind", "harbour"), ["--kind: ", "harbor"]),
        (("--server", "h.example", "--provider", "ecs"), ["--provider: ", "eks"]),
        (("--server", "europe-docker.pkg.dev/acme"), ["--registry-account: ", "`PROJECT/REPOSITORY`"]),
        (("--server", "h.example", "--public", "--source", "harness"), ["--source: ", "docker.io/harness"]),
        (("--server", "docker.io", "--public", "--registry-account", "harness"), ["--server: images come from"]),
        (("--namespace", "A"), ["--namespace: ", "CHR0112"]),
        (("--server", "h.example", "--service-account", "A"), ["--service-account: ", "CHR0112"]),
        (
            ("--server", "h.example", "--public", "--service-account", "a"),
            ["--service-account: ", "everybody may pull"],
        ),
        (("--server", ECR, "--service-account", "a"), ["--service-account: ", "nodes pull by their own identity"]),
        (("--release", "1.94"), ["--release: release `1.94` is not in the catalogue", "newest: "]),
        (("--release", "1.94.4", "--type", "dedicated"), ["no images for dedicated", "1.53.1"]),
        (("--type", "dcr"), ["--type: ", "ddcr"]),
        (("--environment-stack", "acme"), ["--environment-stack: stack `acme` holds a level above"]),
    ],
)
def test_a_wrong_value_is_refused_by_the_rules_of_the_stackfiles_in(tmp_path, run, arguments, words):
    code, out, err = run(*NEEDED, *arguments)
    assert (code, out) == (2, "")
    assert all(word in err for word in words), err
    assert not any(secret in err for secret in ("s3cret", "image_registry."))
    assert files_in(tmp_path) == []


def test_what_would_not_validate_is_not_written(tmp_path, run, monkeypatch):
    # given a mistake of ours
    monkeypatch.setattr(first_stacks, "stack_files", lambda _: {"acme": "config:\n  chaosreg:acount: {id: acme}\n"})
    # when
    code, out, err = run(*NEEDED)
    # then
    assert (code, out) == (2, "")
    assert "error[CHR0110]" in err
    assert "--> stacks/Pulumi.acme.yaml:2" in err
    assert files_in(tmp_path) == []
