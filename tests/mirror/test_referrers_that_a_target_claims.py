"""`OCI-Subject` in an answer is a promise, which a target is asked about once: a signature that no list has is lost."""

import json
from collections.abc import Collection

import pytest

from pulumi_chaosreg.mirror.referrers_lists import ReferrersLists
from pulumi_chaosreg.oci import Host, Manifest, Patience, Registry
from pulumi_chaosreg.oci.manifest import OCI_INDEX, OCI_MANIFEST, digest_of, referrers_tag
from tests.support.answering import AnsweringServer, Asked, Said

SUBJECTS = [f"sha256:{letter * 64}" for letter in "abc"]


def referrer(subject: str) -> Manifest:
    entry = {"mediaType": OCI_MANIFEST, "digest": subject, "size": 2}
    return Manifest.parse(json.dumps({"schemaVersion": 2, "layers": [], "subject": entry}).encode(), OCI_MANIFEST)


class Target(AnsweringServer):
    """Stand-in: says `OCI-Subject` to whatever is written, and lists these subjects' referrers only."""

    def __init__(self, lists: Collection[str] | None, refusal: int = 404) -> None:
        self.kept: dict[str, bytes] = {}
        self._lists, self._refusal = lists, refusal
        super().__init__(self._answer)

    def _answer(self, asked: Asked) -> Said:
        name = asked.path.rpartition("/")[2]
        if "/referrers/" in asked.path:
            entries = [referrer(name).as_referrer()] if self._lists and name in self._lists else []
            index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()
            return Said(self._refusal) if self._lists is None else Said(200, index, {"Content-Type": OCI_INDEX})
        if asked.method == "PUT":
            self.kept[name] = asked.body
            return Said(201, headers={"OCI-Subject": "sha256:" + "a" * 64})
        raw = self.kept.get(name)
        return (
            Said(200, raw, {"Docker-Content-Digest": digest_of(raw), "Content-Type": OCI_INDEX}) if raw else Said(404)
        )

    def count(self, method: str, part: str) -> int:
        return sum(asked.method == method and part in asked.path for asked in self.seen)


def written(target: Target) -> ReferrersLists:
    """A referrer of each subject, as a copy writes them."""
    store, lists = Registry(target.host, host=Host(Patience(first=0.01, tries=2))), ReferrersLists()
    for subject in SUBJECTS:
        manifest = referrer(subject)
        lists.see_to(store, "app", manifest, claimed=store.put_manifest("app", manifest))
    return lists


def test_a_target_that_keeps_its_promise_is_asked_once_and_gets_no_tag() -> None:
    with Target(SUBJECTS) as target:
        assert written(target).findings() == []
    assert target.count("GET", "/referrers/") == 1
    assert len(target.seen) == len(SUBJECTS) + 1


@pytest.mark.parametrize("refusal", [400, 401, 403, 404, 501, 503])
def test_where_the_promise_is_not_kept_the_tag_has_the_list(refusal: int) -> None:
    with Target(None, refusal) as target:
        written(target)
    for subject in SUBJECTS:
        listed = json.loads(target.kept[referrers_tag(subject)])["manifests"]
        assert [entry["digest"] for entry in listed] == [referrer(subject).digest]
    assert target.count("GET", "/referrers/") == (2 if refusal == 503 else 1)


def test_a_target_with_the_api_that_lists_nothing_is_told_and_gets_the_tags() -> None:
    with Target([]) as target:
        (warning,) = written(target).findings()
    assert f"warning[CHR0440]: registry `{target.host}`" in str(warning)
    assert {referrers_tag(subject) for subject in SUBJECTS} <= set(target.kept)
