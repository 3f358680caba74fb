"""Where chaos experiments get their container images, declared at four levels and made true by `pulumi up`.

Names are loaded when they are first used: the `chaosreg` command reads stack files without importing Pulumi.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_chaosreg.components.acr_token_password import AcrTokenPassword as AcrTokenPassword
    from pulumi_chaosreg.components.arguments import AllowOverridesArgs as AllowOverridesArgs
    from pulumi_chaosreg.components.arguments import AuthenticationArgs as AuthenticationArgs
    from pulumi_chaosreg.components.arguments import AwsArgs as AwsArgs
    from pulumi_chaosreg.components.arguments import AzureArgs as AzureArgs
    from pulumi_chaosreg.components.arguments import ClusterArgs as ClusterArgs
    from pulumi_chaosreg.components.arguments import CustomImagesArgs as CustomImagesArgs
    from pulumi_chaosreg.components.arguments import GithubArgs as GithubArgs
    from pulumi_chaosreg.components.arguments import HarborArgs as HarborArgs
    from pulumi_chaosreg.components.arguments import HarnessArgs as HarnessArgs
    from pulumi_chaosreg.components.arguments import IdentitiesArgs as IdentitiesArgs
    from pulumi_chaosreg.components.arguments import IdentityArgs as IdentityArgs
    from pulumi_chaosreg.components.arguments import ImageRegistryArgs as ImageRegistryArgs
    from pulumi_chaosreg.components.arguments import ImagesArgs as ImagesArgs
    from pulumi_chaosreg.components.arguments import InfrastructureArgs as InfrastructureArgs
    from pulumi_chaosreg.components.arguments import LevelArgs as LevelArgs
    from pulumi_chaosreg.components.arguments import MembersArgs as MembersArgs
    from pulumi_chaosreg.components.arguments import MirrorArgs as MirrorArgs
    from pulumi_chaosreg.components.arguments import NamespaceArgs as NamespaceArgs
    from pulumi_chaosreg.components.arguments import PodIdentityArgs as PodIdentityArgs
    from pulumi_chaosreg.components.arguments import PrincipalsArgs as PrincipalsArgs
    from pulumi_chaosreg.components.arguments import PullersArgs as PullersArgs
    from pulumi_chaosreg.components.arguments import PullSecretArgs as PullSecretArgs
    from pulumi_chaosreg.components.arguments import RegistryArgs as RegistryArgs
    from pulumi_chaosreg.components.arguments import RepositoriesArgs as RepositoriesArgs
    from pulumi_chaosreg.components.arguments import RoleArgs as RoleArgs
    from pulumi_chaosreg.components.arguments import ServiceAccountArgs as ServiceAccountArgs
    from pulumi_chaosreg.components.arguments import TrustArgs as TrustArgs
    from pulumi_chaosreg.components.arguments import VerifyArgs as VerifyArgs
    from pulumi_chaosreg.components.cluster import Cluster as Cluster
    from pulumi_chaosreg.components.harness_image_registry import HarnessImageRegistry as HarnessImageRegistry
    from pulumi_chaosreg.components.image_mirror import ImageMirror as ImageMirror
    from pulumi_chaosreg.components.image_pull_secret_entry import ImagePullSecretEntry as ImagePullSecretEntry
    from pulumi_chaosreg.components.image_transform import image_transform as image_transform
    from pulumi_chaosreg.components.infrastructure import Infrastructure as Infrastructure
    from pulumi_chaosreg.components.levels import Account as Account
    from pulumi_chaosreg.components.levels import Organization as Organization
    from pulumi_chaosreg.components.levels import Project as Project
    from pulumi_chaosreg.components.mirrored_image import MirroredImage as MirroredImage
    from pulumi_chaosreg.components.pull_secret import PullSecret as PullSecret
    from pulumi_chaosreg.components.resolved_config_map import ResolvedConfigMap as ResolvedConfigMap
    from pulumi_chaosreg.errors import ChaosregError as ChaosregError
    from pulumi_chaosreg.provision.harbor_immutable_tag_rule import HarborImmutableTagRule as HarborImmutableTagRule
    from pulumi_chaosreg.provision.harbor_project import HarborProject as HarborProject
    from pulumi_chaosreg.provision.harbor_robot import HarborRobot as HarborRobot

_HOME = {
    "AllowOverridesArgs": "components.arguments",
    "AuthenticationArgs": "components.arguments",
    "AwsArgs": "components.arguments",
    "AzureArgs": "components.arguments",
    "ClusterArgs": "components.arguments",
    "CustomImagesArgs": "components.arguments",
    "GithubArgs": "components.arguments",
    "IdentitiesArgs": "components.arguments",
    "HarborArgs": "components.arguments",
    "HarnessArgs": "components.arguments",
    "IdentityArgs": "components.arguments",
    "ImageRegistryArgs": "components.arguments",
    "ImagesArgs": "components.arguments",
    "InfrastructureArgs": "components.arguments",
    "LevelArgs": "components.arguments",
    "MembersArgs": "components.arguments",
    "MirrorArgs": "components.arguments",
    "NamespaceArgs": "components.arguments",
    "PodIdentityArgs": "components.arguments",
    "PrincipalsArgs": "components.arguments",
    "PullSecretArgs": "components.arguments",
    "PullersArgs": "components.arguments",
    "RegistryArgs": "components.arguments",
    "RepositoriesArgs": "components.arguments",
    "RoleArgs": "components.arguments",
    "ServiceAccountArgs": "components.arguments",
    "TrustArgs": "components.arguments",
    "VerifyArgs": "components.arguments",
    "AcrTokenPassword": "components.acr_token_password",
    "Account": "components.levels",
    "Organization": "components.levels",
    "Project": "components.levels",
    "Infrastructure": "components.infrastructure",
    "Cluster": "components.cluster",
    "HarborImmutableTagRule": "provision.harbor_immutable_tag_rule",
    "HarborProject": "provision.harbor_project",
    "HarborRobot": "provision.harbor_robot",
    "HarnessImageRegistry": "components.harness_image_registry",
    "ImageMirror": "components.image_mirror",
    "ImagePullSecretEntry": "components.image_pull_secret_entry",
    "MirroredImage": "components.mirrored_image",
    "PullSecret": "components.pull_secret",
    "ResolvedConfigMap": "components.resolved_config_map",
    "image_transform": "components.image_transform",
    "ChaosregError": "errors",
}

__all__ = sorted(_HOME)
__version__ = "0.2.0"


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
