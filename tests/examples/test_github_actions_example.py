"""The workflow of examples/github-actions, every `run:` of it, on a real git repository and the real engine.

Stand-ins, which the run's warnings name: GitHub's runner (github_actions.py) with its actions, GitHub's API
(github_api.py), the package index (wheel_folder.py).
"""

import os
import secrets
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.registry import RegistryServer
from lab.state import LabState
from lab.workspace import PASSPHRASE, Workspace
from tests.support import wheel_folder
from tests.support.github_actions import Run, Runner, Workflow
from tests.support.github_api import BOT, PULL_REQUEST, REPOSITORY, GitHubApi
from tests.support.workspaces import PULL_CANARY, PUSH_CANARY

pytestmark = pytest.mark.engine

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLE = CHECKOUT / "examples/github-actions"
WORKFLOW = EXAMPLE / ".github/workflows/chaosreg.yaml"
TOKEN = "ghs-canary-70cea11"
MERGE = f"refs/pull/{PULL_REQUEST}/merge"


class Machine:
    """A runner's folder. Unlike GitHub's its `.venv` stays from job to job, which saves minutes."""

    def __init__(self, folder: Path) -> None:
        self.home, self.work = folder / "home", folder / "work"
        self.temporary = folder / "temporary"
        self.artifacts = folder / "artifacts"
        tools, wheels = folder / "tools", folder / "wheels"
        for made in (self.work, self.temporary, tools):
            made.mkdir()
        wheel_folder.fill(wheels)
        for name in ("python", "python3"):
            (tools / name).write_text(f'#!/bin/sh\nexec "{Path(sys.base_prefix) / "bin/python3"}" "$@"\n')
            (tools / name).chmod(0o755)
        ours = Path(sys.prefix) / "bin"  # the workflow has to install chaosreg
        path = [place for place in os.environ["PATH"].split(os.pathsep) if Path(place) != ours]
        self.environment = {
            **{key: os.environ[key] for key in ("PULUMI_HOME", "PULUMI_SKIP_UPDATE_CHECK", "DOCKER_CONFIG")},
            "PATH": os.pathsep.join([str(tools), *path]),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(wheels),
            "PIP_CONSTRAINT": str(CHECKOUT / "constraints.txt"),
            "PIP_NO_COMPILE": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_ACTIONS": "true",
            "CI": "true",
        }

    def clear(self) -> None:
        """As good as new for the next job."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        for path in self.work.iterdir():
            if path.is_file():
                path.unlink()
            elif path.name != ".venv":
                shutil.rmtree(path)


class Repository:
    """A repository on GitHub: a bare one that pull requests and pushes go to, and the workflow that they start."""

    def __init__(self, company: Workspace, machine: Machine, api: GitHubApi, kubeconfig: str) -> None:
        self.company, self.machine, self.api = company, machine, api
        self.workflow = Workflow(company.folder / ".github/workflows/chaosreg.yaml")
        self.bare = company.folder.with_name("github.git")
        self._ref = "refs/heads/main"
        self._passphrase = PASSPHRASE
        self._kubeconfig = kubeconfig
        self._seen: list[str] = []
        self.executed: set[tuple[str, str]] = set()
        self.git("init", "--quiet", "--bare", "--initial-branch", "main", str(self.bare))
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("remote", "add", "origin", f"file://{self.bare}")

    def git(self, *words: str, folder: Path | None = None) -> str:
        who = ("-c", "user.name=Mona", "-c", "user.email=mona@example.com")
        done = subprocess.run(
            ["git", *who, *words], cwd=folder or self.company.folder, capture_output=True, text=True, check=False
        )
        assert not done.returncode, done.stderr
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def push_to_main(self, event: str = "push") -> Run:
        """What GitHub does after a push; the job with an environment makes a deployment of it."""
        self.git("push", "--quiet", "origin", "main")
        self._ref = "refs/heads/main"
        self.api.add_deployment("chaosreg", self.git("rev-parse", "main"), "in_progress")
        run = self._run(event, head="")
        self.api.deployments[0]["state"] = run.results["up"]
        return run

    def pull_request(self, branch: str, head: str = REPOSITORY) -> Run:
        """What GitHub does after a push to a branch with a pull request: it runs on the merge of the two."""
        self.git("push", "--quiet", "--force", "origin", branch)
        self.git("switch", "--quiet", "--detach", "origin/main")
        self.git("merge", "--quiet", "--no-ff", "--message", "merge", branch)
        self.git("push", "--quiet", "--force", "origin", f"HEAD:{MERGE}")
        self.git("switch", "--quiet", branch)
        self._ref = MERGE
        return self._run("pull_request", head)

    def _run(self, event: str, head: str) -> Run:
        shutil.rmtree(self.machine.artifacts, ignore_errors=True)
        same = head in ("", REPOSITORY)
        names = {"KUBECONFIG_YAML": self._kubeconfig, "PULUMI_CONFIG_PASSPHRASE": self._passphrase}
        context = {
            "github": {
                "event_name": event,
                "ref": self._ref,
                "repository": REPOSITORY,
                "token": TOKEN,
                "event": {"pull_request": {"number": PULL_REQUEST, "head": {"repo": {"full_name": head}}}},
            },
            "secrets": {"PULUMI_ACCESS_TOKEN": "", **{name: text if same else "" for name, text in names.items()}},
            "vars": {"PULUMI_BACKEND_URL": self.company.environment["PULUMI_BACKEND_URL"]},
        }
        environment = {
            **self.machine.environment,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_REF": self._ref,
            "GITHUB_BASE_REF": "main" if event == "pull_request" else "",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_API_URL": self.api.url,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "42",
        }
        runner = Runner(self.workflow, self.machine.work, self.machine.temporary, environment, self._uses)
        run = runner.run(context)
        self.executed |= {(step.job, step.step) for step in run.steps}
        self._seen += [run.summary, *(step.output for step in run.steps)]
        for step in run.steps:
            print(f"--- {step.job} / {step.step}: {step.code}\n{step.output}")
        return run

    def _uses(self, action: str, given: Mapping[str, str], job: str) -> None:
        work = self.machine.work
        match action:
            case "actions/checkout":
                self.machine.clear()
                self.git("init", "--quiet", folder=work)
                self.git("remote", "add", "origin", f"file://{self.bare}", folder=work)
                depth = () if given.get("fetch-depth") == "0" else ("--depth", "1")
                all_branches = () if depth else ("+refs/heads/*:refs/remotes/origin/*",)
                self.git(
                    "fetch", "--quiet", *depth, "origin", f"+{self._ref}:refs/checkout", *all_branches, folder=work
                )
                self.git("checkout", "--quiet", "--detach", "refs/checkout", folder=work)
            case "actions/setup-python":
                assert given["cache"] == "pip"
            case "pulumi/actions":
                assert "command" not in given
                assert shutil.which("pulumi", path=self.machine.environment["PATH"])
            case "actions/upload-artifact":
                source, target = work / given["path"], self.machine.artifacts / given["name"]
                shutil.rmtree(target, ignore_errors=True)
                if source.is_dir():
                    shutil.copytree(source, target)
                elif source.exists():
                    target.mkdir(parents=True)
                    shutil.copy(source, target)
                else:
                    assert given["if-no-files-found"] == "ignore"
            case "actions/download-artifact":
                found = sorted(self.machine.artifacts.glob(given.get("name", given.get("pattern"))))
                assert found or "pattern" in given, f"no artifact {given}"
                for artifact in found:
                    shutil.copytree(artifact, work / given["path"], dirs_exist_ok=True)
            case _:
                raise AssertionError(f"{action} in {job}: no stand-in")

    def artifact(self, path: str) -> str:
        return (self.machine.artifacts / path).read_text("utf-8")

    def everything_seen(self) -> str:
        """What anybody could read afterwards: logs, summaries, artifacts, comments."""
        files = [path.read_text("utf-8") for path in self.machine.artifacts.rglob("*") if path.is_file()]
        return "\n".join([*self._seen, *files, *(comment["body"] for comment in self.api.comments)])


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    uses = {step["uses"].partition("@")[0] for _, step in Workflow(WORKFLOW).steps() if "uses" in step}
    actions = ", ".join(sorted(uses))
    warnings.warn(f"stand-ins: GitHub's API; GitHub's runner, which imitates {actions}", stacklevel=1)
    return Machine(tmp_path_factory.mktemp("machine"))


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with GitHubApi(TOKEN) as server:
        yield server


@pytest.fixture
def repository(company: Workspace, lab: LabState, machine: Machine, api: GitHubApi) -> Repository:
    """The example company with the example's files, on main; nothing is up yet."""
    company.init("ledger-prod")
    for path in (company.folder / "stacks").glob("*.yaml"):  # nothing is destroyed here: a kept lab has the last run's
        new = f"namespace: {secrets.token_hex(2)}-test"
        path.write_text(path.read_text("utf-8").replace("namespace: test", new), "utf-8")
    shutil.copytree(EXAMPLE / ".github", company.folder / ".github")
    shutil.copy(EXAMPLE / "requirements.txt", company.folder)
    shutil.copy(CHECKOUT / "Pulumi.yaml", company.folder)  # with `.venv` as users have it
    (company.folder / ".gitignore").write_text(".venv/\n.backend/\ncrane/\n")
    assert lab.kubernetes
    made = Repository(company, machine, api, Path(lab.kubernetes.kubeconfig).read_text("utf-8"))
    made.commit("The company")
    made.git("push", "--quiet", "origin", "main")
    return made


@pytest.mark.nightly
def test_from_the_first_up_to_a_merged_pull_request(repository: Repository, company: Workspace, api: GitHubApi) -> None:
    # given a pull request with more comments than one page, one of which quotes ours
    for number in range(130):
        api.add_comment(f"comment {number}")
    quoting = api.add_comment("<!-- chaosreg -->\nI changed what the bot said")
    other_bot = api.add_comment("coverage: 100 %", BOT)
    others = [dict(comment) for comment in api.comments]

    # when main is pushed for the first time, every stack comes up, the account's first
    first = repository.push_to_main()
    assert first.results == {"validate": "success", "preview": "skipped", "comment": "skipped", "up": "success"}
    assert _brought_up(first) == ["acme", "checkout-prod", "ledger-prod"]

    # when a pull request edits the account
    repository.git("switch", "--quiet", "--create", "newer-release")
    company.edit("stacks/Pulumi.acme.yaml", 'release: "1.93.0"', 'release: "1.94.4"')
    company.run("chaosreg", "lock")
    repository.commit("Newer images")
    opened = repository.pull_request("newer-release")

    # then the touched stacks are previewed, and one comment has first the diff, then the previews
    assert opened.results == {"validate": "success", "preview": "success", "comment": "success", "up": "skipped"}
    assert _previewed(opened) == ["acme", "checkout-prod"]
    (comment,) = api.comments[len(others) :]
    places = [comment["body"].index(words) for words in ("| `image.chaos-ddcr-faults`", "<b>acme</b>", "<b>checkout-")]
    assert comment["body"].startswith("<!-- chaosreg -->\n**chaosreg**: 2 infrastructures (2 changed)")
    assert places == sorted(places)
    assert "3 to create" in comment["body"]
    assert "2 to update" in comment["body"]
    assert "2 infrastructures (2 changed)" in opened.summary
    assert '"version": "2.1.0"' in repository.artifact("findings/chaosreg.sarif")

    # when there is another commit, the same comment tells the new state
    company.edit("stacks/Pulumi.checkout-prod.yaml", "service_accounts: [litmus]", "service_accounts: [litmus, chaos]")
    repository.commit("One more service account")
    again = repository.pull_request("newer-release")
    assert again.results["comment"] == "success"
    assert "updated comment" in again.output("comment")
    (same,) = api.comments[len(others) :]
    assert same["id"] == comment["id"]
    assert "chaos" in same["body"]
    assert same["body"] != opened.summary
    # and nobody else's comment was touched
    assert api.comments[: len(others)] == others
    assert quoting["body"].endswith("I changed what the bot said")
    assert other_bot["body"] == "coverage: 100 %"

    # when it is merged, what it touches comes up in the order of the waves
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "newer-release")
    merged = repository.push_to_main()
    assert merged.results["up"] == "success"
    assert _brought_up(merged) == ["acme", "checkout-prod"]
    assert "infrastructure payments/checkout/prod-eu" in merged.summary
    company.add_project()  # back to this checkout's chaosreg, with the kubeconfig where the workflow has it
    company.environment["HOME"] = str(repository.machine.home)
    del company.environment["KUBECONFIG"]
    for stack in ("acme", "checkout-prod", "ledger-prod"):
        assert company.preview(stack) == []

    # then every `run:` of the workflow was executed, and no secret was seen by anybody
    assert repository.executed == repository.workflow.run_steps()
    seen = repository.everything_seen()
    assert "checkout-prod" in seen
    for canary in (TOKEN, PUSH_CANARY, PULL_CANARY, PASSPHRASE, "certificate-authority-data"):
        assert canary not in seen


@pytest.mark.nightly
def test_a_forbidden_override_ends_it_before_anything_else_runs(
    repository: Repository, company: Workspace, api: GitHubApi
) -> None:
    repository.git("switch", "--quiet", "--create", "drift")
    company.edit(
        "stacks/Pulumi.ledger-prod.yaml", "type: dedicated", 'type: dedicated\n      images: {release: "1.94.4"}'
    )
    repository.commit("Our own release")

    run = repository.pull_request("drift")

    assert run.results == {"validate": "failure", "preview": "skipped", "comment": "skipped", "up": "skipped"}
    assert [(step.step, step.code) for step in run.steps] == [("Install", 0), ("Validate", 1)]
    assert "stacks/Pulumi.ledger-prod.yaml:7" in run.output("validate")
    assert "error[CHR02" in run.output("validate")
    assert '"level": "error"' in repository.artifact("findings/chaosreg.sarif")
    assert api.requests == []

    # and what nobody can merge is not brought up either
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "drift")
    assert repository.push_to_main().results["up"] == "skipped"


@pytest.mark.nightly
def test_a_pull_request_from_a_fork_is_checked_and_compared_only(
    repository: Repository, company: Workspace, api: GitHubApi
) -> None:
    repository.git("switch", "--quiet", "--create", "from-a-fork")
    company.edit("stacks/Pulumi.acme.yaml", 'release: "1.93.0"', 'release: "1.94.4"')
    company.run("chaosreg", "lock")
    repository.commit("Newer images")

    run = repository.pull_request("from-a-fork", head="somebody/chaos-images")

    assert run.results == {"validate": "success", "preview": "skipped", "comment": "skipped", "up": "skipped"}
    assert "| `image.chaos-ddcr-faults`" in run.summary
    assert api.requests == []


@pytest.mark.nightly
def test_a_pull_request_that_touches_no_stack_has_an_empty_matrix_and_no_comment(
    repository: Repository, company: Workspace, api: GitHubApi
) -> None:
    repository.git("switch", "--quiet", "--create", "words")
    (company.folder / "NOTES.md").write_text("words\n")
    repository.commit("Words")

    run = repository.pull_request("words")

    assert run.jobs["validate"].outputs == {"stacks": "[]"}
    assert run.results == {"validate": "success", "preview": "skipped", "comment": "success", "up": "skipped"}
    assert "no stack is touched" in run.output("comment")
    assert api.comments == []


@pytest.mark.nightly
def test_a_preview_that_fails_is_in_the_comment_and_the_others_still_run(
    repository: Repository, company: Workspace, api: GitHubApi
) -> None:
    # given an environment whose stack nobody has initialised, and an edit that touches others, too
    repository.git("switch", "--quiet", "--create", "new-environment")
    stack = (
        "config: {chaosreg:parent_stack: checkout, chaosreg:infrastructures: {test: {cluster: {context: staging}}}}\n"
    )
    (company.folder / "stacks/Pulumi.a-test.yaml").write_text(stack)
    company.edit("stacks/Pulumi.acme.yaml", 'release: "1.93.0"', 'release: "1.94.4"')
    company.run("chaosreg", "lock")
    repository.commit("An environment")

    run = repository.pull_request("new-environment")

    assert run.results == {"validate": "success", "preview": "failure", "comment": "success", "up": "skipped"}
    (comment,) = api.comments
    assert "Preview of <b>acme</b></summary>" in comment["body"]
    assert "Preview of <b>a-test</b> ❌ failed</summary>" in comment["body"]
    assert "error: no stack named 'a-test' found" in comment["body"]
    assert "Preview of <b>checkout-prod</b></summary>" in comment["body"]


@pytest.mark.nightly
def test_the_first_failure_ends_an_up_and_the_next_run_makes_up_for_it(
    repository: Repository, company: Workspace, private_target: RegistryServer
) -> None:
    # given all is up, and a newer release is merged while the registry is down
    repository.push_to_main()
    company.edit("stacks/Pulumi.acme.yaml", 'release: "1.93.0"', 'release: "1.94.4"')
    company.run("chaosreg", "lock")
    repository.commit("Newer images")
    private_target.stop()
    failed = repository.push_to_main()

    # then nothing after the failure is tried
    assert failed.results["up"] == "failure"
    assert _brought_up(failed) == ["acme"]

    # when the next commit, which touches no stack, is pushed, the run brings up what the failed one has left
    private_target.start()
    (company.folder / "NOTES.md").write_text("words\n")
    repository.commit("Words")
    repaired = repository.push_to_main()
    assert repaired.results["up"] == "success"
    assert _brought_up(repaired) == ["acme", "checkout-prod"]

    # and then nothing is left
    (company.folder / "NOTES.md").write_text("more words\n")
    repository.commit("More words")
    assert _brought_up(repository.push_to_main()) == []


@pytest.mark.nightly
def test_without_the_api_nothing_is_brought_up(repository: Repository, api: GitHubApi) -> None:
    api.token = "another"

    run = repository.push_to_main()

    assert run.results["up"] == "failure"
    assert run.steps[-1].step == "What is up now"
    assert "401" in run.output("up")
    assert _brought_up(run) == []


@pytest.mark.nightly
def test_a_run_by_hand_brings_everything_up(repository: Repository, api: GitHubApi) -> None:
    api.add_deployment("chaosreg", repository.git("rev-parse", "main"), "success")

    run = repository.push_to_main("workflow_dispatch")

    assert _brought_up(run) == ["acme", "checkout-prod", "ledger-prod"]


def _brought_up(run: Run) -> list[str]:
    return [line.removeprefix("::group::") for line in run.output("up").splitlines() if line.startswith("::group::")]


def _previewed(run: Run) -> list[str]:
    previews = [step for step in run.steps if step.step == "Preview"]
    return [_stack_of(step.output) for step in previews]


def _stack_of(output: str) -> str:
    urn: Any = next(line for line in output.splitlines() if "urn:pulumi:" in line)
    return urn.split("urn:pulumi:")[1].split("::")[0]
