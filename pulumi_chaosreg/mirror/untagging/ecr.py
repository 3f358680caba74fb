"""Tags of ECR's images, taken away by this machine's identity at AWS: BatchDeleteImage, by tag.

It takes the image along with its last tag.
"""

from collections.abc import Collection
from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from pulumi_chaosreg.machine.aws import ecr_client
from pulumi_chaosreg.mirror.untagging.protocol import Door, Untag

_GONE = "ImageNotFound"


def untagger(door: Door) -> Untag:
    """See UntaggerOfKind. A login of the registry does not open AWS's API."""
    region, account = door.kind.region(door.server), door.kind.account_id(door.server)
    assert region, door.server
    registry = {"registryId": account} if account else {}
    client = cache(lambda: ecr_client(door.server, region))

    def untag(repository: str, tags: Collection[str]) -> None:
        if door.named:
            raise door.not_accepted()
        wanted = [{"imageTag": tag} for tag in tags]
        try:
            answer = client().batch_delete_image(repositoryName=repository, imageIds=wanted, **registry)
        except (BotoCoreError, ClientError, ValueError) as error:
            raise door.forbidden(repository, str(error) or type(error).__name__) from None
        failed = [one for one in answer.get("failures", ()) if one.get("failureCode") != _GONE]
        if failed:
            said = "; ".join(str(one.get("failureReason") or one.get("failureCode")) for one in failed)
            raise door.forbidden(repository, said)

    return untag
