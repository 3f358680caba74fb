"""Renews a pull Secret as a Job in the cluster, whatever the cloud: who has a password has it written into the Secret.

By server-side apply, which leaves all else in the Secret alone. Nothing secret is ever printed.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_TRIES, _SECONDS = 4, 10
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_MOST_WORDS = 600
"""Characters of what a refusal says: some clouds add numbers of traces."""
NO_PROXY = urllib.request.ProxyHandler({})
"""For whoever is beside this Pod, as the cluster is."""

Environment = Mapping[str, str]
Headers = Mapping[str, str]
Refusal = tuple[str, bool]
"""What it says on one line, and whether it may be over soon."""


class Login(NamedTuple):
    """What opens the registry for a while."""

    user: str
    password: str
    expires: float
    """Seconds since 1970."""


class RefreshError(Exception):
    """What went wrong, as its one line tells."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """None of those who are asked redirects; whoever does would be sent tokens, keys and signatures."""

    def redirect_request(self, *_: object) -> None:
        return None


def run(login: Callable[[Environment], Login]) -> None:
    """Renew the Secret that the environment names, and tell it on one line."""
    told = os.environ
    try:
        given = login(told)
        expires = _time(given.expires)
        _write(told, given, expires)
    except RefreshError as failure:
        sys.exit(str(failure))
    except Exception as error:  # its text may hold an answer
        sys.exit(f"the refresher failed: {type(error).__name__}")
    print(f"Secret {told['CHAOSREG_SECRET']} has a password of {told['CHAOSREG_SERVER']} that is valid until {expires}")


def refusal_in_json(body: str) -> Refusal:
    """Of OAuth's servers, of APIs of Google and of registries."""
    try:
        answer = json.loads(body)
    except ValueError:
        return "", False
    error = answer.get("error", answer) if isinstance(answer, dict) else {}
    if isinstance(error, str):
        return _line(error, answer.get("error_description", "")), False
    listed = error.get("errors") if isinstance(error, dict) else None
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else error
    kind = first.get("status") or first.get("code") or "" if isinstance(first, dict) else ""
    return _line(kind, first.get("message", "") if isinstance(first, dict) else ""), False


def ask(
    method: str,
    url: str,
    headers: Headers | Callable[[], Headers],
    body: bytes | None,
    refused: str,
    handlers: Sequence[urllib.request.BaseHandler] = (),
    read_refusal: Callable[[str], Refusal] = refusal_in_json,
) -> bytes:
    """The answer; what may pass is tried again, with new headers where they are a function's. `refused` begins the line
    that tells a failure; of an answer only the words of a refusal are repeated.
    """
    opener = urllib.request.build_opener(_NoRedirect, *handlers)
    for left in reversed(range(_TRIES)):
        said = dict(headers() if callable(headers) else headers)
        request = urllib.request.Request(url, data=body, headers=said, method=method)  # noqa: S310  whoever deploys it gives the URLs
        try:
            with opener.open(request, timeout=_SECONDS) as answer:
                read: bytes = answer.read()
                return read
        except urllib.error.HTTPError as error:
            words, may_pass = read_refusal(error.read(10_000).decode("utf-8", "replace"))
            status = error.status or 0
            problem, may_pass = f"{status} {words}".rstrip(), status == 429 or status >= 500 or may_pass
        except (OSError, http.client.HTTPException) as error:
            problem, may_pass = str(getattr(error, "reason", error)), True
        if not (left and may_pass):
            raise RefreshError(f"{refused}: {urllib.parse.urlsplit(url).netloc} answers: {problem}")
        time.sleep(2.0 ** (_TRIES - 1 - left))
    raise AssertionError


def ask_form(url: str, fields: Mapping[str, str], refused: str) -> Any:
    """The JSON that answers a form, as OAuth's servers have it."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    return json.loads(ask("POST", url, headers, urllib.parse.urlencode(fields).encode(), refused))


def text_of(file: str) -> str:
    """Of a file that holds a token."""
    return Path(file).read_text("utf-8").strip()


def _write(told: Environment, login: Login, expires: str) -> None:
    """Into the Secret, by the field manager of refreshers."""
    auth = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
    config = json.dumps({"auths": {told["CHAOSREG_SERVER"]: {"auth": auth}}})
    secret, namespace = told["CHAOSREG_SECRET"], told["CHAOSREG_NAMESPACE"]
    applied = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/dockerconfigjson",
        "metadata": {
            "name": secret,
            "namespace": namespace,
            "annotations": {"chaosreg/last-success": _time(time.time()), "chaosreg/expires": expires},
        },
        "data": {".dockerconfigjson": base64.b64encode(config.encode()).decode()},
    }
    host, port = told["KUBERNETES_SERVICE_HOST"], told.get("KUBERNETES_SERVICE_PORT", "443")
    host = f"[{host}]" if ":" in host else host
    url = f"https://{host}:{port}/api/v1/namespaces/{namespace}/secrets/{secret}"
    token = text_of(f"{_ACCOUNT}/token")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/apply-patch+yaml"}
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=f"{_ACCOUNT}/ca.crt"))
    ask(
        "PATCH",
        f"{url}?fieldManager=chaosreg-refresher&force=true",
        headers,
        json.dumps(applied).encode(),
        f"the cluster rejects the Secret {secret} (if it is gone, `pulumi up` makes it again)",
        handlers=[NO_PROXY, trust],
    )


def _line(*words: object) -> str:
    return " ".join(" ".join(map(str, words)).split())[:_MOST_WORDS]


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
