"""Which server keys of a docker config the kubelet uses for an image: a port of its matching rules.

Source: k8s.io/kubernetes/pkg/credentialprovider/keyring.go. Its traps are why we check before `up`: a key with a
scheme and a path that does not end in `/` never matches, ports must be equal, a path is a plain string prefix.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_HUB_KEYS = ("index.docker.io", "docker.io")


def key_for(server: str) -> str:
    """The server key that matches every image on this server, for the kubelet and for the docker command."""
    return DOCKER_HUB_KEY if server == "docker.io" else server


def second_key_for(server: str) -> str:
    """Another spelling of the same key: the kubelet tries the logins of both, which is what a rotation needs."""
    return "index.docker.io" if server == "docker.io" else f"https://{server}"


def matches(key: str, image: str) -> bool:
    """Whether the kubelet offers the login under this server key when it pulls this image (`host/repository…`)."""
    target, source = urlsplit(f"https://{image}"), urlsplit(key if "://" in key else f"https://{key}")
    path = re.sub(r"^/v[12]/", "/", source.path)
    path = "" if path == "/" else path
    host = source.netloc
    if target.netloc == "docker.io":
        return host in _HUB_KEYS and target.path.startswith(path)
    key_host, _, key_port = host.partition(":")
    image_host, _, image_port = target.netloc.partition(":")
    key_labels, image_labels = key_host.split("."), image_host.split(".")
    return (
        key_port == image_port
        and len(key_labels) == len(image_labels)
        and all(fnmatchcase(label, pattern) for pattern, label in zip(key_labels, image_labels, strict=True))
        and target.path.startswith(path)
    )


def unmatched(keys: Iterable[str], images: Iterable[str]) -> list[str]:
    """The images for which none of the keys would be used: the kubelet would pull them without a login."""
    known = list(keys)
    return [image for image in images if not any(matches(key, image) for key in known)]
