"""Serve until somebody ends it: `python -m lab.aws --address A --port P`."""

import argparse

from werkzeug.serving import run_simple

from lab.aws.control import control_plane


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    run_simple(options.address, options.port, control_plane(), threaded=True)


if __name__ == "__main__":
    main()
