"""The node's own identity at AWS: the real plugin by which a kubelet gets passwords of ECR without any Secret.

It is switched on and off by a file: with it every Pod of the node pulls, and tests of Secrets want nobody else to help.
"""

import shlex
from pathlib import Path

import yaml

from lab.gobuild import GoBuild
from pulumi_chaosreg.provision.aws_nodes import PROGRAM, credential_provider_config

VERSION = "1.37.1"
"""Of k8s.io/cloud-provider-aws; the node's images of EKS have the same program."""

_KEYS = {"AWS_ACCESS_KEY_ID": "AKIALABNODE" + "A" * 9, "AWS_SECRET_ACCESS_KEY": "the lab's AWS takes any"}
_NOTHING = (
    '{"kind": "CredentialProviderResponse", "apiVersion": "credentialprovider.kubelet.k8s.io/v1", '
    '"cacheKeyType": "Image", "cacheDuration": "0s", "auth": {}}'
)


def credential_provider() -> dict[str, Path]:
    """Amazon's plugin of the kubelet."""
    package = f"k8s.io/cloud-provider-aws/cmd/{PROGRAM}"
    return GoBuild(PROGRAM, VERSION, {PROGRAM: package}, cold="half a minute").ensure()


def switch(room: Path) -> Path:
    """The file whose presence gives the node in this room its identity."""
    return room / "has-identity"


def write_files(room: Path, program: Path, endpoint: str) -> dict[str, Path]:
    """What the kubelet wants to know, as its flags."""
    folder, config = room / "credential-providers", room / "credential-providers.yaml"
    folder.mkdir(exist_ok=True)
    asked = folder / PROGRAM
    has, real, nothing = (shlex.quote(str(word)) for word in (switch(room), program, _NOTHING))
    asked.write_text(f"#!/bin/sh\nif [ -e {has} ]; then exec {real}; fi\necho {nothing}\n", "utf-8")
    asked.chmod(0o755)
    config.write_text(yaml.safe_dump(_configuration(endpoint), sort_keys=False), "utf-8")
    return {"image-credential-provider-config": config, "image-credential-provider-bin-dir": folder}


def _configuration(endpoint: str) -> dict[str, object]:
    """What we give to clusters of one's own, for a node that has its keys from the environment."""
    environment = {"AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true", **_KEYS}
    return credential_provider_config(["*.dkr.ecr.*.amazonaws.com"], environment=environment)
