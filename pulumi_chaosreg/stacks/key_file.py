"""The key of a service account in a file of its own: what it must be, and where it must not be."""

import json
import os
import stat
import subprocess
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from pulumi_chaosreg.errors import ChaosregError, Finding, Place

_MAX_BYTES = 1 << 20
_TYPE = "service_account"


class Tracked(Enum):
    """Whether Git has a file."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # there is a repository, and Git does not say


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The key of a service account, and what Git says of its file: never that it has it."""

    text: str = field(repr=False)
    tracked: Tracked


def read_key_file(project: Path, said: str, place: Place) -> KeyFile | None:
    """None where there is no such file. Paths count from the folder of Pulumi.yaml, `~` is the home.

    ChaosregError where it is not the key of a service account (CHR0541), or in Git (CHR0540). Neither shows any of it.
    """
    path = _path(project, said)
    try:
        text = _text(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path, or what is no text
        raise _no_key(said, path, place, getattr(error, "strerror", None) or str(error)) from None
    if problem := _problem(text):
        raise _no_key(said, path, place, problem)
    tracked = _tracked(path)
    if tracked is Tracked.YES:
        raise ChaosregError(
            Finding(
                "CHR0540",
                f"Git tracks the key file `{said}`: whoever can read the repository can pull with it",
                place,
                help=f"delete this key at Google, `git rm --cached {said}`, add it to .gitignore, and make another",
            )
        )
    return KeyFile(text, tracked)


def _tracked(path: Path) -> Tracked:
    """Whether Git has this file, by its own name or by that of the file that it links to."""
    found = {_of_git(name) for name in dict.fromkeys((path, path.resolve()))}
    return next((one for one in (Tracked.YES, Tracked.UNKNOWN) if one in found), Tracked.NO)


def _path(project: Path, said: str) -> Path:
    try:
        return project / Path(said).expanduser()
    except RuntimeError:  # no such user
        return project / said


def _text(path: Path) -> str:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for, a device read for ever
        raise ValueError("it is not a regular file")
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError("it is larger than 1 MiB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not text") from None


def _problem(text: str) -> str:
    """Why it is none; empty where it is one."""
    try:
        key = json.loads(text)
    except (ValueError, RecursionError):
        return "it is not JSON"
    if not isinstance(key, dict):
        return "it is not a JSON object"
    if key.get("type") != _TYPE:
        found = key.get("type")
        known = f"`{found}`" if found in ("authorized_user", "external_account") else "something else"
        return f"its `type` is {known}, not `{_TYPE}`"
    missing = [name for name in ("client_email", "private_key") if not isinstance(key.get(name), str) or not key[name]]
    return f"it has no `{missing[0]}`" if missing else ""


def _no_key(said: str, path: Path, place: Place, problem: str) -> ChaosregError:
    return ChaosregError(
        Finding(
            "CHR0541",
            f"`{said}` is not the key of a service account: {problem}",
            place,
            notes=(("looked at", str(path)),),
            help="download one: `gcloud iam service-accounts keys create FILE --iam-account ACCOUNT`",
        )
    )


def _of_git(path: Path) -> Tracked:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    # a repository of somebody else's (a CI container's other user) is read all the same, and nothing of it is run
    settings = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false")
    command = ["git", "--literal-pathspecs", *settings, "-C", str(path.parent), "ls-files"]
    try:
        done = subprocess.run(  # noqa: S603
            [*command, "--error-unmatch", "--", path.name], capture_output=True, check=False, env=environment
        )
    except OSError:
        return _without_an_answer(path)
    if done.returncode == 0:
        return Tracked.YES
    return Tracked.NO if done.returncode == 1 else _without_an_answer(path)


def _without_an_answer(path: Path) -> Tracked:
    """Where there is no repository, nobody has the file."""
    return Tracked.UNKNOWN if any((above / ".git").exists() for above in path.parents) else Tracked.NO
