"""`make demo`: the whole main job on real parts, with the tools' own output."""

import json
import shutil
import signal
import sys
import tempfile
import time
from base64 import b64decode
from pathlib import Path
from types import FrameType

import yaml

from lab.console import title
from lab.errors import LabError
from lab.first_look import AFTER_FIRST_LOOK
from lab.kubeapi import call, get
from lab.node import images as node_images
from lab.node import remove_images
from lab.pods import delete_pod, make_service_account, run_pod, wait_event, wait_running
from lab.registry import read_requests
from lab.session import attach
from lab.state import KubernetesState, LabState, RegistryState, load
from lab.workspace import Workspace
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.scopes.resolved import ResolvedConfig

_ENVIRONMENTS = ("checkout-prod", "ledger-prod")
_STACKS = ("acme", *_ENVIRONMENTS)
_SHOWN = "payments/checkout/prod-eu"
"""The infrastructure whose Secret, ConfigMap and Pods the demo shows."""


_MANIFEST = """\
# a probe's Pod, as upstream hands it out
apiVersion: v1
kind: Pod
metadata: {{name: agent}}
spec:
  nodeName: {node}
  serviceAccountName: without-secret
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: docker.io/harness/chaos-log-watcher:1.90.0   # an older one
      imagePullPolicy: Always
"""


class Demo:
    """The eight steps, in order; each fails the demo when what it shows is not so."""

    def __init__(self, lab: LabState, folder: Path, *, is_second_look: bool) -> None:
        """`is_second_look`: whether levels, an explanation and a diff have been shown already."""
        assert lab.registry is not None
        assert lab.kubernetes is not None
        self.lab = lab
        self.registry: RegistryState = lab.registry
        self.kubernetes: KubernetesState = lab.kubernetes
        self.workspace = Workspace.of_company(folder, lab)
        self.is_second_look = is_second_look
        self.proven: list[str] = []

    def run(self) -> None:
        self.levels()
        self.up()
        self.objects()
        self.pods()
        self.manifests()
        self.no_change()
        self.review_an_edit()
        self.forbidden_override()

    def levels(self) -> None:
        title("1. The four levels, and where each value comes from")
        self._show("chaosreg", "lock")
        if not self.is_second_look:
            self._show("chaosreg", "resolve")
        self._show("chaosreg", "validate")
        if not self.is_second_look:
            self._show("chaosreg", "explain", _SHOWN, "image.chaos-ddcr")

    def up(self) -> None:
        title("2. preview, then up: the account mirrors, then two environments")
        self.workspace.init(*_STACKS)
        self.workspace.set_credentials("acme", self.lab)
        for stack in _STACKS:
            self._show("pulumi", "preview", "--stack", stack, "--suppress-progress")
            self._show("pulumi", "up", "--stack", stack, "--yes", "--skip-preview", "--suppress-progress")
        self.proven.append(f"{len(_STACKS)} stacks up: images mirrored, Secrets and ConfigMaps in their clusters")

    def objects(self) -> None:
        title("3. What the cluster got: the Secret (redacted) and the ConfigMap")
        resolved = self._resolved()
        assert resolved.secret_name is not None
        secret = self._object("secrets", resolved.secret_name.value)
        config = json.loads(b64decode(secret["data"][".dockerconfigjson"]))
        for login in config["auths"].values():
            login.update(password="[redacted]", auth="[redacted]")
        name = f"{resolved.namespace.value}/{resolved.secret_name.value}"
        print(f"Secret {name} ({secret['type']})\n  {json.dumps(config)}\n")
        config_map = self._object("configmaps", f"chaos-image-registry-{resolved.infrastructure.id}")
        print(f"ConfigMap {resolved.namespace.value}/{config_map['metadata']['name']}")
        for key, value in config_map["data"].items():
            print(f"  {key}: {value}")

    def pods(self) -> None:
        title("4. With the upstream stopped: a Pod per required image, pulled from the mirror with our Secret")
        attach().stop("upstream")
        print(f"upstream {self.lab.upstream and self.lab.upstream.host} is stopped")
        if self.lab.node.missing:
            print(f"NO KUBELET HERE ({self.lab.node.missing}): pulling with crane and the Secret's content instead")
            self._pull_with_crane()
        else:
            self._pull_with_kubelet()
        attach().start("upstream")

    def _pull_with_kubelet(self) -> None:
        resolved, node = self._resolved(), self.lab.node
        remove_images(node)
        print(f"images on the node: {len(node_images(node))} (what holds Pods together)")
        before = len(list(read_requests(Path(self.registry.log))))
        for image in resolved.images:
            arguments = (self.kubernetes, node, resolved.namespace.value, image.name, str(image.reference))
            run_pod(*arguments, service_account=resolved.service_accounts.value[0])
        for image in resolved.images:
            pod = wait_running(self.kubernetes, resolved.namespace.value, image.name)
            status = pod["status"]["containerStatuses"][0]
            print(f"  Pod {image.name:<28} {pod['status']['phase']:<8} {status['imageID']}")
        pulls = [
            request
            for request in list(read_requests(Path(self.registry.log)))[before:]
            if request.user == self.registry.pull.username and "/manifests/" in request.path and request.status == 200
        ]
        print(f"the registry's log: {len(pulls)} manifests pulled by `{self.registry.pull.username}`, for example")
        for request in pulls[:2]:
            print(f"  {request.method} {request.path} {request.status} user={request.user}")
        if len(pulls) < len(resolved.images):
            raise LabError("the registry's log does not show an authenticated pull for each image")
        first = resolved.images[0]
        make_service_account(self.kubernetes, resolved.namespace.value, "without-secret")
        refused = "without-secret"
        run_pod(self.kubernetes, node, resolved.namespace.value, refused, str(first.reference), service_account=refused)
        event = wait_event(self.kubernetes, resolved.namespace.value, refused, "401")
        print(f"  the same Pod without the Secret: {event.rpartition(': failed to')[2].strip() or event}")
        for name in (*(image.name for image in resolved.images), refused):
            delete_pod(self.kubernetes, resolved.namespace.value, name)
        self.proven.append(f"{len(resolved.images)} Pods Running from mirrored images; 401 without the Secret")

    def _pull_with_crane(self) -> None:
        resolved = self._resolved()
        assert resolved.secret_name is not None
        secret = self._object("secrets", resolved.secret_name.value)
        docker = self.workspace.folder / "docker"
        docker.mkdir()
        (docker / "config.json").write_bytes(b64decode(secret["data"][".dockerconfigjson"]))
        self.workspace.environment["DOCKER_CONFIG"] = str(docker)
        for image in resolved.images:
            self._show("crane", "validate", "--remote", str(image.reference))
        shutil.rmtree(docker)
        self.proven.append(f"{len(resolved.images)} images pulled with the Secret's content (no kubelet here)")

    def manifests(self) -> None:
        title("5. A manifest as it is handed out, rendered: its Pod runs from the mirror, too")
        node = self.lab.node
        file = self.workspace.folder / "agent.yaml"
        file.write_text(_MANIFEST.format(node=node.name), "utf-8")
        print(file.read_text("utf-8"))
        self._show("chaosreg", "render", _SHOWN, file.name)
        rendered = self.workspace.run("chaosreg", "render", _SHOWN, file.name).stdout
        if self.workspace.run("chaosreg", "render", _SHOWN, file.name, "--check", check=False).returncode != 1:
            raise LabError("`render --check` does not say that something would change")
        if node.missing:
            print(f"NO KUBELET HERE ({node.missing}): it is not applied")
            return
        namespace, pod = self._resolved().namespace.value, yaml.safe_load(rendered)
        call(self.kubernetes, "POST", f"/api/v1/namespaces/{namespace}/pods", pod)
        status = wait_running(self.kubernetes, namespace, "agent")["status"]["containerStatuses"][0]
        print(f"  Pod agent Running {status['imageID']}")
        delete_pod(self.kubernetes, namespace, "agent")
        self.proven.append("a manifest of upstream, rendered: its Pod Running from the mirror, with our Secret")

    def no_change(self) -> None:
        title("6. A second up changes nothing")
        for stack in _STACKS:
            flags = ("--yes", "--skip-preview", "--expect-no-changes", "--suppress-outputs", "--suppress-progress")
            self._show("pulumi", "up", "--stack", stack, *flags)
        self.proven.append("a second up of every stack: no changes")

    def review_an_edit(self) -> None:
        title("7. One edit at the account, as the reviewer of an environment sees it")
        before = self.workspace.copy_of_project()
        self.workspace.edit("stacks/Pulumi.acme.yaml", 'release: "1.93.0"', 'release: "1.94.4"')
        print('stacks/Pulumi.acme.yaml: release: "1.93.0" becomes "1.94.4"')
        self._show("chaosreg", "lock")
        if not self.is_second_look:
            self._show("chaosreg", "diff", str(before))
        self._show("pulumi", "preview", "--stack", "checkout-prod", "--diff")
        self.proven.append("an edit at the account shows in the environment's preview, key by key")

    def forbidden_override(self) -> None:
        title("8. A forbidden override, and its error")
        server = "image_registry: {server: harbor.team.example, type: public}"
        self.workspace.edit("stacks/Pulumi.ledger-prod.yaml", "namespace: hce\n", f"namespace: hce\n      {server}\n")
        self._show("pulumi", "preview", "--stack", "ledger-prod", fails=True)
        said = self.workspace.run("chaosreg", "validate", check=False).stdout
        if "CHR0203" not in said or "locked by" not in said:
            raise LabError(f"the override was not refused as forbidden:\n{said}")
        self.proven.append("a forbidden override is refused, with file, line and ways out")

    def _resolved(self) -> ResolvedConfig:
        everything = review(self.workspace.folder).resolved.values()
        return next(resolved for resolved in everything if resolved.infrastructure.path == _SHOWN)

    def _object(self, kind: str, name: str) -> dict[str, dict[str, str]]:
        found = get(self.kubernetes, f"/api/v1/namespaces/{self._resolved().namespace.value}/{kind}/{name}")
        if found is None:
            raise LabError(f"the cluster has no {kind} `{name}`")
        return found

    def _show(self, *command: str, fails: bool = False) -> None:
        print(f"\n$ {' '.join(command)}", flush=True)
        code = self.workspace.show(*command)
        if bool(code) != fails:
            raise LabError(f"`{' '.join(command)}` ended with {code}")


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    signal.signal(signal.SIGTERM, _stop)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="chaosreg-demo-"))
    try:
        demo = Demo(load(), folder, is_second_look=AFTER_FIRST_LOOK in sys.argv[1:])
        demo.run()
    except LabError as error:
        print(f"\ndemo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo interrupted", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n── Summary ({time.monotonic() - began:.0f} s)\n")
    for line in demo.proven:
        print(f"  ✓ {line}")
    print("\nThe images are stand-ins of the lab under the real names; on a machine with internet,")
    print("`mirror.source: docker.io/harness` in stacks/Pulumi.acme.yaml copies the real ones.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
