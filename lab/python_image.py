"""An image for Pods that run a script: Python with its standard library, and nothing of this project.

It trusts the lab's authorities, by which the names of clouds are served, beside those that Debian trusts.
"""

from functools import cache
from pathlib import Path

from lab.errors import LabError
from lab.oci_image import folder_layer, image, index, layer
from lab.parts.debian_python import architecture
from lab.push import Pusher
from lab.state import LabState

_REPOSITORY, _TAG = "lab/python", "3.11"
_PACKAGES = "usr/lib/python3/dist-packages"
_BUNDLE = "etc/ssl/certs/ca-certificates.crt"


def python_image(lab: LabState) -> str:
    """The reference, with its digest, as the node pulls it without a Secret; pushed to `upstream` where it is not yet.

    Its entrypoint is `python3`, its user 65532; there is no shell. LabError where this machine cannot have one.
    """
    if lab.python_image.missing:
        raise LabError(f"the lab has no image with Python here: {lab.python_image.missing}")
    assert lab.upstream, "the part `python-image` needs `upstream`"
    authorities = tuple(cloud.authority for cloud in (lab.aws, lab.google, lab.azure) if cloud and cloud.authority)
    return _pushed(lab.upstream.host, lab.python_image.root, authorities)


@cache
def _pushed(host: str, root: str, authorities: tuple[str, ...]) -> str:
    trusted = b"".join(file.read_bytes() for file in (Path(root) / _BUNDLE, *map(Path, authorities)))
    # Without the packages that the recipe adds for our own command: a script that imports one shall fail.
    layers = [folder_layer(Path(root), without=_PACKAGES), layer({f"/{_BUNDLE}": trusted})]
    environment = ["PATH=/usr/bin", "PYTHONDONTWRITEBYTECODE=1", f"SSL_CERT_FILE=/{_BUNDLE}"]
    config = {"Env": environment, "User": "65532:65532", "Entrypoint": ["python3"]}
    made = index([image(architecture(), layers, config)], {})
    Pusher(host).push(_REPOSITORY, _TAG, made)
    return f"{host}/{_REPOSITORY}:{_TAG}@{made.blob.digest}"
