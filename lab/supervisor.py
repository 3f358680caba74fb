"""The process that owns everything that runs: it starts and stops parts on request, and leaves nothing behind.

It ends when it is told to, or when the last command that uses it is gone, unless `up` has asked it to stay.
Run as `python -m lab.supervisor FOLDER NETWORK`, in the lab's own namespaces or, as a fallback, on the plain machine.
"""

import os
import select
import shutil
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import cast

from lab import crew, dns
from lab.errors import LabError
from lab.locks import locked
from lab.names import records, write_hosts, write_resolv_conf
from lab.network import BRIDGE_ADDRESS, Network, furnish, unmount_below
from lab.places import supervisor_lock
from lab.site import Site
from lab.wire import SOCKET, Line, Message

_FIRST_CALL = 60.0
"""How long it waits for the command that started it."""


class Supervisor:
    """Answers requests, each connection in a thread of its own; one request at a time changes something."""

    def __init__(self, site: Site) -> None:
        self._crew = crew.Crew(site)
        self._ending = threading.Event()
        self._pinned = False
        self._callers = 0
        self._heard = time.monotonic() + _FIRST_CALL
        self._counting = threading.Lock()
        self._changing = threading.Lock()

    def end(self, *_: object) -> None:
        """Ask it to end; also the handler of SIGTERM."""
        self._ending.set()

    def serve(self, folder: Path) -> None:
        """Answer until the end is due, then stop every part."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / SOCKET))
            listener.listen()
            while not self._ending.is_set() and not self._is_abandoned():
                if select.select([listener], [], [], 0.2)[0]:
                    line = Line(listener.accept()[0])
                    with self._counting:
                        self._callers += 1
                    threading.Thread(target=self._converse, args=(line,), daemon=True).start()
            self._ending.set()
            with self._changing:
                self._crew.stop(list(self._crew.running), lambda **_: None)

    def _is_abandoned(self) -> bool:
        with self._counting:
            return not self._pinned and not self._callers and time.monotonic() > self._heard

    def _converse(self, line: Line) -> None:
        with suppress(OSError, ValueError):  # the other side is gone: whatever it asked for is finished first
            for message in line.messages():
                try:
                    self._answer(message, line)
                except Exception as error:
                    line.send(failed=str(error) if isinstance(error, LabError) else repr(error))
        line.close()
        with self._counting:
            self._callers -= 1
            self._heard = time.monotonic()

    def _answer(self, message: Message, line: Line) -> None:
        do = message["do"]
        if do == "status":
            ending = self._ending.is_set()
            line.send(done=True, parts=self._crew.status(), pinned=self._pinned, callers=self._callers, ending=ending)
        elif do == "pin":
            self._pinned = True
            line.send(done=True)
        elif do == "end":
            self._ending.set()
            line.send(done=True)
        else:
            with self._changing:
                if self._ending.is_set():
                    raise LabError("the lab is being taken down")
                if do == "start":
                    programs = {name: Path(path) for name, path in message["bin"].items()}
                    self._crew.start(message["parts"], programs, message["missing"], line.send)
                elif do == "stop":
                    self._crew.stop(message["parts"], line.send)
                line.send(done=True)


def main() -> None:
    """The supervisor's whole life."""
    folder, network = Path(sys.argv[1]), cast("Network", sys.argv[2])
    with locked(supervisor_lock(folder), lambda holder: sys.exit(f"another supervisor lives here: pid {holder}")):
        if network == "namespace":
            furnish(write_hosts(folder, BRIDGE_ADDRESS), write_resolv_conf(folder, BRIDGE_ADDRESS))
            dns.serve(BRIDGE_ADDRESS, records(BRIDGE_ADDRESS))
        supervisor = Supervisor(Site(folder, network))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, supervisor.end)
        supervisor.serve(folder)
        if network == "namespace":  # every process in here is ours
            with suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            unmount_below(folder)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
