"""The parts that run: started side by side where they do not need one another, and written down in state.json."""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from lab.errors import LabError
from lab.parts import TABLE, Part
from lab.site import Site, write_private
from lab.state import LabState, MirrorImageState, NodeState, PythonImageState

_SAY_WHY_MISSING = {"node": NodeState, "mirror-image": MirrorImageState, "python-image": PythonImageState}


class Report(Protocol):
    """Where steps are told, as they happen."""

    def __call__(self, **message: Any) -> None: ...


class Crew:
    """All parts of one started lab."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._parts: dict[str, Part] = {}
        self._missing: dict[str, str] = {}
        self.running: list[str] = []
        """In the order in which they became ready."""
        self._write_state()

    def start(
        self, names: Iterable[str], programs: Mapping[str, Path], missing: Mapping[str, str], report: Report
    ) -> None:
        """Start these parts, those that others need first; LabError when one fails, after all have been tried."""
        self._site.bin.update(programs)
        self._missing.update(missing)
        wanted = [name for name in TABLE if name in set(names) and name not in self.running]
        futures: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(max_workers=len(TABLE)) as pool:
            for name in wanted:  # the table lists a part after what it needs
                part = self._parts.setdefault(name, TABLE[name]())
                first = [futures[needed] for needed in part.needs if needed in futures]
                futures[name] = pool.submit(self._start, part, first, report)
        failures = [f"{name}: {error}" for name, future in futures.items() if (error := future.exception())]
        self._write_state()
        if failures:
            raise LabError("; ".join(failures))

    def stop(self, names: Iterable[str], report: Report) -> None:
        """Stop these parts and those that need them, the last started first."""
        leaving = set(names)
        for name in self.running:  # whoever needs a part was started after it
            if leaving & set(self._parts[name].needs):
                leaving.add(name)
        for name in [name for name in reversed(self.running) if name in leaving]:
            since = time.monotonic()
            self._parts[name].stop(self._site)
            self.running.remove(name)
            report(part=name, state="stopped", seconds=time.monotonic() - since)

    def status(self) -> dict[str, str]:
        """Part → running, stopped, or why there is none."""
        known = {name: "running" if name in self.running else "stopped" for name in self._parts}
        return {**known, **{name: f"missing: {why}" for name, why in self._missing.items() if name not in known}}

    def _start(self, part: Part, first: Iterable[Future[None]], report: Report) -> None:
        for needed in first:
            needed.result()
        since = time.monotonic()
        try:
            section = part.start(self._site)
        except BaseException:
            part.stop(self._site)
            raise
        self._site.sections[part.name] = section
        self.running.append(part.name)
        report(part=part.name, state="ready", seconds=time.monotonic() - since)

    def _write_state(self) -> None:
        sections: dict[str, Any] = {name.replace("-", "_"): section for name, section in self._site.sections.items()}
        for name, state in _SAY_WHY_MISSING.items():
            if name in self._missing:
                sections.setdefault(name.replace("-", "_"), state(missing=self._missing[name]))
        programs = {name: str(path) for name, path in self._site.bin.items()}
        write_private(self._site.folder / "state.json", LabState(self._site.network, programs, **sections).to_json())
