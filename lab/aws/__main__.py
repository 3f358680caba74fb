"""Serve until somebody ends it: the control plane on one port, ECR's registry (where a port is named) on another."""

import argparse
import os
from pathlib import Path
from typing import Any

import yaml
from werkzeug.serving import run_simple

from lab.aws import KEYS
from lab.aws.authority import Authority
from lab.aws.control import ControlPlane
from lab.aws.front import Behind, Front, serve
from lab.aws.refusals import Refusals
from lab.aws.registry import EcrRegistry
from lab.aws.tokens import Tokens
from lab.kubeapi import ApiError, call
from lab.state import KubernetesState


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.aws")
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True, help="of the control plane")
    parser.add_argument("--room", type=Path, required=True, help="for the authority's certificate and the log")
    parser.add_argument("--registry-port", type=int, default=0)
    parser.add_argument("--behind", default="", help="the registry that keeps the bytes")
    parser.add_argument("--cluster", type=Path, required=True, help="kubeconfig of who signs tokens; there or not yet")
    options = parser.parse_args()
    tokens = Tokens()
    if options.registry_port:
        address = (options.address, options.registry_port)
        authority = Authority(options.room)
        behind = Behind(options.behind, f"{options.address}:{options.port}")
        serve(Front(address, EcrRegistry(tokens), behind, authority, options.room / "registry.log"))
    key, _, secret = os.environ.get(KEYS, "").partition(":")
    control = ControlPlane(tokens, Refusals(), lambda path: _asked(options.cluster, path), {key: secret})
    run_simple(options.address, options.port, control, threaded=True)


def _asked(kubeconfig: Path, path: str) -> dict[str, Any]:
    """What the lab's cluster answers. AWS asks without a login, under the issuer's name, which nobody serves here."""
    server = yaml.safe_load(kubeconfig.read_text("utf-8"))["clusters"][0]["cluster"]["server"]
    try:
        return call(KubernetesState(str(kubeconfig), server, []), "GET", path)
    except ApiError as error:
        raise OSError(str(error)) from None


if __name__ == "__main__":
    main()
