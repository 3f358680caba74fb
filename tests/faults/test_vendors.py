"""Each vendor's quirks (profiles.py) and what a copy makes of them."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from tests.support import builder, profiles
from tests.support.builder import digest_of, image, index, layer
from tests.support.faults import Change, Reply, Seen
from tests.support.profiles import refusal, together
from tests.support.trial import HASTY, Trial

pytestmark = pytest.mark.registry


@pytest.fixture
def tree(trial: Trial) -> builder.Tree:
    return trial.push(index(image(layer("base", 200_000), layer("a")), image(layer("base", 200_000), layer("b"))))


# --- Amazon ECR


def test_ecr_takes_an_image_into_a_repository_that_exists(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(target=profiles.ecr([trial.repository]), most=40)
    assert outcome.digest == tree.digest
    assert outcome.target.count("PATCH", "/") == 0  # its Range would be stale


def test_ecr_names_the_repository_that_is_missing_and_is_asked_once(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(target=profiles.ecr([]), most=30)
    assert outcome.code == "CHR0408"
    assert f"has no repository `{trial.repository}` to push to" in str(outcome.error)
    assert outcome.target.count("POST", "/uploads/") <= 2 * len(tree.blob_digests())  # to mount, and to upload


def test_ecr_s_immutable_tag_is_not_written_again_by_a_second_run(trial: Trial, tree: builder.Tree) -> None:
    ecr = profiles.ecr([trial.repository])
    assert trial.copy(target=ecr, most=40).digest == tree.digest
    again = trial.copy(target=ecr, most=4)  # two of them to be asked for a password
    assert again.digest == tree.digest
    assert again.target.count("PUT", "/") == 0


def test_ecr_s_immutable_tag_keeps_its_image(trial: Trial, tree: builder.Tree) -> None:
    ecr = profiles.ecr([trial.repository])
    trial.copy(target=ecr, most=40)
    trial.push(image(layer("newer")))
    outcome = trial.copy(target=ecr, most=40)
    assert outcome.code == "CHR0411"
    assert outcome.target.count("PUT", "/manifests/1") == 1


def test_an_immutable_tag_whose_answer_was_lost_is_right_all_the_same(trial: Trial, tree: builder.Tree) -> None:
    lost: list[Seen] = []

    def lose_the_first_answer(seen: Seen) -> Change | None:
        if seen.method == "PUT" and seen.path.endswith("/manifests/1") and not lost:
            lost.append(seen)
            ecr(seen)
            return Change(lost=True)
        return None

    ecr = profiles.ecr([trial.repository])
    assert trial.copy(target=together(lose_the_first_answer, ecr), most=40).digest == tree.digest
    assert lost


def test_ecr_without_mounts_gets_the_bytes_in_each_repository(upstream, target, mirror: Mirror) -> None:
    for name in ("one", "two"):
        builder.push(upstream.host, name, "1", image(layer("shared"), name=name))
    with profile(profiles.ecr(["one", "two"]), target.host) as front:
        for name in ("one", "two"):
            mirror.copy(Reference(upstream.host, name, "1"), Reference(front.host, name, "1"))
        opened = front.count("POST", "/uploads/")
    assert opened == 4  # the session that came instead of a mount was used


def test_where_nothing_is_mounted_repositories_do_not_wait_for_each_other(upstream, target, mirror: Mirror) -> None:
    """One blob into three repositories, once it is known that it cannot come from the one that has it."""
    names, blob, slow = ("three", "four", "five"), layer("second"), 2.0
    push = partial(builder.push, upstream.host)
    push("one", "1", image(layer("first"), blob, name="one"))
    push("two", "1", image(layer("first"), name="two"))
    for name in names:
        push(name, "1", image(blob, name=name))
    ecr, sent = profiles.ecr(["one", "two", *names]), list[float]()

    def slowly(seen: Seen) -> Change | None:
        if seen.method == "PUT" and digest_of(blob) in seen.query and "/one/" not in seen.path:
            sent.append(seen.at)
            return Change(delay=slow)
        return None

    with profile(together(slowly, ecr), target.host) as front, ThreadPoolExecutor(len(names)) as threads:
        copy = partial(_copy, mirror, upstream.host, front.host)
        copy("one")
        copy("two")
        list(threads.map(copy, names))
    assert len(sent) == len(names)
    assert max(sent) - min(sent) < slow


def _copy(mirror: Mirror, source: str, target: str, name: str) -> None:
    mirror.copy(Reference(source, name, "1"), Reference(target, name, "1"))


def test_ecr_s_quota_of_manifests_slows_a_mirror_down_and_does_not_fail_it(upstream, target) -> None:
    """PutImage: 10 in a second in an account and region, whoever writes them (ECR's service quotas)."""
    names, second, written = [f"app{number}" for number in range(8)], 1.0, list[float]()
    for name in names:
        push_all = [image(layer(f"{name} {number}"), name=f"{name} {number}") for number in range(4)]
        builder.push(upstream.host, name, "1", index(*push_all))
    ecr, refused = profiles.ecr(names), list[Seen]()

    def limited(seen: Seen) -> Reply | None:
        if seen.method != "PUT" or "/manifests/" not in seen.path:
            return None
        if len([one for one in written if one > seen.at - second]) >= 10:
            refused.append(seen)
            return refusal(429, "TOOMANYREQUESTS", "Rate exceeded")
        written.append(seen.at)
        return None

    with (
        profile(together(limited, ecr), target.host) as front,
        Mirror() as patient,
        ThreadPoolExecutor(len(names)) as threads,
    ):
        list(threads.map(partial(_copy, patient, upstream.host, front.host), names))
    assert len(written) == 5 * len(names)
    assert refused


def test_a_session_that_ecr_has_seen_is_not_used_twice(trial: Trial, tree: builder.Tree) -> None:
    ecr, big = profiles.ecr([trial.repository]), digest_of(layer("base", 200_000))
    broken: list[Seen] = []

    def break_the_first_upload(seen: Seen) -> Change | None:
        if seen.method == "PUT" and big in seen.query and not broken:
            broken.append(seen)
            ecr(seen)
            return Change(swallow=100_000)
        return None

    assert trial.copy(target=together(break_the_first_upload, ecr), most=45).digest == tree.digest


# --- GitHub


def test_ghcr_gets_layers_of_more_than_4_mib_in_one_piece(trial: Trial) -> None:
    tree = trial.push(image(layer("large", 5 << 20)))
    assert trial.copy(target=profiles.ghcr(), source=profiles.ghcr(), most=30).digest == tree.digest


def test_ghcr_deletes_nothing_and_says_what_to_do(upstream, mirror: Mirror) -> None:
    tree = builder.push(upstream.host, "app", "1", image(layer("x")))
    with profile(profiles.ghcr(), upstream.host) as front:
        with pytest.raises(ChaosregError, match=r"CHR0410[\s\S]*on_destroy: retain"):
            mirror.remove(front.host, "app", ["1"])
        assert front.count("DELETE", "/") == 2  # by tag, and by digest
    assert mirror.digest(Reference(upstream.host, "app", "1")) == tree.digest


# --- Google, Azure


def test_gar_s_quota_is_respected_at_both_ends(trial: Trial, tree: builder.Tree) -> None:
    assert trial.copy(target=profiles.gar(), source=profiles.gar(), most=60).digest == tree.digest


def test_gar_s_tag_is_deleted_by_its_name(upstream, mirror: Mirror) -> None:
    tree = builder.push(upstream.host, "app", "1", image(layer("x")))
    builder.push(upstream.host, "app", "stable", tree)
    with profile(profiles.gar(every=1000), upstream.host) as front:
        mirror.remove(front.host, "app", ["1"])
    assert mirror.digest(Reference(upstream.host, "app", "1")) is None
    assert mirror.digest(Reference(upstream.host, "app", "stable")) == tree.digest


def test_acr_s_limit_on_manifests_is_sat_out(trial: Trial, tree: builder.Tree) -> None:
    assert trial.copy(target=profiles.acr(times=3), most=60).digest == tree.digest


def test_acr_s_limit_without_end_is_given_up(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(target=profiles.acr(times=99), most=60)
    assert outcome.code == "CHR0412"
    assert outcome.target.count("PUT", "/manifests/") <= HASTY.tries * len(tree.children)  # perhaps side by side


# --- Docker Hub


def test_docker_hub_counts_one_pull_per_manifest_and_none_for_what_is_there(trial: Trial, tree: builder.Tree) -> None:
    first = trial.copy(source=profiles.docker_hub(pulls=100), most=40)
    assert first.source.count("GET", "/manifests/") == len(list(tree.everything()))
    again = trial.copy(source=profiles.docker_hub(pulls=0), most=4)
    assert (again.digest, again.source.count("GET", "/manifests/")) == (tree.digest, 0)


def test_docker_hub_s_used_up_pulls_end_the_copy_with_the_time(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(source=profiles.docker_hub(pulls=2), most=20)
    assert outcome.code == "CHR0412"
    assert "wait: 6 h 0 min, until" in str(outcome.error)
    assert "unauthenticated pull rate limit" in str(outcome.error)
    assert outcome.source.count("GET", "/manifests/") == 3  # and no fourth


# --- Red Hat Quay, JFrog Artifactory


def test_quay_mounts_because_it_is_told_from_where(upstream, target, mirror: Mirror) -> None:
    for name in ("one", "two"):
        builder.push(upstream.host, name, "1", image(layer("shared"), name=name))
    with profile(profiles.quay(), target.host) as front:
        for name in ("one", "two"):
            copied = mirror.copy(Reference(upstream.host, name, "1"), Reference(front.host, name, "1"))
    assert copied.blobs_mounted == 1


def test_artifactory_s_upload_locations_lead_below_its_own_base(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(target=profiles.artifactory("docker-local"), most=40)
    assert outcome.digest == tree.digest
    assert outcome.target.count("PUT", "/artifactory/api/docker/docker-local/v2/") == len(tree.blob_digests())


def test_artifactory_lists_tags_for_those_who_accept_json(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(source=profiles.artifactory("docker-local"), most=40)
    assert outcome.digest == tree.digest
    assert outcome.source.count("HEAD", ".sig") == 0  # no tag had to be asked for by name


def profile(script, behind: str):
    from tests.support.faults import FaultServer

    return FaultServer(script, behind)


# --- what many have in common


@pytest.mark.parametrize(
    "refused",
    [
        refusal(400, "TAG_INVALID", "The image tag '1' already exists in the 'x' repository and cannot be overwritten"),
        refusal(403, "DENIED", "tag 1 is immutable"),
        refusal(409, "CONFLICT", "tag exists"),
        refusal(409, "TAG_ALREADY_EXISTS", "cannot overwrite tag"),
        refusal(412, "PRECONDITION", "Failed to process request due to 'x:1' configured as immutable."),
    ],
    ids=lambda reply: str(reply.status),
)
def test_an_immutable_tag_is_recognised_in_every_dialect(refused: Reply, trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(target=profiles.immutable(lambda repository, tag: refused), most=40)
    assert outcome.digest == tree.digest
    trial.push(image(layer("newer")))
    again = trial.copy(
        target=lambda seen: refused if seen.path.endswith("/manifests/1") and seen.method == "PUT" else None, most=40
    )
    assert again.code == "CHR0411"
    assert again.target.count("PUT", "/manifests/1") == 1


def test_a_body_that_a_proxy_finds_too_large_names_the_proxy(trial: Trial) -> None:
    trial.push(image(layer("too large", 2_000_000)))
    outcome = trial.copy(target=profiles.behind_a_proxy(1_000_000), most=30)
    assert outcome.code == "CHR0470"
    assert f"uploads as large as the upload of blob `{digest_of(layer('too large', 2_000_000))}`" in str(outcome.error)
    assert "413 Request Entity Too Large nginx" in str(outcome.error)
    assert outcome.target.count("PUT", "/uploads/") <= 2


@pytest.mark.parametrize("part", ["/blobs/sha256:", "/manifests/sha256:"])
def test_a_cache_that_has_an_image_in_part_says_so(part: str, trial: Trial, tree: builder.Tree) -> None:
    absent = refusal(404, "BLOB_UNKNOWN" if "blobs" in part else "MANIFEST_UNKNOWN", "unknown")
    children = [child.digest for child in tree.children]

    def script(seen: Seen) -> Reply | None:
        name = seen.path.rpartition("/")[2]
        return absent if seen.method == "GET" and part in seen.path and name != tree.digest else None

    outcome = trial.copy(source=script, most=40)
    assert outcome.code == ("CHR0406" if "blobs" in part else "CHR0405")
    assert any(digest in str(outcome.error) for digest in [*children, *tree.blob_digests()])


def test_a_target_that_forbids_a_look_at_what_is_missing_still_gets_it(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(target=profiles.closed_mouthed(403, []), most=40)
    assert outcome.digest == tree.digest


@pytest.mark.parametrize(("status", "code"), [(401, "CHR0403"), (403, "CHR0404")])
def test_a_source_that_does_not_tell_missing_from_forbidden_is_not_asked_again(
    status: int, code: str, trial: Trial, tree: builder.Tree
) -> None:
    outcome = trial.copy(source=profiles.closed_mouthed(status, []), most=10)
    assert outcome.code == code
    assert "the credentials of user `puller` were sent" in str(outcome.error)


@pytest.mark.parametrize("quirk", [profiles.without_head, profiles.head_without_digest])
def test_a_registry_whose_head_is_of_no_use_is_asked_with_get(quirk, trial: Trial, tree: builder.Tree) -> None:
    assert trial.copy(source=quirk(), target=quirk(), most=50).digest == tree.digest
    assert trial.copy(source=quirk(), target=quirk(), most=6).digest == tree.digest
