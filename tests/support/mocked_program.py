"""Runs Pulumi programs without an engine: the SDK's mocks stand in for it."""

import asyncio
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import mocks, settings
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.stack import run_in_stack

DIGEST = "sha256:" + "a" * 64
"""What every mirrored image turns out to be."""

Program = Callable[[], Any]
"""What a user's `__main__.py` runs; may be a coroutine function."""
Finding = tuple[str, int]
"""(code, line in the program's file)."""


@dataclass
class Recorder(mocks.Mocks):
    """Remembers what was registered; gives every resource its inputs back."""

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    """`type name` → inputs."""
    options: dict[str, Any] = field(default_factory=dict)
    """`type name` → the request to register it."""
    places: set[tuple[str, str, str]] = field(default_factory=set)
    """(type, name, parent)."""
    twice: list[tuple[str, str, str]] = field(default_factory=list)
    """What was registered a second time, which the engine refuses."""
    warnings: list[str] = field(default_factory=list)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made[f"{args.typ} {args.name}"] = args.inputs
        outputs = dict(args.inputs)
        if args.typ == "chaosreg:index:MirroredImage":
            outputs |= {"digest": DIGEST, "reference": f"{args.inputs['target']}@{DIGEST}"}
        return f"{args.name}-id", outputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return {}


class _Monitor(mocks.MockMonitor):
    """Keeps the options of each resource, which mocks are not told."""

    mocks: Recorder

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        where = (request.type, request.name, request.parent)
        self.mocks.twice += [where] if where in self.mocks.places else []
        self.mocks.places.add(where)
        self.mocks.options[f"{request.type} {request.name}"] = request
        return super().RegisterResource(request)


class _Engine(mocks.MockEngine):
    """Keeps what is logged for users."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(None)
        self._recorder = recorder

    def Log(self, request: Any) -> empty_pb2.Empty:  # noqa: N802
        if request.severity >= engine_pb2.WARNING:
            self._recorder.warnings.append(request.message)
        return empty_pb2.Empty()


def run_program(program: Program, *, preview: bool = False, recorder: Recorder | None = None) -> Recorder:
    """Runs a program as the language host does, on an event loop of its own; raises what it raises."""
    recorder = recorder or Recorder()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    settings.reset_options()
    monitor = _Monitor(recorder)
    features = set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures)
    settings.configure(
        mocks.MockSettings(
            monitor=monitor,
            monitor_features=features,
            engine=_Engine(recorder),
            project="chaosreg",
            stack="test",
            dry_run=preview,
        )
    )
    try:
        loop.run_until_complete(run_in_stack(program))
    finally:  # what waits for a failed resource would wait for ever
        unfinished = asyncio.all_tasks(loop)
        for task in unfinished:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*unfinished, return_exceptions=True))
        loop.close()
        settings.reset_options()
    assert recorder.twice == []
    return recorder


def told(error: pulumi.RunError) -> list[Finding]:
    """The findings of an error, with the lines that they point to."""
    return [(code, int(line)) for code, line in re.findall(r"^error\[(\w+)\].*\n +--> .*?:(\d+)", str(error), re.M)]


def marked(program: Program) -> list[Finding]:
    """The findings that a program's source expects: `#! CHR0104` on their lines."""
    lines, first = inspect.getsourcelines(program)
    return [(code, first + number) for number, line in enumerate(lines) for code in re.findall(r"#! (\w+)", line)]
