"""What siblings have in common is worked out once, and is the same as if it were worked out for each."""

from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_chaosreg.review import siblings
from pulumi_chaosreg.review.causes import Causes
from pulumi_chaosreg.review.difference import compare
from pulumi_chaosreg.review.made import Made
from tests.review.test_causes_of_changes import BASE, TEXT_EDIT, _edited, _review
from tests.support.examples import examples

BESIDE = {
    "plain": {"cluster": {"context": "d"}},
    "alike": {"cluster": {"context": "e"}, "namespace": "own", "labels": {"name": "own"}},
    "team": {"cluster": {"context": "f"}, "labels": {"team": "own"}, "annotations": {"a": "b"}},
    "eks": {"cluster": {"context": "g", "provider": "eks"}},
    "named": {"cluster": {"context": "h"}, "pull_secret": {"name": "own"}},
    "dedicated": {"cluster": {"context": "i"}, "type": "dedicated"},
    "ddcr": {"cluster": {"context": "m"}, "type": "ddcr"},
    "here": {"cluster": {"context": "j"}, "image_registry": {"name": "us"}},
    "custom": {"cluster": {"context": "k"}, "custom_images": {"log_watcher": "c.example/own:1"}},
    "accounts": {"cluster": {"context": "l", "kubeconfig": "kube.yaml"}, "service_accounts": ["own"]},
}


def _told(comparison):
    return [
        (change.path, field.field, field.before, field.after, field.cause.text, field.cause.place, _keys(field.cause))
        for change in comparison.infrastructures
        for field in change.fields
    ]


def _keys(cause):
    return [(edit.what, edit.scope and edit.scope.path, edit.path) for edit in cause.edits]


@examples(60)
@given(first=st.lists(TEXT_EDIT, max_size=4), second=st.lists(TEXT_EDIT, min_size=1, max_size=6))
@example(  # one edit is the cause where the infrastructure says its type itself, and two are where it does not
    first=[], second=[("account", ("type",), "dedicated"), ("account", ("required_images",), ["x/probe:1"])]
)
@example(first=[], second=[("account", ("allow_overrides", "scopes"), ["org/proj/here"])])
@example(first=[], second=[("account", ("allow_overrides",), {"scopes": ["org"], "settings": ["images"]})])
@example(first=[("project", ("labels", "team"), "one")], second=[("project", ("labels", "team"), None)])
def test_each_sibling_is_told_what_it_would_be_told_alone(new_project, first, second):
    was = _edited(BASE, [edit for edit in first if edit[1] != ("id",) and edit[0] != "parent"])
    made = [Made(_review(new_project, company, BESIDE)) for company in (was, _edited(was, second))]
    shared = _told(compare(*made))
    alone, siblings.Siblings._alike = siblings.Siblings._alike, lambda *_: None
    try:
        assert shared == _told(compare(*made))
    finally:
        siblings.Siblings._alike = alone


def test_many_siblings_cost_what_one_does(new_project, monkeypatch):
    counted = []
    work_out = Causes.of
    monkeypatch.setattr(Causes, "of", lambda self, name, now: counted.append(name) or work_out(self, name, now))
    many = {f"i{number}": {"cluster": {"context": f"c{number}"}} for number in range(50)}
    edits = [("account", ("labels", key), "x") for key in ("one", "two", "three")]
    made = [Made(_review(new_project, company, many)) for company in (BASE, _edited(BASE, edits))]
    found = compare(*made)
    assert len(found.infrastructures) == 51
    assert sorted(counted) == ["labels.one", "labels.three", "labels.two"]
