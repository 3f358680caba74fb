"""The configuration files of the node: containerd, the kubelet, and the network of the Pods."""

import json
from pathlib import Path

import yaml

from lab.names import CLUSTER_DOMAIN
from lab.network import BRIDGE, BRIDGE_ADDRESS

PAUSE_IMAGE = "localhost/pause:1"
CERTIFICATES = "certs.d"
POD_LOGS = "pod-logs"


def containerd_toml(room: Path, runc: Path, cni: Path) -> str:
    """The `native` snapshotter works on every filesystem, and no sandbox lacks a privilege for it."""
    return f"""\
version = 2
root = "{room}/root"
state = "{room}/state"

[grpc]
  address = "{room}/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
  path = "{room}/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # Without CAP_SYS_RESOURCE (sandboxes) runc dies when it may not lower an OOM score.
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni}"
    conf_dir = "{room}/cni"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{room}/{CERTIFICATES}"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "{runc}"
      SystemdCgroup = false
"""


def kubelet_yaml(room: Path, resolv_conf: Path, port: int, health_port: int) -> str:
    """A kubelet that watches over nothing but its Pods: no resource guarantees, no evictions, no image clean-up."""
    configuration = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "127.0.0.1",
        "port": port,
        "readOnlyPort": 0,
        "healthzPort": health_port,
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": False}, "x509": {}},
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "containerRuntimeEndpoint": f"unix://{room}/containerd.sock",
        "resolvConf": str(resolv_conf),
        "clusterDNS": [BRIDGE_ADDRESS],
        "clusterDomain": CLUSTER_DOMAIN,
        "evictionHard": {
            "memory.available": "1Mi",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
            "imagefs.inodesFree": "0%",
            "pid.available": "0%",
        },
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "makeIPTablesUtilChains": False,
        "nodeStatusUpdateFrequency": "4s",
        "podLogsDir": str(room / POD_LOGS),
        "volumePluginDir": str(room / "volume-plugins"),
    }
    return yaml.safe_dump(configuration, sort_keys=False)


def network_json(room: Path) -> str:
    """The CNI configuration: every Pod on the lab's bridge."""
    ranges = [[{"subnet": "10.244.0.0/24"}]]
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {"type": "host-local", "ranges": ranges, "routes": [{"dst": "0.0.0.0/0"}], "dataDir": f"{room}/ipam"},
    }
    return json.dumps({"cniVersion": "1.0.0", "name": "lab", "plugins": [bridge, {"type": "loopback"}]})


def plain_http_toml(host: str) -> str:
    """containerd's permission to use a registry without TLS."""
    return f'server = "http://{host}"\n\n[host."http://{host}"]\n  capabilities = ["pull", "resolve"]\n'


def signed_by_toml(host: str, authority: str) -> str:
    """containerd's trust in the authority of a registry."""
    told = f'  capabilities = ["pull", "resolve"]\n  ca = "{authority}"\n'
    return f'server = "https://{host}"\n\n[host."https://{host}"]\n{told}'
