"""Names of credentials that no stack file has a value for, as far as files tell: programs look at the values."""

from collections.abc import Iterable, Iterator, Sequence

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.near_misses import did_you_mean
from pulumi_chaosreg.stacks.company import Company
from pulumi_chaosreg.stacks.sections import CREDENTIALS
from pulumi_chaosreg.stacks.stack_files import StackFile


def check_credentials(company: Company, configs: Iterable[ResolvedConfig], acting: str | None) -> list[Finding]:
    """CHR0501 for names that are not among those that somebody gave a value: most likely misspelt. Where nobody gave
    any value yet there is nothing to find, but for `acting`, the stack whose preview this stands for.
    """
    every = list(configs)
    missing: dict[tuple[Place, str], dict[str, StackFile]] = {}
    for place, name, files, stack in (*_pulls(company, every), *_mirrors(company, every)):
        known = any(file.credentials for file in files) or stack == acting
        is_elsewhere = any(name in file.credentials or file.environments for file in files)  # ESC may have it
        if known and files and not is_elsewhere:
            missing.setdefault((place, name), {}).update({file.stack: file for file in files})
    return [_finding(place, name, list(files.values())) for (place, name), files in missing.items()]


_Named = tuple[Place, str, list[StackFile], str]
"""Where a credential is named, its NAME, the files that may have its value, and the stack that needs it."""


def _pulls(company: Company, configs: Sequence[ResolvedConfig]) -> Iterator[_Named]:
    for config in configs:
        delivery, scope = config.delivery, config.infrastructure
        if delivery is None or not delivery.needs_value or delivery.password_env or not delivery.credential:
            continue
        said, origin = delivery.authentication.value, delivery.authentication.origin
        key = next((key for key in ("password_secret", "secret_name") if key in said), None)
        if origin.scope is None or key is None:  # that there is none is told
            continue
        place = origin.scope.at(*origin.path, key)
        yield place, delivery.credential, _files(company, scope.chain()), scope.stack


def _mirrors(company: Company, configs: Sequence[ResolvedConfig]) -> Iterator[_Named]:
    policies = {id(config.registry.policy): (config.owner, config.registry.policy) for config in configs}
    for owner, policy in policies.values():
        for named in policy.credentials.values() if owner and policy else ():
            assert owner
            yield named.origin.place, named.value, _files(company, [owner]), owner.stack  # nobody else's reach it


def _files(company: Company, scopes: Iterable[Scope]) -> list[StackFile]:
    stacks = dict.fromkeys(scope.stack for scope in reversed(list(scopes)))
    return [company.files[stack] for stack in stacks if stack in company.files]


def _finding(place: Place, name: str, files: Sequence[StackFile]) -> Finding:
    known = sorted({one for file in files for one in file.credentials})
    return Finding(
        "CHR0501",
        f"`{place.keys[-1]}` names a credential that has no value",
        place,
        notes=(("looked at", ", ".join(file.path.name for file in files)), ("names there", ", ".join(known) or "none")),
        help=f"{did_you_mean(name, known, 0.6)}set it with `pulumi config set --secret {CREDENTIALS}:NAME`",
        hides_value=True,  # a password may stand in the place of its name
    )
