"""The node's own identity at AWS: the real plugin by which a kubelet gets passwords of ECR without any Secret.

It is switched on and off by a file: with it every Pod of the node pulls, and tests of Secrets want nobody else to help.
"""

import shlex
from pathlib import Path

import yaml

from lab.gobuild import GoBuild

VERSION = "1.37.1"
"""Of k8s.io/cloud-provider-aws; the node's images of EKS have the same program."""

_PROGRAM = "ecr-credential-provider"
_KEYS = {"AWS_ACCESS_KEY_ID": "AKIALABNODE" + "A" * 9, "AWS_SECRET_ACCESS_KEY": "the lab's AWS takes any"}
_NOTHING = (
    '{"kind": "CredentialProviderResponse", "apiVersion": "credentialprovider.kubelet.k8s.io/v1", '
    '"cacheKeyType": "Image", "cacheDuration": "0s", "auth": {}}'
)


def credential_provider() -> dict[str, Path]:
    """Amazon's plugin of the kubelet."""
    package = f"k8s.io/cloud-provider-aws/cmd/{_PROGRAM}"
    return GoBuild(_PROGRAM, VERSION, {_PROGRAM: package}, cold="half a minute").ensure()


def switch(room: Path) -> Path:
    """The file whose presence gives the node in this room its identity."""
    return room / "has-identity"


def write_files(room: Path, program: Path, endpoint: str) -> dict[str, Path]:
    """What the kubelet wants to know, as its flags."""
    folder, config = room / "credential-providers", room / "credential-providers.yaml"
    folder.mkdir(exist_ok=True)
    asked = folder / _PROGRAM
    has, real, nothing = (shlex.quote(str(word)) for word in (switch(room), program, _NOTHING))
    asked.write_text(f"#!/bin/sh\nif [ -e {has} ]; then exec {real}; fi\necho {nothing}\n", "utf-8")
    asked.chmod(0o755)
    config.write_text(yaml.safe_dump(_configuration(endpoint), sort_keys=False), "utf-8")
    return {"image-credential-provider-config": config, "image-credential-provider-bin-dir": folder}


def _configuration(endpoint: str) -> dict[str, object]:
    environment = {"AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true", **_KEYS}
    provider = {
        "name": _PROGRAM,
        "matchImages": ["*.dkr.ecr.*.amazonaws.com"],
        "defaultCacheDuration": "0s",  # the plugin says itself how long: half of a password's life
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "env": [{"name": name, "value": value} for name, value in environment.items()],
    }
    return {"apiVersion": "kubelet.config.k8s.io/v1", "kind": "CredentialProviderConfig", "providers": [provider]}
