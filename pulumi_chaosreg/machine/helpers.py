"""Docker's credential helpers: programs `docker-credential-<name>` that print a login for a server."""

import json
import logging
import subprocess

from pulumi_chaosreg.credentials.auths import login_from
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.machine.words import harmless

_LOG = logging.getLogger(__name__)
_SECONDS = 30
_NONE = "credentials not found in native keychain"
"""What every helper says when it has no login for a server (docker-credential-helpers, credentials/error.go)."""


def ask_helper(name: str, key: str) -> Login | None:
    """The login that the helper has under this key; None where it has none.

    Raises ChaosregError (CHR0513, with the helper's words) for one that is missing, fails or answers nonsense.
    """
    program = f"docker-credential-{name}"
    _LOG.debug("asks %s for `%s`", program, key)
    try:
        # The server goes in by standard input, the login comes back as JSON: never by arguments, which others can read.
        answer = subprocess.run(  # noqa: S603  the helper that the user's docker is configured with
            [program, "get"], input=key, capture_output=True, text=True, errors="replace", timeout=_SECONDS
        )
    except FileNotFoundError:
        raise _failed(program, key, "it is not on PATH") from None
    except subprocess.TimeoutExpired:  # holds the output so far
        raise _failed(program, key, f"no answer within {_SECONDS} s") from None
    except OSError as error:
        raise _failed(program, key, error.strerror or "it cannot be run") from None
    said = (answer.stderr.strip(), answer.stdout.strip())
    if answer.returncode:
        if any(_NONE in words for words in said):
            return None
        raise _failed(program, key, f"exit {answer.returncode}: {_words(*said)}")
    try:
        found = json.loads(answer.stdout)
        user, secret = found["Username"], found["Secret"]
    except (ValueError, KeyError, TypeError):
        raise _failed(program, key, "its answer is not a login") from None
    if not isinstance(user, str) or not isinstance(secret, str):
        raise _failed(program, key, "its answer is not a login")
    return login_from(user, secret, program)


def _words(errors: str, output: str) -> str:
    """What it said: its errors, or else its output unless that has the form of an answer."""
    return harmless(errors or ("" if "{" in output else output)) or "it printed nothing"


def _failed(program: str, key: str, cause: str) -> ChaosregError:
    return ChaosregError(
        Finding(
            "CHR0513",
            f"the credential helper `{program}` gave no login for `{key}`: {cause}",
            help=f"try `echo {key} | {program} get`; or remove the helper from the docker config and log in",
            severity="warning",
        )
    )
