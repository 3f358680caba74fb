"""What the engine sends to be checked: secret values are judged like others, and stay secret."""

import asyncio
from typing import Any

from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2 as pb

from pulumi_chaosreg.provider.servicer import Servicer
from pulumi_chaosreg.resources.mirrored_image import MIRRORED_IMAGE

TYPE = MIRRORED_IMAGE.type
URN = f"urn:pulumi:one::x::{TYPE}::image"


def secret(value: Any) -> dict[str, Any]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def checked(**inputs: Any) -> pb.CheckResponse:
    async def check() -> pb.CheckResponse:
        both = {"source": "docker.io/harness/app:1", "target": "harbor.company.com/app:1", **inputs}
        news = await rpc.serialize_properties(both, {})
        return await Servicer("").Check(pb.CheckRequest(urn=URN, type=TYPE, news=news), None)

    return asyncio.run(check())


def test_a_secret_input_is_judged_by_its_value_and_stays_secret() -> None:
    good = checked(platforms=secret(["linux/amd64"]))
    assert list(good.failures) == []
    assert rpc._special_secret_sig in str(good.inputs.fields["platforms"])
    assert [failure.property for failure in checked(platforms=secret(["amd64"])).failures] == ["platforms"]
