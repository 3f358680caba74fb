"""One cause is one finding, which says how much it concerns; what is counted is what somebody has to mend."""

import pytest
import yaml

from pulumi_chaosreg.review.written import written

HARBOR = {"server": "h.example", "account": "chaos", "type": "public"}
MIRRORING = {"id": "acme", "allow_overrides": True, "images": {"release": "1.94.4"}}
MIRRORING["mirror"] = {"source": "docker.io/harness"}
LOCK = "docker.io/harness/other:1: sha256:" + "a" * 64 + "\n"


def company(project, below, account=None, lock=LOCK):
    each = {name: {"cluster": {"context": name}, **said} for name, said in below.items()}
    content = {"chaosreg:account": {**MIRRORING, **(account or {})}, "chaosreg:infrastructures": each}
    return project.write({"acme": content}, lock=lock).review()


def of_code(reviewed, code):
    return [finding for finding in reviewed.findings if finding.code == code]


def test_two_owners_of_one_path_are_one_finding_however_many_images_they_share(project):
    reviewed = company(project, {"a": {"image_registry": HARBOR}, "b": {"image_registry": HARBOR}})
    (finding,) = of_code(reviewed, "CHR0311")
    assert finding.message == (
        "infrastructure `b` and infrastructure `a` would both own the repository `h.example/chaos/chaos-ddcr` "
        "and 3 more"
    )


def test_a_third_owner_is_a_mistake_of_its_own(project):
    below = {name: {"image_registry": HARBOR} for name in ("a", "b", "c")}
    assert [f.message[:39] for f in of_code(company(project, below), "CHR0311")] == [
        "infrastructure `b` and infrastructure `",
        "infrastructure `c` and infrastructure `",
    ]


def test_one_release_that_is_not_locked_is_one_finding_with_all_of_its_images(project):
    reviewed = company(project, {"a": {}, "b": {}}, {"image_registry": HARBOR})
    (finding,) = of_code(reviewed, "CHR0304")
    assert finding.message == "the lockfile has no digest for `docker.io/harness/chaos-ddcr:1.94.0` and 3 more"
    assert dict(finding.notes)["and for"].count("`docker.io/harness/") == 3


def test_a_line_that_the_lockfile_lacks_is_told_once_whoever_needs_it(project):
    own = {"images": {"release": "1.94.4"}}
    below = {name: {"image_registry": {**HARBOR, "account": name}, **own} for name in ("a", "b", "c", "d")}
    (finding,) = of_code(company(project, below), "CHR0304")
    assert finding.place.scope == "infrastructure `a`"
    assert dict(finding.notes)["mirrored by"].count("infrastructure `") == 4


def test_moving_tags_of_one_list_are_one_finding_at_the_first_element(project):
    listed = ["x/a:1", *(f"x/{name}:latest" for name in "bcd"), "x/e:edge"]
    said = {"image_registry": HARBOR, "mirror": "off", "images": {"release": "1.94.4", "pin": "off"}}
    first, other = of_code(company(project, {"a": {}}, {**said, "required_images": listed}), "CHR0313")
    assert first.place.keys[-2:] == ("required_images", 1)
    assert first.message.startswith("`h.example/chaos/b:latest` and 2 more may be other images tomorrow: tag `latest`")
    assert dict(first.notes)["also"] == (
        "required_images.2: `h.example/chaos/c:latest`, required_images.3: `h.example/chaos/d:latest`"
    )
    assert other.place.keys[-1] == 4
    # where an element is wrong and left out, others may have moved up
    (wrong,) = of_code(company(project, {"a": {}}, {**said, "required_images": ["X", "x/b:latest"]}), "CHR0313")
    assert wrong.place.keys[-1] == "required_images"


def test_two_settings_that_ask_for_different_images_are_two_findings(project):
    below = {"a": {}, "b": {"images": {"tags": {"chaos-ddcr": "1.94.1"}}}}
    found = of_code(company(project, below, {"image_registry": HARBOR}), "CHR0304")
    assert [finding.place.scope for finding in found] == ["account `acme`", "infrastructure `b`"]


def test_a_warning_does_not_swallow_an_error(project):
    below = {"a": {"images": {"pin": "record", "release": "1.94.4"}}, "b": {}}
    found = of_code(company(project, below, {"image_registry": HARBOR}), "CHR0304")
    assert sorted(finding.severity for finding in found) == ["error", "warning"]


def test_a_source_that_lacks_several_images_is_one_finding(project):
    account = {"image_registry": HARBOR, "mirror": {"source": "public.ecr.aws/harness/harness"}}
    account |= {"type": "dedicated", "images": {"release": "1.53.1"}}
    (finding,) = of_code(company(project, {"a": {}, "b": {}}, account), "CHR0314")
    assert "has no `chaos-workflow-controller`, `chaos-argoexec`, " in finding.message


def test_one_kubeconfig_context_of_two_clusters_is_one_finding_for_all_that_have_it(project):
    one = {"namespace": "a", "cluster": {"context": "c"}}
    below = {"a": one} | {
        f"b{n}": {"namespace": f"b{n}", "cluster": {"context": "c", "kubeconfig": "other"}} for n in range(4)
    }
    (finding,) = of_code(company(project, below), "CHR0603")
    assert finding.message == ("infrastructure `b0`, 3 more and infrastructure `a` would all own the cluster name `c`")


def test_two_infrastructures_in_one_namespace_are_a_warning(project):
    below = {"a": {"cluster": {"context": "c"}}, "b": {"cluster": {"context": "c"}}}
    (finding,) = of_code(company(project, below), "CHR0602")
    assert finding.severity == "warning"
    assert (
        finding.message == "infrastructure `b` and infrastructure `a` would both run in namespace `hce` in cluster `c`"
    )


@pytest.mark.parametrize("second", [{"namespace": "other"}, {"cluster": {"context": "d"}}])
def test_two_infrastructures_apart_from_each_other_are_not(project, second):
    below = {"a": {"cluster": {"context": "c"}}, "b": {"cluster": {"context": "c"}, **second}}
    assert of_code(company(project, below), "CHR0602") == []


def test_a_secret_in_another_namespace_is_one_finding_for_all_whose_pods_run_in_the_same(project):
    authentication = {"secret_name": "s", "namespace": "elsewhere"}
    registry = {**HARBOR, "type": "private", "authentication": authentication}
    reviewed = company(project, {"a": {}, "b": {}, "c": {}}, {"image_registry": registry, "namespace": "hce"})
    assert len(of_code(reviewed, "CHR0504")) == 1


@pytest.mark.parametrize(
    "value",
    [
        "chaos",
        "h.example:8443",
        "007",
        "1e3",
        "yes",
        "n",
        "Off",
        "null",
        "robot$a+b",
        "a, b",
        "a: b",
        "2024-01-15",
        "ü",
    ],
)
def test_an_entry_that_is_advised_is_read_as_it_was_meant(value):
    mapping = {"server": "h.example", "authentication": {"username": value, "type": ""}}
    read = yaml.safe_load(written(mapping))
    assert read == {"server": "h.example", "authentication": {"username": value}}
    assert all(isinstance(item, str) for item in read["authentication"].values())


def test_an_entry_that_is_advised_has_numbers_and_words_for_yes_as_they_were_meant():
    mapping = {"authentication": {"type": "made", "lifetime_days": 90}, "repositories": {"create": True}}
    assert yaml.safe_load(written(mapping)) == mapping
