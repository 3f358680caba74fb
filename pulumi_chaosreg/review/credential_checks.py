"""Names of credentials that no stack file has a value for, as far as files tell: programs look at the values."""

from collections.abc import Iterable, Iterator, Sequence

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.scopes.delivery import Delivery, How
from pulumi_chaosreg.scopes.demand import Demand, FurtherImages
from pulumi_chaosreg.scopes.making import logins_of_owner
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.publication import Publication
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.near_misses import did_you_mean
from pulumi_chaosreg.stacks.company import Company
from pulumi_chaosreg.stacks.sections import CREDENTIALS
from pulumi_chaosreg.stacks.stack_files import StackFile


def check_credentials(
    company: Company,
    configs: Iterable[ResolvedConfig],
    further: Iterable[FurtherImages],
    published: Iterable[Publication],
    acting: str | None,
) -> list[Finding]:
    """CHR0501 for names that are not among those that somebody gave a value: most likely misspelt. Where nobody gave
    any value yet there is nothing to find, but for `acting`, the stack whose preview this stands for.
    """
    every = list(configs)
    missing: dict[tuple[Place, str], dict[str, StackFile]] = {}
    parts: dict[Place, tuple[str, ...]] = {}
    for place, name, files, stack, of_keys in (
        *_pulls(company, every),
        *_owners(company, [*every, *further]),
        *_records(company, published),
    ):
        known = any(file.credentials for file in files) or stack == acting
        is_elsewhere = any(name in file.credentials or file.environments for file in files)  # ESC may have it
        if known and files and not is_elsewhere:
            missing.setdefault((place, name), {}).update({file.stack: file for file in files})
            parts.setdefault(place, of_keys)
    return [_finding(place, name, list(files.values()), parts[place]) for (place, name), files in missing.items()]


def check_unused(
    company: Company, configs: Iterable[ResolvedConfig], further: Iterable[FurtherImages]
) -> Iterator[Finding]:
    """CHR0526, a hint: a value that no level says the NAME of; where it was renamed, what needs it has none."""
    every = list(configs)
    needed = {delivery.credential for config in every for delivery in config.deliveries}
    needed |= {name for _, name, *_ in _owners(company, [*every, *further])}
    if any(config.registry.type.value == "private" and not _names_one(config.delivery) for config in every):
        return  # what it needs is not known, which is told
    own = {scope: {*_texts(scope.settings)} for scope in company.scopes}
    said = {scope: {text for above in scope.chain() for text in own[above]} for scope in own}
    for config in every:
        said[config.infrastructure].update(delivery.credential for delivery in config.deliveries)
    held = {name for file in company.files.values() for name in file.credentials}
    for stack, file in company.files.items():
        for name in sorted(file.credentials):
            is_of_all = f"{CREDENTIALS}:{name}" in file.elsewhere
            near = [scope for scope in said if is_of_all or any(above.stack == stack for above in scope.chain())]
            if any(config.infrastructure in near for config in every) and not any(name in said[one] for one in near):
                yield Finding(
                    "CHR0526",
                    f"credential `{name}` is not used",
                    file.credential_place(name),
                    help=f"{did_you_mean(name, sorted(needed - held), 0.6)}name it where it is needed, or remove it",
                    severity="hint",
                    hides_value=True,
                )


def _names_one(delivery: Delivery | None) -> bool:
    """Whether a NAME is said for it wherever one is needed."""
    if delivery and delivery.refresher:
        return True
    said = delivery.authentication.value if delivery else {}
    is_named = delivery is not None and (delivery.made or said["type"] == "kubernetes_secret")
    needed = delivery is None or (delivery.needs_value and not is_named)
    return not needed or not {"password_secret", "password_env", "secret_name", "key_file"}.isdisjoint(said)


def _texts(value: object) -> Iterator[str]:
    """Every text that is written somewhere in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


_Named = tuple[Place, str, list[StackFile], str, tuple[str, ...]]
"""Where a credential is named, its NAME, the files that may have its value, the stack that needs it, if any, and the
parts of the value where it is keys.
"""


def _pulls(company: Company, configs: Sequence[ResolvedConfig]) -> Iterator[_Named]:
    seen: set[tuple[object, ...]] = set()
    for scope, delivery in ((one.infrastructure, delivery) for one in configs for delivery in one.deliveries):
        if delivery.password_env or delivery.key_file or delivery.made or not delivery.credential:
            continue
        # siblings in one file that say nothing of it themselves are one
        named = delivery.named_by
        alike = (id(named.scope), named.path, delivery.credential, id(scope.parent), scope.stack, delivery.needs_value)
        if alike in seen:
            continue
        seen.add(alike)
        said, origin = delivery.authentication.value, delivery.authentication.origin
        # without a value it is taken for somebody else's Secret, in which a password of ours has no place
        is_misread = delivery.how.value is How.THEIRS and delivery.how.origin == origin and "password_secret" in said
        if not delivery.needs_value and not is_misread:
            continue
        key = next((key for key in ("password_secret", "secret_name") if key in said), None)
        if delivery.refresher:
            place = named.place
        elif origin.scope is None or key is None:  # that there is none is told
            continue
        else:
            place = origin.scope.at(*origin.path, key)
        stack = scope.stack if delivery.needs_value else ""
        parts = delivery.refresher.key_parts if delivery.refresher else ()
        yield place, delivery.credential, _files(company, scope.chain()), stack, parts


def _owners(company: Company, demands: Sequence[Demand]) -> Iterator[_Named]:
    """Of whoever fills registries, and makes their repositories."""
    registries = {demand.registry.path: (demand.owner, demand.registry) for demand in demands}
    for owner, registry in registries.values():
        for named in logins_of_owner(registry) if owner else ():
            assert owner
            yield named.origin.place, named.value, _files(company, [owner]), owner.stack, ()  # nobody else's reach it


def _records(company: Company, published: Iterable[Publication]) -> Iterator[_Named]:
    for record in published:
        if record.login:
            yield record.login.origin.place, record.login.value, _files(company, [record.scope]), record.scope.stack, ()


def _files(company: Company, scopes: Iterable[Scope]) -> list[StackFile]:
    stacks = dict.fromkeys(scope.stack for scope in reversed(list(scopes)))
    return [company.files[stack] for stack in stacks if stack in company.files]


def _how_to_set(parts: tuple[str, ...], stack: str) -> str:
    in_stack = f" --stack {stack}" if stack else ""
    if not parts:
        return f"set it with `pulumi config set{in_stack} --secret {CREDENTIALS}:NAME`"
    others = " and ".join(f"`.{part}`" for part in parts[1:])
    return (
        f"set all parts, `pulumi config set{in_stack} --secret --path '{CREDENTIALS}:NAME.{parts[0]}'` and the same "
        f"for {others}; or write an identity that needs no keys"
    )


def _finding(place: Place, name: str, files: Sequence[StackFile], parts: tuple[str, ...]) -> Finding:
    known = sorted({one for file in files for one in file.credentials})
    stack = next((file.stack for file in files if file.path == place.file), "")  # where it is named
    return Finding(
        "CHR0501",
        f"`{place.keys[-1]}` names a credential that has no value",
        place,
        notes=(("looked at", ", ".join(file.path.name for file in files)), ("names there", ", ".join(known) or "none")),
        help=f"{did_you_mean(name, known, 0.6)}{_how_to_set(parts, stack)}",
        hides_value=True,  # a password may stand in the place of its name
    )
