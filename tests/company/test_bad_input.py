"""Bad input on the real engine: one clear error each, no traceback, nothing half done."""

from pathlib import Path

import pytest

from lab.state import LabState
from lab.workspace import Workspace

pytestmark = pytest.mark.engine

ACME, CHECKOUT, PROD = (f"stacks/Pulumi.{stack}.yaml" for stack in ("acme", "checkout", "checkout-prod"))
MISTAKES = {
    "unknown level": (PROD, "chaosreg:infrastructures:", "chaosreg:clusters:", "CHR0110"),
    "missing parent file": (PROD, "parent_stack: checkout", "parent_stack: checkuot", "CHR0207"),
    "cycle of parents": (CHECKOUT, "parent_stack: payments", "parent_stack: checkout-prod", "CHR0208"),
    "tag that is a float": (CHECKOUT, '"1.94.0"', "1.94", "CHR0105"),
    "unknown key": (PROD, "service_accounts:", "service_acounts:", "CHR0104"),
    "unknown release": (ACME, '"1.93.0"', '"1.93.9"', "CHR0302"),
    "image that is not locked": (CHECKOUT, '"1.94.0"', '"1.93.0"', "CHR0304"),
    "forbidden override": (CHECKOUT, "allow_overrides: true", "allow_overrides: false", "CHR0203"),
}


def test_all_mistakes_are_told_in_one_preview(company: Workspace) -> None:
    for mistake in ("tag that is a float", "unknown key", "unknown release"):
        company.edit(*MISTAKES[mistake][:3])

    done = company.run("pulumi", "preview", "--stack", "checkout-prod", check=False)

    said = done.stdout + done.stderr
    assert done.returncode
    for file, code in ((CHECKOUT, "CHR0105"), (PROD, "CHR0104"), (ACME, "CHR0302")):
        assert f"error[{code}]" in said
        assert f"{file}:" in said
    assert "Traceback" not in said


@pytest.mark.nightly
def test_each_mistake_is_one_error_in_the_preview(company: Workspace) -> None:
    stacks = company.folder / "stacks"
    good = {path: path.read_text("utf-8") for path in stacks.glob("*.yaml")}
    for mistake, (file, old, new, code) in MISTAKES.items():
        company.edit(file, old, new)

        done = company.run("pulumi", "preview", "--stack", "checkout-prod", check=False)

        said = done.stdout + done.stderr
        assert done.returncode, mistake
        assert f"error[{code}]" in said, f"{mistake}: {said}"
        assert f"{file}:" in said, f"{mistake}: no file and line in {said}"
        assert "Traceback" not in said, mistake
        for path, text in good.items():
            path.write_text(text, "utf-8")


def test_a_credential_that_was_never_set_is_named_before_anything_is_made(company: Workspace) -> None:
    company.run("pulumi", "config", "rm", "--stack", "acme", "chaosreg-credentials:harbor-credentials")

    done = company.up("checkout-prod", check=False)

    said = done.stdout + done.stderr
    assert "CHR0501" in said
    assert "chaosreg-credentials:harbor-credentials in stacks/Pulumi.acme.yaml" in said
    assert "Traceback" not in said
    assert _made(company) == []


def test_an_owner_that_was_never_initialised_is_named(company: Workspace) -> None:
    company.run("pulumi", "stack", "rm", "--stack", "acme", "--yes", "--preserve-config")

    done = company.run("pulumi", "preview", "--stack", "checkout-prod", check=False)

    assert "CHR0509" in done.stdout
    assert "pulumi stack init acme" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_an_owner_that_is_not_up_yet_is_named(company: Workspace) -> None:
    done = company.up("checkout-prod", check=False)

    said = done.stdout + done.stderr
    assert "CHR0508" in said
    assert "pulumi up --stack acme" in said
    assert "Traceback" not in said


@pytest.mark.nightly
def test_another_passphrase_is_an_error_in_the_preview_and_is_called_by_its_name(company: Workspace) -> None:
    company.up("acme")
    company.run("pulumi", "stack", "rm", "--stack", "checkout-prod", "--yes", "--preserve-config")
    company.edit(PROD, "encryptionsalt:", "# encryptionsalt:")
    company.environment["PULUMI_CONFIG_PASSPHRASE"] = "another one"
    company.init("checkout-prod")

    done = company.run("pulumi", "preview", "--stack", "checkout-prod", check=False)

    assert done.returncode
    assert "CHR0508" in done.stdout
    assert "different passphrases" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_dead_api_server_is_one_error_and_the_next_up_finishes(
    company: Workspace, lab: LabState, tmp_path: Path
) -> None:
    company.up("acme")
    dead = tmp_path / "dead-kubeconfig"
    live = Path(lab.kubernetes.kubeconfig).read_text("utf-8")
    dead.write_text(live.replace(lab.kubernetes.server, "https://127.0.0.1:1"), "utf-8")
    good = company.environment["KUBECONFIG"]
    company.environment["KUBECONFIG"] = str(dead)

    done = company.up("checkout-prod", check=False)

    said = done.stdout + done.stderr
    assert done.returncode
    assert "unreachable" in said
    assert "Traceback" not in said
    assert not any(type_ == "kubernetes:core/v1:Secret" for type_ in _made(company))
    company.environment["KUBECONFIG"] = good
    company.up("checkout-prod")
    company.up("checkout-prod", "--expect-no-changes")


def _made(company: Workspace) -> list[str]:
    """The types of what is in the state, apart from the stack itself."""
    resources = company.state("checkout-prod")["deployment"].get("resources") or []
    return [resource["type"] for resource in resources if resource["type"].startswith(("kubernetes:", "chaosreg:"))]
