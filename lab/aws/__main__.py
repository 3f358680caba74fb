"""Serve until somebody ends it: the control plane on one port, ECR's registry (where a port is named) on another."""

import argparse
import os
from pathlib import Path

from werkzeug.serving import run_simple

from lab.aws import KEYS
from lab.aws.authority import Authority
from lab.aws.control import ControlPlane
from lab.aws.front import Behind, Front, serve
from lab.aws.refusals import Refusals
from lab.aws.registry import EcrRegistry
from lab.aws.tokens import Tokens
from lab.cluster_tokens import cluster_at


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
    control = ControlPlane(tokens, Refusals(), cluster_at(options.cluster), {key: secret})
    run_simple(options.address, options.port, control, threaded=True)


if __name__ == "__main__":
    main()
