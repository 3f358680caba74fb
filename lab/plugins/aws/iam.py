"""IAM's roles and the policies in them: internal/service/iam of Terraform's provider, call by call."""

import json
from typing import Any

from lab.plugins.aws.cloud import Cloud, translated
from lab.plugins.aws.tags import as_list, as_object, tag_changes
from lab.plugins.protocol.errors import PluginError
from lab.plugins.protocol.values import Object


class Role:
    gone: tuple[str, ...] = ("NoSuchEntity",)

    def create(self, cloud: Cloud, region: str, inputs: Object) -> str:
        request = {
            "RoleName": inputs["name"],
            "Path": inputs["path"],
            "AssumeRolePolicyDocument": inputs["assumeRolePolicy"],
            "MaxSessionDuration": inputs["maxSessionDuration"],
            "Tags": as_list(inputs.get("tagsAll") or {}),
        }
        for name, key in (("description", "Description"), ("permissionsBoundary", "PermissionsBoundary")):
            if inputs.get(name):
                request[key] = inputs[name]
        with translated():
            return str(cloud.client("iam").create_role(**request)["Role"]["RoleName"])

    def read(self, cloud: Cloud, region: str, identity: str) -> Object:
        with translated():
            found = cloud.client("iam").get_role(RoleName=identity)["Role"]
        return {
            "arn": found["Arn"],
            "assumeRolePolicy": _text(found["AssumeRolePolicyDocument"]),
            "createDate": found["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": found.get("Description"),
            "maxSessionDuration": found["MaxSessionDuration"],
            "name": found["RoleName"],
            "path": found["Path"],
            "permissionsBoundary": (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
            "tagsAll": as_object(found.get("Tags") or []),
            "uniqueId": found["RoleId"],
        }

    def update(self, cloud: Cloud, region: str, identity: str, old: Object, new: Object) -> None:
        iam = cloud.client("iam")
        with translated():
            if old.get("assumeRolePolicy") != new["assumeRolePolicy"]:
                iam.update_assume_role_policy(RoleName=identity, PolicyDocument=new["assumeRolePolicy"])
            described = {"description": "Description", "maxSessionDuration": "MaxSessionDuration"}
            if any(old.get(name) != new.get(name) for name in described):
                given = {key: new[name] for name, key in described.items() if new.get(name)}
                iam.update_role(RoleName=identity, **{"Description": "", **given})
            boundary = new.get("permissionsBoundary")
            if boundary and boundary != old.get("permissionsBoundary"):
                iam.put_role_permissions_boundary(RoleName=identity, PermissionsBoundary=boundary)
            elif old.get("permissionsBoundary") and not boundary:
                iam.delete_role_permissions_boundary(RoleName=identity)
            tags, untagged = tag_changes(old, new)
            if untagged:
                iam.untag_role(RoleName=identity, TagKeys=untagged)
            if tags:
                iam.tag_role(RoleName=identity, Tags=as_list(tags))

    def delete(self, cloud: Cloud, region: str, identity: str, state: Object) -> None:
        iam = cloud.client("iam")
        with translated():
            if state.get("forceDetachPolicies"):
                for attached in iam.list_attached_role_policies(RoleName=identity)["AttachedPolicies"]:
                    iam.detach_role_policy(RoleName=identity, PolicyArn=attached["PolicyArn"])
                for name in iam.list_role_policies(RoleName=identity)["PolicyNames"]:
                    iam.delete_role_policy(RoleName=identity, PolicyName=name)
            iam.delete_role(RoleName=identity)


class RolePolicy:
    gone: tuple[str, ...] = ("NoSuchEntity",)

    def create(self, cloud: Cloud, region: str, inputs: Object) -> str:
        with translated():
            cloud.client("iam").put_role_policy(
                RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
            )
        return f"{inputs['role']}:{inputs['name']}"

    def read(self, cloud: Cloud, region: str, identity: str) -> Object:
        role, _, name = identity.partition(":")
        if not name:
            raise PluginError("role_policy id must be of the form <role name>:<policy name>")
        with translated():
            found = cloud.client("iam").get_role_policy(RoleName=role, PolicyName=name)
        return {"name": found["PolicyName"], "policy": _text(found["PolicyDocument"]), "role": found["RoleName"]}

    def update(self, cloud: Cloud, region: str, identity: str, old: Object, new: Object) -> None:
        self.create(cloud, region, new)

    def delete(self, cloud: Cloud, region: str, identity: str, state: Object) -> None:
        role, _, name = identity.partition(":")
        with translated():
            cloud.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


def _text(document: Any) -> str:
    """boto3 parses the documents that IAM sends."""
    return document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
