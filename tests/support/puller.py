"""A stand-in for a kubelet that pulls all the time: the manifests that a ConfigMap names, with the Secret beside it."""

import base64
import json
import threading
from dataclasses import dataclass, field
from typing import Self

import urllib3

from lab.kubeapi import get
from lab.state import KubernetesState
from pulumi_chaosreg.images.reference import Reference


@dataclass
class Puller:
    """Reads ConfigMap and Secret anew for each round, and pulls what it has ever read: running Pods keep their images.

    A round ends as soon as everything was asked for once; the next begins soon.
    """

    cluster: KubernetesState
    namespace: str
    name: str
    pulled: dict[str, int] = field(default_factory=dict)
    """Reference → how often it was pulled."""
    failed: list[str] = field(default_factory=list)
    """Reference and status of each pull that failed."""

    def __post_init__(self) -> None:
        self._ends = threading.Event()
        self._round = threading.Condition()
        self._rounds = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def wait_for_a_whole_round(self, seconds: float = 30) -> None:
        """Until everything that is configured now was pulled once more."""
        with self._round:
            wanted = self._rounds + 2  # the one that is under way began before
            assert self._round.wait_for(lambda: self._rounds >= wanted, seconds), "the puller has stopped"

    def _run(self) -> None:
        with urllib3.PoolManager(retries=False, timeout=10) as pool:
            while not self._ends.wait(0.1):  # it is not alone on the machine
                self._pull(pool)
                with self._round:
                    self._rounds += 1
                    self._round.notify_all()

    def _pull(self, pool: urllib3.PoolManager) -> None:
        place = f"/api/v1/namespaces/{self.namespace}"
        config_map = get(self.cluster, f"{place}/configmaps/{self.name}")["data"]
        secret = get(self.cluster, f"{place}/secrets/{self.name}")["data"]
        auths = json.loads(base64.b64decode(secret[".dockerconfigjson"]))["auths"]
        for key, value in config_map.items():
            if key.startswith("image."):
                self.pulled.setdefault(value, 0)
        for text in self.pulled:
            reference = Reference.parse(text)
            entry = auths.get(reference.server, {})
            login = f"{entry.get('username', '')}:{entry.get('password', '')}"
            answer = pool.request(
                "GET",
                f"http://{reference.server}/v2/{reference.repository}/manifests/{reference.digest or reference.tag}",
                headers=urllib3.make_headers(basic_auth=login),
            )
            if answer.status == 200:
                self.pulled[text] += 1
            else:
                self.failed.append(f"{text}: {answer.status}")
