"""The parts of the lab."""

from collections.abc import Callable, Iterable
from functools import partial

from lab.errors import LabError
from lab.parts.aws import Aws
from lab.parts.clouds import Cloud
from lab.parts.control_loops import ControllerManager, Scheduler
from lab.parts.engine import Engine
from lab.parts.harbor import Harbor
from lab.parts.harness import Harness
from lab.parts.kube_proxy import KubeProxy
from lab.parts.kubernetes import Kubernetes
from lab.parts.mirror_image import MirrorImage
from lab.parts.node import Node
from lab.parts.olareg import Olareg
from lab.parts.part import Part, UnavailableError
from lab.parts.python_image import PythonImage
from lab.parts.registry import Registry
from lab.parts.upstream import Upstream

__all__ = ["BY_NAME", "TABLE", "Part", "UnavailableError", "chosen"]

TABLE: dict[str, Callable[[], Part]] = {
    "engine": Engine,
    "upstream": Upstream,
    "registry": Registry,
    "olareg": Olareg,
    "aws": Aws,
    "google": partial(Cloud, "google"),
    "azure": partial(Cloud, "azure"),
    "harness": Harness,
    "harbor": Harbor,
    "kubernetes": Kubernetes,
    "node": Node,
    "mirror-image": MirrorImage,
    "python-image": PythonImage,
    "controller-manager": ControllerManager,
    "scheduler": Scheduler,
    "kube-proxy": KubeProxy,
}
"""Name → how to make it, in the order in which they are built."""

BY_NAME = ("controller-manager", "scheduler", "kube-proxy")
"""Not started unless they are named."""


def chosen(names: Iterable[str]) -> list[str]:
    """The named parts (none named: all but those that must be) and what they need, in the order of the table."""
    wanted = list(names) or [name for name in TABLE if name not in BY_NAME]
    for name in wanted:  # grows while we go through it
        if name not in TABLE:
            raise LabError(f"no part is called `{name}`; there are: {', '.join(TABLE)}")
        wanted += [needed for needed in TABLE[name]().needs if needed not in wanted]
    return [name for name in TABLE if name in wanted]
