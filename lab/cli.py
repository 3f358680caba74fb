"""The lab's command line: `python -m lab up|down|status|build|logs|run|demo`."""

import argparse
import os
import sys
from collections.abc import Sequence

from lab.bringup import bring_up, build, clean_up, tell
from lab.console import detail, say
from lab.errors import LabError
from lab.first_look import demonstrate
from lab.network import why_not_isolated
from lab.parts import TABLE, chosen
from lab.places import state_folder
from lab.running import run
from lab.session import attach, wait_until_gone


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _do(options)
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _do(options: argparse.Namespace) -> int:
    match options.command:
        case "up":
            with bring_up(options.parts) as session:
                if "LAB_STATE" not in os.environ:  # inside `run`, `up` brings parts back; the lab still ends with `run`
                    session.pin()
        case "down":
            _down(options.parts)
        case "status":
            return _status()
        case "build":
            build(options.parts, "host" if why_not_isolated() else "namespace")
            say("everything is built")
        case "demo":
            return demonstrate()
        case "logs":
            _logs(options.part)
        case "run":
            parts = [part for part in options.parts.split(",") if part]
            words = options.words[1:] if options.words[:1] == ["--"] else options.words
            if not words:
                raise LabError("nothing to run: `python -m lab run -- CMD …`")
            return run(parts, words)
    return 0


def _down(parts: Sequence[str]) -> None:
    unknown = [part for part in parts if part not in TABLE]
    if unknown:
        chosen(unknown)  # says which parts there are
    try:
        session = attach()
    except LabError:
        wait_until_gone(state_folder())
        say("cleaned up after a lab that had crashed" if clean_up(state_folder()) else "the lab is not up")
        return
    with session:
        if parts:
            session.stop(*parts, told=tell)
        else:
            session.end()
            say("the lab is down")


def _status() -> int:
    try:
        session = attach()
    except LabError as why:
        print(why)
        return 1
    with session:
        status, state = session.status(), session.state
        stays = "until `down`" if status["pinned"] else "until the last command in it ends"
        print(f"network: {state.network}; state: {session.folder}; it stays {stays}")
        for name, make in TABLE.items():
            state_of, _, reason = status["parts"].get(name, "not started").partition(": ")
            print(f"{name:20}{state_of:13}{reason or make().describe()}")
    return 0


def _logs(part: str) -> None:
    with attach() as session:
        logs = sorted((session.folder / part).glob("*.log"))
        if not logs:
            detail(f"{part} has no log")
        for log in logs:
            print(f"==> {log}")
            print(log.read_text("utf-8", "replace"), end="")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="Real parts for the demo, tests and benchmarks.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_ in (
        ("up", "start parts (none named: all) and let them run until `down`"),
        ("down", "stop parts; none named: everything, and nothing is left"),
        ("build", "build what parts need, without starting them"),
    ):
        commands.add_parser(name, help=help_).add_argument("parts", nargs="*", metavar="PART", help=", ".join(TABLE))
    commands.add_parser("status", help="what runs")
    commands.add_parser("logs", help="what a part has written").add_argument("part", choices=list(TABLE))
    commands.add_parser("demo", help="the main job on real parts; what is missing is built first")
    running = commands.add_parser("run", help="run a command inside; what was started for it is stopped afterwards")
    running.add_argument("--parts", default="", help="comma-separated; all if not given")
    running.add_argument("words", nargs=argparse.REMAINDER, metavar="-- CMD")
    return parser
