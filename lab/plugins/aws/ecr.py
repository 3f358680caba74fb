"""Amazon ECR's repositories and what belongs to one: internal/service/ecr of Terraform's provider, call by call."""

import os
import time

from lab.plugins.aws.cloud import AwsError, Cloud, translated
from lab.plugins.aws.tags import as_list, as_object, tag_changes
from lab.plugins.protocol.errors import PluginError
from lab.plugins.protocol.values import Object

# ECR's words for a principal that IAM does not know everywhere yet: a role that was made a moment ago.
_NOT_YET = "Invalid repository policy provided"
_PATIENCE = "120"  # seconds: propagationTimeout of the official plugin


class Repository:
    gone: tuple[str, ...] = ("RepositoryNotFoundException",)

    def create(self, cloud: Cloud, region: str, inputs: Object) -> str:
        request = {
            "repositoryName": inputs["name"],
            "imageTagMutability": inputs["imageTagMutability"],
            "tags": as_list(inputs.get("tagsAll") or {}),
        }
        for name in ("imageScanningConfiguration", "imageTagMutabilityExclusionFilters"):
            if inputs.get(name):
                request[name] = inputs[name]
        for configuration in inputs.get("encryptionConfigurations") or ():
            request["encryptionConfiguration"] = configuration
        with translated():
            return str(cloud.client("ecr", region).create_repository(**request)["repository"]["repositoryName"])

    def read(self, cloud: Cloud, region: str, identity: str) -> Object:
        ecr = cloud.client("ecr", region)
        with translated():
            (found,) = ecr.describe_repositories(repositoryNames=[identity])["repositories"]
            tags = ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
        live = {
            "arn": found["repositoryArn"],
            "imageTagMutability": found["imageTagMutability"],
            "imageTagMutabilityExclusionFilters": found.get("imageTagMutabilityExclusionFilters"),
            "imageScanningConfiguration": found.get("imageScanningConfiguration"),
            "name": found["repositoryName"],
            "registryId": found["registryId"],
            "repositoryUrl": found["repositoryUri"],
            "tagsAll": as_object(tags),
        }
        if found.get("encryptionConfiguration"):
            live["encryptionConfigurations"] = [found["encryptionConfiguration"]]
        return live

    def update(self, cloud: Cloud, region: str, identity: str, old: Object, new: Object) -> None:
        ecr, where = cloud.client("ecr", region), _where(identity, old)
        filters = "imageTagMutabilityExclusionFilters"
        with translated():
            if any((old.get(name) or None) != (new.get(name) or None) for name in ("imageTagMutability", filters)):
                given = {filters: new[filters]} if new.get(filters) else {}
                ecr.put_image_tag_mutability(imageTagMutability=new["imageTagMutability"], **given, **where)
            scanning = new.get("imageScanningConfiguration")
            if scanning and scanning != old.get("imageScanningConfiguration"):
                ecr.put_image_scanning_configuration(imageScanningConfiguration=scanning, **where)
            tags, untagged = tag_changes(old, new)
            if tags or untagged:
                (found,) = ecr.describe_repositories(repositoryNames=[identity])["repositories"]
            if untagged:
                ecr.untag_resource(resourceArn=found["repositoryArn"], tagKeys=untagged)
            if tags:
                ecr.tag_resource(resourceArn=found["repositoryArn"], tags=as_list(tags))

    def delete(self, cloud: Cloud, region: str, identity: str, state: Object) -> None:
        force = bool(state.get("forceDelete"))
        try:
            with translated():
                cloud.client("ecr", region).delete_repository(force=force, **_where(identity, state))
        except AwsError as error:
            if error.reason == "RepositoryNotEmptyException":
                raise PluginError(
                    f"ECR Repository ({identity}) not empty, consider using force_delete: {error}"
                ) from None
            raise


class LifecyclePolicy:
    gone: tuple[str, ...] = ("LifecyclePolicyNotFoundException", "RepositoryNotFoundException")

    def create(self, cloud: Cloud, region: str, inputs: Object) -> str:
        with translated():
            put = cloud.client("ecr", region).put_lifecycle_policy(
                repositoryName=inputs["repository"], lifecyclePolicyText=inputs["policy"]
            )
        return str(put["repositoryName"])

    def read(self, cloud: Cloud, region: str, identity: str) -> Object:
        with translated():
            found = cloud.client("ecr", region).get_lifecycle_policy(repositoryName=identity)
        return {
            "policy": found["lifecyclePolicyText"],
            "registryId": found["registryId"],
            "repository": found["repositoryName"],
        }

    def update(self, cloud: Cloud, region: str, identity: str, old: Object, new: Object) -> None:
        raise PluginError("an ECR Lifecycle Policy is never updated")

    def delete(self, cloud: Cloud, region: str, identity: str, state: Object) -> None:
        with translated():
            cloud.client("ecr", region).delete_lifecycle_policy(repositoryName=identity)


class RepositoryPolicy:
    gone: tuple[str, ...] = ("RepositoryPolicyNotFoundException", "RepositoryNotFoundException")

    def create(self, cloud: Cloud, region: str, inputs: Object) -> str:
        deadline = time.monotonic() + float(os.environ.get("LAB_AWS_RETRY_SECONDS", _PATIENCE))
        pause = 0.5
        while True:
            try:
                with translated():
                    cloud.client("ecr", region).set_repository_policy(
                        repositoryName=inputs["repository"], policyText=inputs["policy"]
                    )
                return str(inputs["repository"])
            except AwsError as error:
                if _NOT_YET not in error.message or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
            pause = min(pause * 2, 10)

    def read(self, cloud: Cloud, region: str, identity: str) -> Object:
        with translated():
            found = cloud.client("ecr", region).get_repository_policy(repositoryName=identity)
        return {
            "policy": found["policyText"],
            "registryId": found["registryId"],
            "repository": found["repositoryName"],
        }

    def update(self, cloud: Cloud, region: str, identity: str, old: Object, new: Object) -> None:
        self.create(cloud, region, new)

    def delete(self, cloud: Cloud, region: str, identity: str, state: Object) -> None:
        with translated():
            cloud.client("ecr", region).delete_repository_policy(**_where(identity, state))


def _where(identity: str, state: Object) -> Object:
    """Which repository is meant. Of one that was made but could not be read, the state does not know the registry."""
    known = {"registryId": state["registryId"]} if state.get("registryId") else {}
    return {"repositoryName": identity, **known}
