"""`chaosreg init` on a terminal: what it asks, and what becomes of the answers."""

import pytest

from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.review.review import review
from tests.support.new_project import ECR, NEEDED, config_of, files_in
from tests.support.terminal import Questions


@pytest.fixture
def terminal(tmp_path):
    started = []

    def start(*arguments):
        started.append(Questions(tmp_path, *arguments))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def test_questions_lead_to_a_folder_that_validates(tmp_path, terminal):
    # given
    asked = terminal()
    # when
    asked.answer("account", "acme\n")
    asked.answer("Organization", "\n")
    asked.answer("project", "checkout\n")
    asked.answer("Infrastructure", "prod-eu=eks-eu\n")
    asked.answer("Another one [none]", "prod-us=eks-us\n")
    asked.answer("Another one [none]", "\n")
    asked.answer("Namespace of the chaos Pods [hce]", "chaos\n")
    asked.answer(f"Release of Harness's images [{load_catalogue().newest}]", "\n")
    asked.answer("registry", "harbor.company.com\n")
    asked.answer("Its kind: artifactory, generic, harbor [harbor]", "\n")
    asked.answer("Path on harbor.company.com, as PROJECT", "chaos\n")
    asked.answer("public [private]", "\n")
    asked.answer("One of these [password]", "\n")
    asked.answer("User that clusters pull as (the password is set later) [robot$chaos+pull]", "chaos-user\n")
    asked.answer("ServiceAccount of the chaos Pods, which gets the pull Secret [none]", "Litmus\n")
    asked.wait_for("is not a valid Kubernetes object name")
    asked.answer("ServiceAccount", "litmus\n")
    asked.answer("Another one [none]", "\n")
    code, shown = asked.end()
    # then
    assert code == 0
    assert "chaosreg-credentials:registry-credentials" in shown
    assert review(tmp_path).errors == ()
    account = config_of(tmp_path, "acme")["chaosreg:account"]
    assert account["image_registry"]["kind"] == "harbor"
    assert account["image_registry"]["authentication"]["username"] == "chaos-user"
    infrastructures = config_of(tmp_path, "checkout-prod")["chaosreg:infrastructures"]
    assert infrastructures == {
        "prod-eu": {"cluster": {"context": "eks-eu"}, "namespace": "chaos", "service_accounts": ["litmus"]},
        "prod-us": {"cluster": {"context": "eks-us"}, "namespace": "chaos", "service_accounts": ["litmus"]},
    }


def test_only_what_the_kind_needs_is_asked(tmp_path, terminal):
    # given all but the registry, which is one of ECR: its host tells the kind, and it has no path of its own
    asked = terminal("--infrastructure", "prod-eu=x", "--organization", "o", "--project-id", "p", "--namespace", "n")
    asked.answer("account", "acme\n")
    asked.answer("Release", "\n")
    # when
    asked.answer("registry", f"{ECR}/chaos\n")
    asked.answer("public [private]", "\n")
    asked.answer("What runs the nodes: eks, gke, gke_autopilot, aks, openshift, other [eks]", "ecs\n")
    asked.wait_for("has an unknown value")
    asked.answer("What runs the nodes", "gke\n")
    asked.answer("One of these [job]", "password\n")
    asked.wait_for("answer node, secret or job")
    asked.answer("One of these [job]", "job\n")
    asked.answer("The Job's identity", "keys\n")
    asked.answer("ServiceAccount", "\n")
    # then
    code, shown = asked.end()
    assert code == 0
    assert "chaosreg-credentials:keys.access_key_id" in shown
    assert config_of(tmp_path, "acme")["chaosreg:account"]["pull_secret"] == {"identity": "keys"}
    assert review(tmp_path).errors == ()


def test_a_key_file_of_google_is_an_answer(tmp_path, terminal):
    asked = terminal(*NEEDED[2:], "--server", "europe-docker.pkg.dev/acme/chaos", "--release", "1.94.4")
    asked.answer("account", "acme\n")
    asked.answer("Organization", "\n")
    asked.answer("project", "\n")
    asked.answer("Namespace", "\n")
    asked.answer("public [private]", "\n")
    asked.answer("What runs the nodes", "other\n")
    asked.answer("One of these [password]", "file\n")
    asked.answer("Key file, a path from the project's folder [service-account-key.json]", "\n")
    asked.answer("ServiceAccount", "litmus\n")
    asked.answer("Another one", "\n")
    assert asked.end()[0] == 0
    said = config_of(tmp_path, "acme")["chaosreg:account"]["image_registry"]["authentication"]
    assert said == {"type": "gcp_service_account", "key_file": "service-account-key.json"}
    assert "service-account-key.json" in (tmp_path / ".gitignore").read_text().splitlines()
    assert review(tmp_path).errors == ()


def test_a_wrong_answer_is_asked_again_with_the_reason(tmp_path, terminal):
    asked = terminal()
    asked.answer("account", "Acme\n")
    asked.wait_for("`Acme` is not an id")
    asked.answer("account", "\n")
    asked.wait_for("an answer is needed, as in `acme`")
    asked.answer("account", "acme\n")
    asked.answer("Organization", "\n")
    asked.answer("project", "\n")
    asked.answer("Infrastructure", "\n")
    asked.wait_for("an answer is needed, as in `prod-eu=eks-prod-eu`")
    asked.answer("Infrastructure", "prod-eu=x\n")
    asked.answer("Another one", "\n")
    asked.answer("Namespace", "\n")
    asked.answer("Release", "1.0\n")
    asked.wait_for("release `1.0` is not in the catalogue")
    asked.answer("Release", "\n")
    asked.answer("registry", "https://harbor.company.com\n")
    asked.wait_for("leave out `https://`")
    asked.answer("registry", "\n")
    assert asked.end()[0] == 0
    assert review(tmp_path).errors == ()


def test_what_flags_said_is_not_asked(tmp_path, terminal):
    code, shown = terminal(*NEEDED).end()
    assert code == 0
    assert "[none]" not in shown
    assert "Pulumi.acme.yaml" in files_in(tmp_path / "stacks")


@pytest.mark.parametrize("end", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_leaving_in_the_middle_writes_nothing(tmp_path, terminal, end):
    asked = terminal()
    asked.answer("account", "acme\n")
    asked.answer("Organization", "")
    shown = asked.press_until(end, "nothing was written")
    code, rest = asked.end()
    assert code == 130
    assert "Traceback" not in shown + rest
    assert files_in(tmp_path) == []


def test_a_project_with_an_account_is_refused_before_the_first_question(tmp_path, terminal):
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.old.yaml").write_text("config: {'chaosreg:account': {id: old}}\n")
    code, shown = terminal().end()
    assert code == 2
    assert "Pulumi.old.yaml already has an account" in shown
