"""Serve until somebody ends it."""

import argparse
import os
from pathlib import Path

from lab.harbor import PASSWORD
from lab.harbor.front import Front


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.harbor")
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--behind", required=True, help="the registry that keeps the bytes")
    parser.add_argument("--log", type=Path, required=True, help="one line of JSON for each request")
    options = parser.parse_args()
    address = (options.address, options.port)
    Front(address, options.behind, os.environ[PASSWORD], options.log).serve_forever()


if __name__ == "__main__":
    main()
