"""Makes `from_0_1/` again: what a company that runs 0.1 has in its stack files, its backend and its clusters.

Not a test. Run it with a checkout of 0.1, as the README beside it says.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from lab.images import copy_storage
from lab.kubeapi import get
from lab.registry import RegistryServer
from lab.state import KubernetesState, load
from lab.workspace import Workspace

HERE = Path(__file__).parent
WRITTEN, MADE = HERE / "company", HERE / "from_0_1"
SOURCE, TARGET = 5011, 5010
"""Ports that the stack files name: the state and the clusters' objects hold them, too."""
LOGINS = {"puller": "pull-canary", "pusher": "push-canary"}
KUBECONFIG = "kubeconfig-of-the-lab"
"""What stands for its path: the Provider takes it from the environment, and the state keeps it."""
KINDS = {"secrets": "Secret", "configmaps": "ConfigMap", "serviceaccounts": "ServiceAccount"}


def main() -> None:
    """All of it, in registries at the ports that the files name."""
    lab = load()
    assert lab.upstream is not None
    assert lab.kubernetes is not None
    shutil.rmtree(MADE, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary:
        room = Path(temporary)
        copy_storage(Path(lab.upstream.log).parent / "storage", room / "source" / "storage")
        with (
            RegistryServer(room / "source", port=SOURCE),
            RegistryServer(room / "target", port=TARGET, logins=LOGINS),
        ):
            make_company(room / "company", lab.kubernetes)
            make_program(room / "program", lab.kubernetes)


def make_company(folder: Path, cluster: KubernetesState) -> None:
    """First `together`, in three stacks; then `apart`: after `chaosreg move`, before any `up` of the new stacks."""
    company = Workspace(folder)
    company.add_project()
    shutil.copytree(WRITTEN / "together", folder / "stacks")
    company.run("chaosreg", "lock")
    stacks = ["acme", "payments", "lab"]
    for stack in stacks:
        company.init(stack)
    set_credentials(company, "acme")
    set_credentials(company, "payments")
    for stack in stacks:
        company.up(stack)
        company.up(stack, "--expect-no-changes")
    keep(company, MADE / "together", stacks)
    keep_objects(cluster, MADE / "objects.json", "upgrade-eu", "upgrade-us", "upgrade-dev")

    before = (folder / "stacks" / "Pulumi.payments.yaml").read_text("utf-8")
    kept = before[before.index("  chaosreg-credentials:") :]  # and the salt below
    for path in (WRITTEN / "apart").iterdir():
        shutil.copy(path, folder / "stacks")
    payments = folder / "stacks" / "Pulumi.payments.yaml"
    payments.write_text(payments.read_text("utf-8") + kept, "utf-8")
    company.init("payments-registry", "checkout-us")
    set_credentials(company, "payments-registry")
    company.run("chaosreg", "move", "payments", "--from", "payments", "--yes")
    keep(company, MADE / "apart", ["payments-registry", "payments", "checkout-us"])


def make_program(folder: Path, cluster: KubernetesState) -> None:
    """A program of a user's own."""
    program = Workspace(folder)
    program.add_project()
    shutil.copy(WRITTEN / "program" / "__main__.py", folder)
    (folder / "stacks").mkdir()
    program.init("program")
    program.up("program")
    program.up("program", "--expect-no-changes")
    keep(program, MADE / "program", ["program"])
    shutil.copy(folder / "__main__.py", MADE / "program")
    keep_objects(cluster, MADE / "program-objects.json", "upgrade-program")


def set_credentials(company: Workspace, stack: str) -> None:
    """Who pulls and who pushes, as a user would set them."""
    push = json.dumps({"username": "pusher", "password": LOGINS["pusher"]})
    values = (f"chaosreg-credentials:harbor={LOGINS['puller']}", f"chaosreg-credentials:harbor-push={push}")
    words = [word for value in values for word in ("--secret", value)]
    company.run("pulumi", "config", "set-all", "--stack", stack, *words)


def keep(company: Workspace, folder: Path, stacks: list[str]) -> None:
    """The stack files and each stack's state, its secrets encrypted with the lab's passphrase."""
    shutil.copytree(company.folder / "stacks", folder / "stacks")
    for stack in stacks:
        write(folder / f"{stack}.state.json", portable(company.state(stack)))


def portable(state: dict[str, Any]) -> dict[str, Any]:
    """The state without what is of one machine only: where programs lie, and where the lab's kubeconfig was."""
    for resource in state["deployment"]["resources"]:
        resource.pop("sourcePosition", None)
        resource.pop("stackTrace", None)
        if resource["type"] == "pulumi:providers:kubernetes":
            for values in (resource["inputs"], resource["outputs"]):
                values["kubeconfig"] = KUBECONFIG
    return state


def keep_objects(cluster: KubernetesState, file: Path, *namespaces: str) -> None:
    """What is in these namespaces, with its managedFields."""
    found: list[dict[str, Any]] = []
    for namespace in namespaces:
        found.append(get(cluster, f"/api/v1/namespaces/{namespace}") or {})
        for plural in ("secrets", "configmaps", "serviceaccounts"):
            items = (get(cluster, f"/api/v1/namespaces/{namespace}/{plural}") or {})["items"]
            found += [{"apiVersion": "v1", "kind": KINDS[plural], **item} for item in items]
    write(file, found)


def write(file: Path, document: Any) -> None:
    """JSON with a line per value, so that a difference can be read."""
    file.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
