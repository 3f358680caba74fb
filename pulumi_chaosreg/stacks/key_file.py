"""The key of a service account in a file of its own: what it must be, and where it must not be."""

import json
import os
import subprocess
from pathlib import Path

from pulumi_chaosreg.errors import ChaosregError, Finding, Place

_MAX_BYTES = 1 << 20
_TYPE = "service_account"


def read_key_file(project: Path, said: str, place: Place) -> str | None:
    """The file's text; None where there is no such file. Paths count from the folder of Pulumi.yaml, `~` is the home.

    ChaosregError where it is not the key of a service account (CHR0541), or in Git (CHR0540). Neither shows any of it.
    """
    path = project / Path(said).expanduser()
    if not path.exists():
        return None
    problem = _problem(path)
    if problem:
        raise ChaosregError(
            Finding(
                "CHR0541",
                f"`{said}` is not a service account key: {problem}",
                place,
                notes=(("looked at", str(path)),),
                help="download one: `gcloud iam service-accounts keys create FILE --iam-account ACCOUNT`",
            )
        )
    if _is_tracked(path):
        raise ChaosregError(
            Finding(
                "CHR0540",
                f"Git tracks key file `{said}`: anybody who can read the repository can pull with it",
                place,
                help=f"delete this key at Google, `git rm --cached {said}`, add it to .gitignore, and create another",
            )
        )
    return path.read_text("utf-8")


def _problem(path: Path) -> str:
    """Why it is none; empty where it is one."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return "it is larger than 1 MiB"
        key = json.loads(path.read_text("utf-8"))
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
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


def _is_tracked(path: Path) -> bool:
    """Whether Git has this file. Where there is no Git, or no repository, nobody has."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-C", str(path.parent), "ls-files", "--error-unmatch", "--", path.name]
    try:
        done = subprocess.run(command, capture_output=True, check=False, env=environment)  # noqa: S603
    except OSError:
        return False
    return done.returncode == 0
