"""How the clusters of a new project log in to its registry: what the kind of registry takes, and what is usual."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pulumi_chaosreg.registries.kinds import RegistryKind, registry_kind
from pulumi_chaosreg.scopes.refresher import keys_of

CREDENTIAL = "registry-credentials"
"""NAME of the credential that clusters pull with."""


class Form(StrEnum):
    """The ways, as the questions name them."""

    NODE = "node"  # the nodes have an identity that the registry trusts
    FILE = "file"  # a Secret of ours, made of a service account's key file
    PASSWORD = "password"  # noqa: S105  a Secret of ours, with a user and a password
    SECRET = "secret"  # noqa: S105  a Secret that somebody else has made in each cluster
    JOB = "job"  # a Secret of ours, which a Job in the cluster renews


FLAGS = {
    Form.NODE: "--node-identity",
    Form.FILE: "--key-file",
    Form.PASSWORD: "--username",
    Form.SECRET: "--secret-name",
    Form.JOB: "--identity",
}
"""What says on the command line that it is this one."""


def forms(kind: RegistryKind) -> tuple[Form, ...]:
    """Those that this kind takes, and this version delivers."""
    left_out = {
        *([] if "basic" in kind.authentication else [Form.PASSWORD]),
        *([] if kind.refresher else [Form.JOB]),
        *([] if kind.key_user else [Form.FILE]),
    }
    return tuple(form for form in Form if form not in left_out)


def usual_form(kind: RegistryKind, provider: str) -> Form:
    """What is meant where nobody says: no credential at all where the nodes are known to the registry."""
    if kind.node_identity_on and provider in ("", *kind.node_identity_on):
        return Form.NODE
    possible = forms(kind)
    return next(form for form in (Form.PASSWORD, Form.JOB, Form.SECRET) if form in possible)


@dataclass(frozen=True, slots=True)
class FirstLogin:
    """One of them, with what it needs."""

    form: Form
    username: str = ""
    """Of a password; empty where a token decides alone."""
    secret_name: str = ""
    key_file: str = ""
    """A path from the project's folder."""
    identity: str = ""
    """Who the Job is, as `pull_secret.identity` says it."""

    def authentication(self, kind: RegistryKind, provider: str) -> Mapping[str, str]:
        """What is written as `authentication`; of texts, in order."""
        match self.form:
            case Form.PASSWORD:
                who = {"username": self.username} if self.username else {"type": "token"}
                return {**who, "password_secret": CREDENTIAL}
            case Form.FILE:
                return {"type": kind.cloud_authentication or "", "key_file": self.key_file}
            case Form.SECRET:
                return {"secret_name": self.secret_name}
            case Form.JOB:
                return {"type": kind.cloud_authentication or ""}
        is_cloud_s = kind.has_nodes_on(provider)
        return {"type": kind.cloud_authentication if is_cloud_s and kind.cloud_authentication else "node_identity"}

    @property
    def makes_secret(self) -> bool:
        """Whether `up` puts a Secret into the clusters."""
        return self.form in (Form.FILE, Form.PASSWORD, Form.JOB)

    def unshared(self) -> str:
        """The line of .gitignore that keeps the key file out of Git; empty where there is none."""
        name = self.key_file.replace("\\", "/").rpartition("/")[2]
        return re.sub(r"([*?\[\]!# ])", r"\\\1", name)

    def keys(self) -> str:
        """The NAME of the keys that the Job is known by; empty where it has none."""
        return keys_of(self.identity) if self.form is Form.JOB else ""


def about(form: Form, kind: RegistryKind) -> str:
    """One line that tells somebody new what this form is."""
    nodes = " or ".join(provider.upper() for provider in kind.node_identity_on)
    return {
        Form.NODE: f"the nodes pull by their own identity, without a Secret{f' (on {nodes})' if nodes else ''}",
        Form.FILE: "a service account's JSON key in a file on this machine; `pulumi up` makes the Secret",
        Form.PASSWORD: "a user and a password; `pulumi up` makes the Secret",
        Form.SECRET: "an existing Secret in each cluster",
        Form.JOB: "a Job in each cluster renews the Secret, by an identity of the cloud or with keys",
    }[form]


def kind_of(server: str, said: str) -> RegistryKind:
    """The kind of the registry that was named; what the host tells counts."""
    return registry_kind(server, said or None)


def extras(kind: RegistryKind) -> tuple[str, ...]:
    """The extras of our package that its stack needs: to make repositories, and to log the mirror in."""
    return tuple(extra for extra in (kind.extra if is_made(kind) else None, kind.cloud) if extra)


def is_made(kind: RegistryKind) -> bool:
    """Whether the stack makes what images go to, by nothing but what was told: neither a login nor a subscription."""
    return kind.provisions and not kind.made.login and not kind.made.needs
