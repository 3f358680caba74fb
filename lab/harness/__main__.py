"""Serve until somebody ends it."""

import argparse
import os
from pathlib import Path

from werkzeug.serving import run_simple

from lab.harness import KEYS
from lab.harness.failures import Failures
from lab.harness.manager import Manager
from lab.harness.records import Records


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.harness")
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True, help="one line of JSON for each request")
    options = parser.parse_args()
    account, _, key = os.environ.get(KEYS, "").partition(":")
    manager = Manager(Records((account,)), Failures(), {key: account}, options.log)
    run_simple(options.address, options.port, manager, threaded=True)


if __name__ == "__main__":
    main()
