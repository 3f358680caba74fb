"""Manifests as texts: `yaml:decode`, and the components of `yaml/v2`, whose resources the plugin makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import yaml
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc

from lab.plugins.kubernetes.objects import name_of, namespace_of
from lab.plugins.protocol.errors import PluginError
from lab.plugins.protocol.values import Object, Unknown, contains, decode, encode, reveal

DECODE = "kubernetes:yaml:decode"
COMPONENTS = ("kubernetes:yaml/v2:ConfigFile", "kubernetes:yaml/v2:ConfigGroup")


def objects_of(text: str) -> list[Object]:
    """The objects of a manifest; documents with nothing in them are none."""
    try:
        return [one for one in yaml.safe_load_all(text) if one]
    except yaml.YAMLError as error:
        raise PluginError(f"decoding YAML: {error}") from None


def construct(request: pb.ConstructRequest, version: str) -> pb.ConstructResponse:
    """A component and a resource for each object, named `PREFIX:NAMESPACE/NAME` as the official plugin does.

    While an input is unknown there are no objects yet.
    """
    inputs = decode(request.inputs)
    found = [] if contains(inputs, Unknown) else list(_given(reveal(inputs)))
    prefix = inputs.get("resourcePrefix") or request.name
    with grpc.insecure_channel(request.monitorEndpoint) as channel:
        monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
        component = resource_pb2.RegisterResourceRequest(
            type=request.type, name=request.name, parent=request.parent, acceptSecrets=True
        )
        urn = monitor.RegisterResource(component).urn
        made = []
        for item in found:
            name = "/".join(part for part in (namespace_of(item), name_of(item)) if part)
            child = resource_pb2.RegisterResourceRequest(
                type=_token(item),
                name=f"{prefix}:{name}",
                parent=urn,
                custom=True,
                object=encode(item),
                provider=request.providers.get("kubernetes", ""),
                dependencies=request.dependencies,
                version=version,
                acceptSecrets=True,
            )
            made.append(monitor.RegisterResource(child).urn)
        state = encode({"resources": made})
        monitor.RegisterResourceOutputs(resource_pb2.RegisterResourceOutputsRequest(urn=urn, outputs=state))
    return pb.ConstructResponse(urn=urn, state=state)


def _given(inputs: Object) -> Iterator[Object]:
    files = [*(inputs.get("files") or ()), *([inputs["file"]] if inputs.get("file") else ())]
    texts = [*(Path(file).read_text("utf-8") for file in files), *([inputs["yaml"]] if inputs.get("yaml") else ())]
    for item in [*(inputs.get("objs") or ()), *(item for text in texts for item in objects_of(text))]:
        yield from item["items"] if str(item.get("kind", "")).endswith("List") and "items" in item else (item,)


def _token(item: Object) -> str:
    version = str(item["apiVersion"])
    return f"kubernetes:{version if '/' in version else f'core/{version}'}:{item['kind']}"
