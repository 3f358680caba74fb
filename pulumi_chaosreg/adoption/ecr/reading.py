"""Asks ECR what is there, by four actions that only read, with the machine's identity in the region of the host."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pulumi_chaosreg.adoption.ecr.differences import Description, differences, has_our_rules
from pulumi_chaosreg.adoption.protocol import FoundRepository, Imported, UnansweredError
from pulumi_chaosreg.errors import Cause, ChaosregError, Finding
from pulumi_chaosreg.machine.refusals import identity_refused
from pulumi_chaosreg.machine.words import harmless
from pulumi_chaosreg.provision.ecr import Mutability, resource_name
from pulumi_chaosreg.provision.protocol import ImageRepository, OwnedRegistry, RepositorySettings

_REPOSITORY = "aws:ecr/repository:Repository"
_LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
_NOT_ALLOWED = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation")
_NO_REPOSITORY = "RepositoryNotFoundException"
_ALL_AT_ONCE = 1000
"""The most that ECR lists in one answer."""


def adopter(registry: OwnedRegistry, settings: RepositorySettings) -> "EcrAdopter":
    """Who asks this registry. ChaosregError: CHR0515 where this machine is nobody at AWS, CHR0494 where it is of
    another account than the host.
    """
    region, account = registry.kind.region(registry.server), registry.kind.account_id(registry.server)
    # many small questions at once: ECR throttles, and is asked again
    config = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 8, "mode": "standard"})
    try:
        session = Session()
        caller = session.client("sts", region_name=region, config=config).get_caller_identity()
        config = config.merge(Config(use_fips_endpoint=True)) if "ecr-fips." in registry.server else config
        client = session.client("ecr", region_name=region, config=config)
    except (BotoCoreError, ClientError) as error:
        raise identity_refused("AWS", registry.server, error, "check `aws sts get-caller-identity`") from None
    if caller["Account"] != account:
        raise ChaosregError.of(
            "CHR0494",
            f"`{registry.server}` belongs to AWS account {account}, but this machine to {caller['Account']}",
            notes=[("this machine is", caller["Arn"])],
            help=f"use an identity of {account}, as `pulumi up` must: `AWS_PROFILE`, or a role",
        )
    return EcrAdopter(registry, settings, client, caller["Arn"])


class EcrAdopter:
    """What one account has in one region. Safe to share between threads, as boto3's clients are."""

    def __init__(self, registry: OwnedRegistry, settings: RepositorySettings, client: Any, who: str) -> None:
        self._registry, self._settings, self._client, self._who = registry, settings, client, who

    def look(self, image: ImageRepository) -> FoundRepository:
        """UnansweredError: CHR0492 where AWS does not allow to ask, CHR0493 where it does not answer."""
        there = self._description(image.path)
        if there is None:
            return FoundRepository(image.path)
        return FoundRepository(
            image.path,
            tuple(self._imports(there, image)),
            differences(there, self._registry, self._settings, image),
        )

    def others(self, ours: Collection[str]) -> tuple[str, ...] | None:
        """Asks for all that the account has in this region, which an identity for some repositories may not."""
        beginning = f"{self._registry.account}/" if self._registry.account else ""
        try:
            with self._asking("DescribeRepositories", self._registry.path):
                pages = self._client.get_paginator("describe_repositories").paginate(
                    PaginationConfig={"PageSize": _ALL_AT_ONCE}
                )
                names = [one["repositoryName"] for page in pages for one in page["repositories"]]
        except ChaosregError as error:
            if error.is_denied:
                return None
            raise
        return tuple(sorted(name for name in names if name.startswith(beginning) and name not in ours))

    def _description(self, path: str) -> Description | None:
        try:
            with self._asking("DescribeRepositories", path, _NO_REPOSITORY):
                (found,) = self._client.describe_repositories(repositoryNames=[path])["repositories"]
        except _Nothing:
            return None
        with self._asking("ListTagsForResource", path):
            tags = self._client.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
        ecr = self._client
        rules = self._text(
            ecr.get_lifecycle_policy,
            "lifecyclePolicyText",
            "GetLifecyclePolicy",
            path,
            "LifecyclePolicyNotFoundException",
        )
        policy = self._text(
            ecr.get_repository_policy, "policyText", "GetRepositoryPolicy", path, "RepositoryPolicyNotFoundException"
        )
        filters = found.get("imageTagMutabilityExclusionFilters") or ()
        encryption = found.get("encryptionConfiguration") or {}
        return Description(
            Mutability(found["imageTagMutability"], tuple(each["filter"] for each in filters)),
            scans_on_push=bool((found.get("imageScanningConfiguration") or {}).get("scanOnPush")),
            encryption=encryption.get("encryptionType", "AES256"),
            kms_key=encryption.get("kmsKey", ""),
            tags={tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")},
            lifecycle=rules,
            policy=policy,
        )

    def _text(self, ask: Callable[..., dict[str, Any]], key: str, action: str, path: str, nothing: str) -> str:
        """A policy of the repository; empty where there is none."""
        try:
            with self._asking(action, path, nothing):
                return str(ask(repositoryName=path)[key])
        except _Nothing:
            return ""

    def _imports(self, there: Description, image: ImageRepository) -> Iterator[Imported]:
        name = resource_name(self._registry, image.path)
        # the region would be the provider's own, which stack files need not have
        where = f"{image.path}@{self._registry.kind.region(self._registry.server)}"
        plugin = _plugin_version()
        yield Imported(_REPOSITORY, name, where, version=plugin)
        if has_our_rules(there, self._settings):
            yield Imported(_LIFECYCLE, name, where, (_REPOSITORY, name), plugin)
        if there.policy and self._settings.pullers:
            yield Imported(_POLICY, name, where, (_REPOSITORY, name), plugin)

    @contextmanager
    def _asking(self, action: str, path: str, nothing: str = "") -> Iterator[None]:
        """What boto3 raises, as what we raise; `nothing` is AWS's word for: there is none."""
        try:
            yield
        except ClientError as error:
            reason = error.response.get("Error", {}).get("Code", "")
            if nothing and reason == nothing:
                raise _Nothing from None
            if reason in _NOT_ALLOWED:
                raise UnansweredError(path, (action, reason), partial(self._not_allowed, action)) from None
            raise UnansweredError(path, (action, reason), partial(_no_answer, action, reason, error)) from None
        except BotoCoreError as error:
            reason = type(error).__name__
            raise UnansweredError(path, (action, reason), partial(_no_answer, action, reason, error)) from None

    def _not_allowed(self, action: str, repositories: str) -> Finding:
        return Finding(
            "CHR0492",
            f"AWS does not allow `ecr:{action}` on {repositories}",
            notes=(("this machine is", self._who),),
            help="allow it: `adopt` only reads, and docs/registries/ecr.md has the policy",
            cause=Cause.FORBIDDEN,
        )


class _Nothing(Exception):  # noqa: N818 - no error: there is none
    """There is no such thing."""


def _no_answer(action: str, reason: str, said: Exception, repositories: str) -> Finding:
    return Finding(
        "CHR0493",
        f"AWS does not answer `ecr:{action}` for {repositories}: {reason}",
        notes=(("its SDK says", harmless(str(said))),),
        help="run the command again: nothing was changed",
    )


def _plugin_version() -> str:
    """The plugin that the program will use: with another one, the first `up` would change the provider as well."""
    try:
        return version("pulumi-aws")
    except PackageNotFoundError:
        return ""
