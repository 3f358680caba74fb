"""What a started lab tells the programs that run inside it; written by the supervisor, read by tests and the demo."""

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.errors import LabError


@dataclass(frozen=True)
class Login:
    """A user of the private registry; the password is new with every start."""

    username: str
    password: str


@dataclass(frozen=True)
class EngineState:
    """The Pulumi engine."""

    home: str
    version: str
    plugins: dict[str, str]
    """Name → "official" or "stand-in"."""


@dataclass(frozen=True)
class RegistryState:
    """The private registry, which images are mirrored into."""

    host: str
    pull: Login
    push: Login
    log: str
    storage: str


@dataclass(frozen=True)
class UpstreamState:
    """The registry that stands for docker.io."""

    host: str
    log: str
    digests: dict[str, str] = field(default_factory=dict)
    """`name:tag` → digest of the index."""


@dataclass(frozen=True)
class OlaregState:
    """The registry with the referrers API."""

    host: str


@dataclass(frozen=True)
class AwsState:
    """What stands for AWS."""

    endpoint: str
    """One address for the APIs of all services."""
    account: str
    region: str
    environment: dict[str, str]
    """By which the SDKs of AWS find it, and who we are there; commands do not have them unless they ask."""
    log: str
    registry: str
    """The real host name of the account's registry in `region`; empty without namespaces."""
    authority: str
    """The certificate that its TLS must be checked with."""
    registry_log: str


@dataclass(frozen=True)
class CloudState:
    """What stands for one more cloud."""

    registry: str
    """Its real host name; empty without namespaces."""
    authority: str
    """The certificate that its TLS must be checked with."""
    behind: str
    """The registry that keeps the bytes, without a login and without TLS."""


@dataclass(frozen=True)
class HarnessState:
    """What stands for Harness."""

    endpoint: str
    """As `harness.endpoint` says it."""
    account: str
    key: str
    """An API key of the account."""
    requests: str
    """The log of what was asked."""


@dataclass(frozen=True)
class HarborState:
    """What stands for Harbor."""

    host: str
    """Host and port, as an image reference says them."""
    endpoint: str
    """The same with its scheme, without `/api/v2.0`."""
    admin: Login
    requests: str
    """The log of what was asked."""
    authority: str = ""
    """The certificate that its TLS must be checked with; empty where it speaks plain http."""


@dataclass(frozen=True)
class KubernetesState:
    """The API server."""

    kubeconfig: str
    server: str
    contexts: list[str]
    issuer: str = ""
    """Of the tokens of ServiceAccounts."""


@dataclass(frozen=True)
class NodeState:
    """The kubelet's node; `missing` says why there is none, and is empty when there is one."""

    name: str = ""
    containerd: str = ""
    ctr: str = ""
    pod_logs: str = ""
    missing: str = ""


@dataclass(frozen=True)
class ControlLoopState:
    """A program that watches the API server: the controller manager, the scheduler or kube-proxy."""

    log: str


@dataclass(frozen=True)
class MirrorImageState:
    """The image of mirror Jobs; `missing` says why there is none, and is empty when there is one."""

    reference: str = ""
    """With its digest, as the node pulls it."""
    missing: str = ""


@dataclass(frozen=True)
class PythonImageState:
    """What `lab.python_image` makes an image of; `missing` says why there is nothing, and is empty when there is."""

    root: str = ""
    """The folder with the image's files."""
    missing: str = ""


@dataclass(frozen=True)
class LabState:
    """Everything that runs. A part that was not started is None; those that not every machine can have then say why."""

    network: str
    """"namespace" or "host"."""
    bin: dict[str, str]
    engine: EngineState | None = None
    registry: RegistryState | None = None
    upstream: UpstreamState | None = None
    olareg: OlaregState | None = None
    aws: AwsState | None = None
    google: CloudState | None = None
    azure: CloudState | None = None
    harness: HarnessState | None = None
    harbor: HarborState | None = None
    kubernetes: KubernetesState | None = None
    node: NodeState = field(default_factory=lambda: NodeState(missing="the part `node` was not started"))
    mirror_image: MirrorImageState = field(
        default_factory=lambda: MirrorImageState(missing="the part `mirror-image` was not started")
    )
    python_image: PythonImageState = field(
        default_factory=lambda: PythonImageState(missing="the part `python-image` was not started")
    )
    controller_manager: ControlLoopState | None = None
    scheduler: ControlLoopState | None = None
    kube_proxy: ControlLoopState | None = None

    def to_json(self) -> str:
        """The text of state.json: parts that were not started are absent, and so is what is empty in a node."""
        document = {key: value for key, value in dataclasses.asdict(self).items() if value is not None}
        document["node"] = {key: value for key, value in document["node"].items() if value}
        return json.dumps(document, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "LabState":
        """The reverse of `to_json`."""
        raw: dict[str, Any] = json.loads(text)
        registry = raw.get("registry")
        if registry:
            registry = {**registry, "pull": Login(**registry["pull"]), "push": Login(**registry["push"])}
        harbor = raw.get("harbor")
        if harbor:
            harbor = {**harbor, "admin": Login(**harbor["admin"])}
        return cls(
            network=raw["network"],
            bin=raw["bin"],
            engine=EngineState(**raw["engine"]) if "engine" in raw else None,
            registry=RegistryState(**registry) if registry else None,
            upstream=UpstreamState(**raw["upstream"]) if "upstream" in raw else None,
            olareg=OlaregState(**raw["olareg"]) if "olareg" in raw else None,
            aws=AwsState(**raw["aws"]) if "aws" in raw else None,
            google=CloudState(**raw["google"]) if "google" in raw else None,
            azure=CloudState(**raw["azure"]) if "azure" in raw else None,
            harness=HarnessState(**raw["harness"]) if "harness" in raw else None,
            harbor=HarborState(**harbor) if harbor else None,
            kubernetes=KubernetesState(**raw["kubernetes"]) if "kubernetes" in raw else None,
            node=NodeState(**raw["node"]),
            mirror_image=MirrorImageState(**raw["mirror_image"]),
            python_image=PythonImageState(**raw["python_image"]),
            controller_manager=ControlLoopState(**raw["controller_manager"]) if "controller_manager" in raw else None,
            scheduler=ControlLoopState(**raw["scheduler"]) if "scheduler" in raw else None,
            kube_proxy=ControlLoopState(**raw["kube_proxy"]) if "kube_proxy" in raw else None,
        )


def load(path: Path | str | None = None) -> LabState:
    """The lab that this program runs in (LAB_STATE)."""
    place = path or os.environ.get("LAB_STATE")
    if not place:
        raise LabError("not inside the lab: use `python -m lab run -- …`")
    return LabState.from_json(Path(place).read_text("utf-8"))
