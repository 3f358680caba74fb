"""Which API server, and as whom: the part of kubeconfig that the lab and its tests use.

Not supported, with a message that says so: `exec` and `auth-provider` plugins.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from lab.plugins.kubernetes.errors import UnreachableError

Config: TypeAlias = dict[str, Any]  # a parsed kubeconfig, whose shape only this module knows


@dataclass(frozen=True, repr=False)
class Access:
    """Everything needed to talk to one API server. No `repr`: it holds credentials."""

    server: str
    namespace: str = "default"
    verify: bool = True
    ca: str | None = None
    token: str | None = None
    certificate: bytes | None = None
    key: bytes | None = None


def load(source: object) -> Config:
    """The kubeconfig in `source`: its text (YAML or JSON), the path of a file, or an object."""
    if isinstance(source, dict):
        return source
    text = str(source)
    if "\n" not in text and not text.lstrip().startswith("{") and Path(text).expanduser().is_file():
        text = Path(text).expanduser().read_text()
    return _parse(text)


def load_ambient(environment: Mapping[str, str]) -> Config:
    """What kubectl would use: the files in $KUBECONFIG, of which the first to name a thing wins, or ~/.kube/config."""
    names = [name for name in environment.get("KUBECONFIG", "").split(os.pathsep) if name]
    paths = [Path(name) for name in names] or [Path.home() / ".kube" / "config"]
    merged: Config = {}
    for config in (_parse(path.read_text()) for path in paths if path.is_file()):
        merged.setdefault("current-context", config.get("current-context"))
        for section in ("clusters", "contexts", "users"):
            merged.setdefault(section, []).extend(config.get(section) or [])
    if not merged:
        raise UnreachableError("no kubeconfig: neither the provider nor $KUBECONFIG nor ~/.kube/config names a cluster")
    return merged


def _parse(text: str) -> Config:
    import yaml  # not needed by the many processes that only compare

    try:
        parsed = yaml.safe_load(text)
    except yaml.YAMLError:
        # The parser's own message quotes the file, and the file holds credentials.
        raise UnreachableError("failed to parse kubeconfig: it is neither YAML nor JSON") from None
    if not isinstance(parsed, dict):
        raise UnreachableError("failed to parse kubeconfig: it is neither a mapping nor the path of a file")
    return parsed


def active_cluster(config: Config, context: str = "", cluster: str = "") -> Config:
    """The cluster that `config` points to; empty when it names none."""
    chosen = _named(config, "contexts", "context", context or config.get("current-context"))
    return _named(config, "clusters", "cluster", cluster or chosen.get("cluster")) if chosen else {}


def access(config: Config, context: str = "", cluster: str = "") -> Access:
    """Address and credentials of the active context, or of the one named `context`."""
    name = context or config.get("current-context")
    if not name:
        raise UnreachableError("invalid configuration: no context is chosen")
    chosen = _named(config, "contexts", "context", name)
    if not chosen:
        raise UnreachableError(f'context "{name}" does not exist')
    target = active_cluster(config, context, cluster)
    if not target.get("server"):
        raise UnreachableError(f'cluster "{cluster or chosen.get("cluster")}" does not exist or has no server')
    user = _named(config, "users", "user", chosen.get("user"))
    for unsupported in ("exec", "auth-provider"):
        if unsupported in user:
            raise UnreachableError(f"user {chosen.get('user')!r} needs `{unsupported}`, which the stand-in cannot do")
    token = user.get("token") or (Path(user["tokenFile"]).read_text().strip() if user.get("tokenFile") else None)
    authority = _content(target, "certificate-authority")
    return Access(
        server=target["server"].rstrip("/"),
        namespace=chosen.get("namespace") or "default",
        verify=not target.get("insecure-skip-tls-verify", False),
        ca=authority.decode() if authority else None,
        token=token,
        certificate=_content(user, "client-certificate"),
        key=_content(user, "client-key"),
    )


def _named(config: Config, section: str, item: str, name: object) -> Config:
    for entry in config.get(section) or []:
        if entry.get("name") == name:
            return entry.get(item) or {}
    return {}


def _content(holder: Config, field: str) -> bytes | None:
    """`field-data` in base64, else the content of the file named by `field`."""
    try:
        if holder.get(f"{field}-data"):
            return base64.b64decode(holder[f"{field}-data"], validate=True)
        return Path(holder[field]).read_bytes() if holder.get(field) else None
    except (OSError, binascii.Error) as error:
        raise UnreachableError(f"{field} of the kubeconfig cannot be read: {type(error).__name__}") from None
