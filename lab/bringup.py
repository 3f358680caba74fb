"""Bringing the lab up: build what is missing, clean up after a crash, start the supervisor and its parts."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lab.console import detail, elapsed, say
from lab.deadline import wait_for
from lab.environment import without_proxies
from lab.errors import LabError
from lab.locks import is_locked, locked
from lab.network import ISOLATE, Network, why_not_isolated
from lab.parts import TABLE, UnavailableError, chosen
from lab.places import CHECKOUT, cache_folder, lab_name, state_folder, supervisor_lock
from lab.session import Session, attach, wait_until_gone
from lab.wire import Message


def build(names: Sequence[str], network: Network) -> tuple[dict[str, Path], dict[str, str]]:
    """Build what is missing. Returns the programs, and why parts are missing; a part asked for by name must not be."""
    programs: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for name in chosen(names):
        try:
            programs.update(TABLE[name]().build(network))
        except UnavailableError as why:
            if name in names:
                raise LabError(f"`{name}` cannot run here: {why}") from None
            detail(f"{name} is left out: {why}")
            missing[name] = str(why)
    return programs, missing


def bring_up(names: Sequence[str]) -> Session:
    """A session with a lab in which these parts (none named: all) run; one that is up already is used."""
    folder = state_folder()
    with locked(
        cache_folder() / "locks" / lab_name(), lambda holder: detail(f"waiting for another command (pid {holder})")
    ):
        session = _running(folder)
        if session:
            say("using the lab that is up already")
            if names:
                _start(session, names)
        else:
            clean_up(folder)
            session = _new(folder, names)
    engine = session.state.engine
    stand_ins = [name for name, source in engine.plugins.items() if source == "stand-in"] if engine else []
    if stand_ins:
        detail(f"warning: stand-ins of the lab, not the official plugins of the engine: {', '.join(stand_ins)}")
    return session


def clean_up(folder: Path) -> bool:
    """Remove what an earlier lab left whose supervisor is gone; true when there was something."""
    left = folder.exists()
    for make in TABLE.values():
        make().forget(folder)
    shutil.rmtree(folder, ignore_errors=True)
    return left


def _running(folder: Path) -> Session | None:
    """The lab that is up; one that is about to end is waited for first."""
    while True:
        with suppress(LabError):
            session = attach(folder)
            if not session.status()["ending"]:
                return session
            session.close()
        if not is_locked(supervisor_lock(folder)):
            return None
        with suppress(LabError):
            wait_until_gone(folder, 1)


def _new(folder: Path, names: Sequence[str]) -> Session:
    since = time.monotonic()
    why = why_not_isolated()
    network: Network = "host" if why else "namespace"
    if why:
        detail(f"no namespaces of its own ({why}): the lab binds 127.0.0.1 only")
    programs, missing = build(names, network)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        raise LabError(f"{folder} is in use: something in it could not be removed") from None
    starting = [name for name in chosen(names) if name not in missing]
    for name in starting:
        TABLE[name]().prepare(folder, programs)
    command = [*(ISOLATE if network == "namespace" else ()), sys.executable, "-m", "lab.supervisor", folder, network]
    with (folder / "supervisor.log").open("ab") as output:
        supervisor = subprocess.Popen(
            [str(word) for word in command],
            cwd=CHECKOUT,
            env={**without_proxies(os.environ), "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        session = _first_session(folder, supervisor)
        session.start(*starting, programs=programs, missing=missing, told=tell)
    except BaseException:  # also Ctrl-C: nobody else can know of this lab yet
        supervisor.kill()  # `unshare` ignores SIGTERM; the kernel ends with it all that it has started
        supervisor.wait()
        wait_until_gone(folder)
        clean_up(folder)
        raise
    say(f"the lab is up ({elapsed(since)}): {', '.join(starting)}")
    return session


def _start(session: Session, names: Sequence[str]) -> None:
    """Start parts in a lab that runs."""
    state, known = session.state, session.status()["parts"]
    wanted = [name for name in chosen(names) if known.get(name) != "running"]
    new = [name for name in wanted if name not in known]
    programs, missing = build(new, "namespace" if state.network == "namespace" else "host") if new else ({}, {})
    for name in new:
        TABLE[name]().prepare(session.folder, programs)
    session.start(*wanted, programs=programs, missing=missing, told=tell)


def tell(step: Message) -> None:
    """Print one step of the supervisor."""
    detail(f"{step['part']} {step['state']} ({step['seconds']:.1f} s)")


def _first_session(folder: Path, supervisor: subprocess.Popen[bytes]) -> Session:
    """The connection that keeps the new lab up: the supervisor would end as soon as its first caller hangs up."""
    sessions: list[Session] = []

    def answers_or_ended() -> bool:
        with suppress(LabError):
            sessions.append(attach(folder))
        return bool(sessions) or supervisor.poll() is not None

    wait_for(answers_or_ended, 30)
    if not sessions:
        log = folder / "supervisor.log"
        raise LabError(f"the lab's supervisor did not start; the end of {log}:\n{log.read_text('utf-8', 'replace')}")
    return sessions[0]
