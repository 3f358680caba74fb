"""Which server keys of a docker config the kubelet uses for an image: a port of its matching rules.

Source: k8s.io/kubernetes/pkg/credentialprovider/keyring.go. Its traps are why we check before `up`: a key with a
scheme and a path that does not end in `/` never matches, ports must be equal, a path is a plain string prefix.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_DEFAULT_REGISTRY = "index.docker.io"
"""The name under which Docker Hub's login is filed: used where nothing else matches an image of `docker.io`."""


def key_for(server: str) -> str:
    """The server key that matches every image on this server, for the kubelet and for the docker command."""
    return DOCKER_HUB_KEY if server == "docker.io" else server


def second_key_for(server: str) -> str:
    """Another spelling of the same key: the kubelet tries the logins of both, which is what a rotation needs."""
    return "index.docker.io" if server == "docker.io" else f"https://{server}"


def used_for(keys: Iterable[str], image: str) -> list[str]:
    """The keys whose logins the kubelet tries when it pulls this image (`host/repository…`); none: without a login."""
    known = list(keys)
    repository = re.sub(r"(:[^:/@]*)?(@.*)?$", "", image)
    if found := [key for key in known if _fits(_filed(key), repository)]:
        return found
    is_hub = repository.partition("/")[0] in ("docker.io", "index.docker.io")
    return [key for key in known if is_hub and _filed(key) == _DEFAULT_REGISTRY]


def matches(key: str, image: str) -> bool:
    """Whether the kubelet offers the login under this server key where there is no other."""
    return bool(used_for([key], image))


def unmatched(keys: Iterable[str], images: Iterable[str]) -> list[str]:
    """The images for which none of the keys would be used: the kubelet would pull them without a login."""
    known = list(keys)
    return [image for image in images if not used_for(known, image)]


def shown(key: str) -> str:
    """A server key as a message may have it: without a user and password that somebody wrote into it."""
    return re.sub(r"^([a-z]+://)?[^/]*@", r"\1…@", key)


def _filed(key: str) -> str:
    """The name that the kubelet keeps the login under: host, port and path; empty where it passes the key over."""
    try:
        parts = urlsplit(key if key.startswith(("https://", "http://")) else f"https://{key}")
    except ValueError:
        return ""
    path = re.sub(r"^/v[12]/", "/", parts.path)
    return parts.netloc.rpartition("@")[2] + ("" if path == "/" else path)


def _fits(filed: str, repository: str) -> bool:
    host, slash, path = filed.partition("/")
    image_server, _, image_path = repository.partition("/")
    key_host, _, key_port = host.partition(":")
    image_host, _, image_port = image_server.partition(":")
    key_labels, image_labels = key_host.split("."), image_host.split(".")
    return (
        key_port == image_port
        and len(key_labels) == len(image_labels)
        and all(fnmatchcase(label, pattern) for pattern, label in zip(key_labels, image_labels, strict=True))
        and f"/{image_path}".startswith(slash + path)
    )
