"""One client of the Kubernetes API, for whatever we do in a cluster ourselves and not through Pulumi's own plugin.

The official Python client reads kubeconfigs: logins by exec plugins (EKS, GKE, AKS), client certificates, proxies, TLS
names. Requests and answers stay plain JSON: its models are the API's of one version, and an object must come back
with everything that it has. Its import takes most of a second, so it waits for the first request.
"""

import json
import logging
import os
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import urllib3
import urllib3.exceptions
import yaml

from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.settings.kubeconfig import is_content

if TYPE_CHECKING:
    from kubernetes.client import ApiClient, Configuration

_LOG = logging.getLogger(__name__)
_CONNECT, _ANSWER = 15.0, 60.0  # seconds
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


class KubernetesError(ChaosregError):
    """A cluster could not be reached, or refused."""

    def __init__(self, finding: Finding, *, status: int | None = None, about: str = "") -> None:
        super().__init__(finding)
        self.status = status
        """Of the HTTP answer; None where there was none."""
        self.about = about
        """The plural of the kind that the answer is about: `namespaces` where the namespace is missing."""

    @property
    def is_missing(self) -> bool:
        """Whether the object is not there, nor anything that it would be in."""
        return self.status == 404

    @property
    def is_conflict(self) -> bool:
        """Whether somebody else was faster, or owns a field."""
        return self.status == 409

    @property
    def is_unreachable(self) -> bool:
        """Whether nobody answered at all."""
        return self.status is None


class Cluster:
    """A cluster by the context of a kubeconfig. Threads may share it."""

    def __init__(self, context: str | None, kubeconfig: str | None) -> None:
        """`kubeconfig` is a path or a content; $KUBECONFIG or ~/.kube/config where it is left out."""
        self._context, self._kubeconfig = context, kubeconfig
        self._guard = threading.Lock()
        self._client: ApiClient | None = None

    @property
    def name(self) -> str:
        """As a message says it."""
        return f"context `{self._context}`" if self._context else "the kubeconfig's current context"

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, kind: str = "", **query: str
    ) -> dict[str, Any]:
        """The answer's JSON. KubernetesError (CHR0605, CHR0606) otherwise; `kind` is the body's content type."""
        client = self._connected()
        headers = {"Accept": "application/json"}
        for setting in client.configuration.auth_settings().values():  # asks for a new token where it has expired
            headers[setting["key"].title()] = setting["value"]
        if body is not None:
            headers["Content-Type"] = kind or "application/json"
        url = f"{client.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        logs, began = _LOG.isEnabledFor(logging.DEBUG), time.monotonic()
        try:
            answer = client.rest_client.pool_manager.request(
                method,
                url,
                body=None if body is None else json.dumps(body),
                headers=headers,
                timeout=urllib3.Timeout(connect=_CONNECT, read=_ANSWER),
                redirect=False,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(client.configuration, error) from None
        if logs:
            took, size = (time.monotonic() - began) * 1000, len(answer.data)
            _LOG.debug("%s %s at %s: %d in %.0f ms, %d bytes", method, path, self.name, answer.status, took, size)
        if not 200 <= answer.status < 300:
            raise self._refused(method, path, answer.status, answer.data)
        try:
            found = json.loads(answer.data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self._of_cluster(
                f"does not answer `{method} {path}` with JSON: is that an API server?", answer.status
            )
        return found

    def _connected(self) -> "ApiClient":
        with self._guard:
            if self._client is None:
                self._client = self._load()
            return self._client

    def _load(self) -> "ApiClient":
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config import ConfigException
        from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

        from pulumi_chaosreg.oci.proxies import Proxy, ProxyUnusable, parts_with_login, proxy_for
        from pulumi_chaosreg.oci.trust import trusting  # with the client of registries, which not every run needs

        configuration = Configuration()
        try:
            with _errors_of_logins() as said:
                if self._kubeconfig and is_content(self._kubeconfig):
                    given = yaml.safe_load(self._kubeconfig)
                else:
                    given = KubeConfigMerger(_paths(self._kubeconfig)).config
                loader = KubeConfigLoader(given, active_context=self._context, config_base_path=None)
                loader.load_and_set(configuration)
        except (ConfigException, OSError) as error:
            raise self._of_kubeconfig(f"cannot be used: {error}") from None
        except (yaml.YAMLError, TypeError, AttributeError, ValueError, LookupError):  # its text may quote a credential
            raise self._of_kubeconfig("cannot be used: it is not a kubeconfig") from None
        if said:
            raise self._of_kubeconfig(f"cannot log in: {said[0]}")
        # A kubeconfig's own proxy is read by version 37 on, and always used, as by kubectl. Of the environment's the
        # official client forgets NO_PROXY (35.0), and prefers HTTP_PROXY.
        own = loader._cluster.safe_get("proxy-url")
        try:
            parts_with_login(configuration.host)
            proxy = Proxy.read(str(own), "its `proxy-url`") if own else proxy_for(configuration.host, os.environ)
        except ProxyUnusable as error:
            raise self._of_kubeconfig(f"cannot be used: {error}") from None
        except ValueError:
            raise self._of_kubeconfig("cannot be used: the address of its server cannot be read") from None
        configuration.proxy = proxy.address if proxy else None
        configuration.proxy_headers = dict(proxy.headers) if proxy else None
        configuration.no_proxy = None
        client = ApiClient(configuration)
        if configuration.verify_ssl:  # it loads the cluster's authority into it
            trust = trusting(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
            client.rest_client.pool_manager.connection_pool_kw["ssl_context"] = trust
        return client

    def _unreachable(self, configuration: "Configuration", error: Exception) -> KubernetesError:
        cause = getattr(error, "reason", None) or error
        if isinstance(cause, urllib3.exceptions.ProxyError):
            from pulumi_chaosreg.oci.broken_connection import cause_of

            text = f"the proxy {configuration.proxy} says {cause_of(cause, idle=_ANSWER).words}"
        else:
            text = str(cause).rpartition(": ")[2] if isinstance(cause, OSError) else str(cause)
        server = urlsplit(configuration.host).netloc.rpartition("@")[2]
        return self._of_cluster(f"cannot be reached at {server}: {text}")

    def _refused(self, method: str, path: str, status: int, body: bytes) -> KubernetesError:
        try:
            said = json.loads(body)
            message, about = str(said["message"]), str((said.get("details") or {}).get("kind") or "")
        except (ValueError, KeyError, TypeError, AttributeError):
            message, about = "no reason given", ""
        return self._of_cluster(f"answered {status} to `{method} {path}`: {message}", status, about)

    def _of_cluster(self, what: str, status: int | None = None, about: str = "") -> KubernetesError:
        advice = (
            "try `kubectl get serviceaccounts` with the same context; who runs this needs `get`, `create` and `patch`"
        )
        finding = Finding("CHR0605", f"the cluster of {self.name} {what}", help=advice)
        return KubernetesError(finding, status=status, about=about)

    def _of_kubeconfig(self, what: str) -> KubernetesError:
        advice = "compare with `kubectl config get-contexts`; a login's program must be on PATH"
        return KubernetesError(Finding("CHR0606", f"{self.name} of {self._source} {what}", help=advice))

    @property
    def _source(self) -> str:
        if not self._kubeconfig:
            return "$KUBECONFIG or ~/.kube/config"
        return "the given kubeconfig" if is_content(self._kubeconfig) else self._kubeconfig


def _paths(kubeconfig: str | None) -> str:
    """Where the official client shall look; its own default is what $KUBECONFIG was when it was imported."""
    if kubeconfig:
        return str(Path(kubeconfig).expanduser())
    return os.environ.get("KUBECONFIG") or "~/.kube/config"


@contextmanager
def _errors_of_logins() -> Iterator[list[str]]:
    """What the official client logs, instead of raising it, when a login's program fails; it would go on without."""
    said: list[str] = []
    thread = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread and record.levelno >= logging.ERROR:
                said.append(record.getMessage())

    listener = Listener()
    logging.getLogger().addHandler(listener)
    try:
        yield said
    finally:
        logging.getLogger().removeHandler(listener)
