"""The rules: what each finds is what is wrong. Where Checkov has the same rule, its ids stand with ours.

By default we do not follow CKV_AWS_51, which knows plain `IMMUTABLE` only, while tags of signatures must move
(`mirror.signatures: skip` follows it); CKV_AWS_136 and CKV_GCP_84, which want a key of one's own, which costs, and
whose owner must know of it (`kms_key` follows them); CKV_AZURE_139 (`public_network: false` follows it);
CKV_AZURE_167, which deletes what may still run; and those that cost: CKV_AZURE_165, CKV_AZURE_233, CKV_AZURE_237.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator

from tests.support.policies.words import DELETE, EVERYBODY, READ, WRITE, Whole

Rule = Callable[[Whole], Iterator[str]]


def nobody_gets_in_without_a_login(whole: Whole) -> Iterator[str]:
    """CKV_AWS_32, CKV_GCP_101, CKV_AZURE_137, CKV_AZURE_138."""
    yield from (one.who for one in whole.grants if one.to == EVERYBODY)
    for store in whole.stores:
        yield from store.public


def each_identity_may_do_its_part_and_no_more(whole: Whole) -> Iterator[str]:
    """No wildcards, no rights over rights or settings."""
    may = {"pull": {READ}, "push": {READ, WRITE}, "delete": {READ, WRITE, DELETE}}
    for one in whole.grants:
        yield from one.rights - may[one.who]


def identities_are_separate(whole: Whole) -> Iterator[str]:
    """Who pulls is nobody who pushes or deletes."""
    parts: defaultdict[str, set[str]] = defaultdict(set)
    for one in whole.grants:
        parts[one.to].add(one.who)
    yield from (identity for identity, said in parts.items() if len(said) > 1)


def rights_are_for_our_images_alone(whole: Whole) -> Iterator[str]:
    for one in whole.grants:
        yield from (path for path in one.on if not path.startswith(whole.ours))


def nothing_is_deleted_that_has_a_tag_or_may_run(whole: Whole) -> Iterator[str]:
    for store in whole.stores:
        yield from store.deletes


def tags_stay(whole: Whole) -> Iterator[str]:
    """Less than CKV_AWS_51 wants: see above."""
    yield from (store.name for store in whole.stores if store.keeps_tags is False)


def images_outlive_their_stack(whole: Whole) -> Iterator[str]:
    yield from (store.name for store in whole.stores if not store.outlives)


def images_are_encrypted(whole: Whole) -> Iterator[str]:
    """Less than CKV_AWS_136 and CKV_GCP_84 want: see above."""
    yield from (store.name for store in whole.stores if store.is_encrypted is False)


def images_are_scanned(whole: Whole) -> Iterator[str]:
    """CKV_AWS_163."""
    yield from (store.name for store in whole.stores if store.is_scanned is False)


def credentials_are_secret(whole: Whole) -> Iterator[str]:
    yield from whole.plain


def credentials_end(whole: Whole) -> Iterator[str]:
    yield from (one.name for one in whole.credentials if not one.ends)


RULES: tuple[Rule, ...] = (
    nobody_gets_in_without_a_login,
    each_identity_may_do_its_part_and_no_more,
    identities_are_separate,
    rights_are_for_our_images_alone,
    nothing_is_deleted_that_has_a_tag_or_may_run,
    tags_stay,
    images_outlive_their_stack,
    images_are_encrypted,
    images_are_scanned,
    credentials_are_secret,
    credentials_end,
)
