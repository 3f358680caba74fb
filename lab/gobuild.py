"""Programs built from the Go modules in `lab/modules/`, pinned by go.sum and kept in the cache."""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab import toolchain
from lab.cache import made_once
from lab.console import detail, elapsed, say
from lab.errors import LabError
from lab.places import MODULES
from lab.process import leashed

_REPORT_EVERY = 15.0


@dataclass(frozen=True)
class GoBuild:
    """What to build from one module. The name of the resulting folder holds the version and a hash of all of this."""

    module: str
    version: str
    programs: Mapping[str, str]
    """File name → Go package."""
    cold: str = "less than a minute"
    """How long it takes with empty caches on two cores, for people who wait."""
    ldflags: str = "-s -w"
    environment: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """File name → (module, path): scripts that are taken from a module as they are."""

    @property
    def folder(self) -> Path:
        return MODULES / self.module

    def key(self) -> str:
        """The folder's name in the cache."""
        digest = hashlib.sha256()
        recipe = [toolchain.VERSION, self.ldflags, *(dict(part) for part in (self.programs, self.environment))]
        digest.update(json.dumps([*recipe, {name: list(copy) for name, copy in self.copies.items()}]).encode())
        for file in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            digest.update(f"{file.relative_to(self.folder)}\n".encode() + file.read_bytes())
        target = "-".join(self.environment.values())
        return f"{self.module}{target and '-' + target}-{self.version}-{digest.hexdigest()[:8]}"

    def ensure(self) -> dict[str, Path]:
        """File name → program, built first where the cache does not have it."""
        go = toolchain.go_binary()
        folder = made_once(f"bin/{self.key()}", lambda unfinished: self._build(go, unfinished))
        return {name: folder / name for name in (*self.programs, *self.copies)}

    def _build(self, go: Path, folder: Path) -> None:
        say(f"building {self.module} {self.version} (about {self.cold} cold, once)")
        since = time.monotonic()
        environment = {**toolchain.go_environment(), **self.environment}
        for name, package in self.programs.items():
            command: list[str | Path] = [go, "build", "-v", "-ldflags", self.ldflags, "-o", folder / name, package]
            _run(leashed(command), self.folder, environment, folder / "build.log")
        for name, (module, path) in self.copies.items():
            listed = subprocess.run(
                [go, "list", "-m", "-f", "{{.Dir}}", module],
                cwd=self.folder,
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            copy = folder / name
            copy.write_bytes((Path(listed.stdout.strip()) / path).read_bytes())
            copy.chmod(0o755)
        detail(f"{self.module} built in {elapsed(since)}")


def _run(command: list[str], cwd: Path, environment: Mapping[str, str], log: Path) -> None:
    """Run one `go build`, with a sign of life now and then."""
    since = time.monotonic()
    with log.open("ab") as output:
        build = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, process_group=0
        )
    try:
        while True:
            try:
                code = build.wait(_REPORT_EVERY)
                break
            except subprocess.TimeoutExpired:
                # `go build -v` writes one line for each package that it compiles.
                detail(f"... {elapsed(since)}, {len(log.read_bytes().splitlines())} packages compiled or downloaded")
    finally:
        if build.poll() is None:  # Ctrl-C: the compilers that `go` started must end with it
            os.killpg(build.pid, signal.SIGTERM)
            build.wait()
    if code:
        end = "\n".join(log.read_text("utf-8", "replace").splitlines()[-30:])
        raise LabError(f"`{' '.join(command)}` ended with {code} in {cwd}:\n{end}")
