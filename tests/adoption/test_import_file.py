"""The file that `pulumi import` reads: what hangs below what, and nothing that the stack has."""

from pulumi_chaosreg.adoption.import_file import Component, import_file
from pulumi_chaosreg.adoption.protocol import Imported

ACCOUNT, MINE = ("chaosreg:index:Account", "acme"), ("chaosreg:index:Repositories", "acme:h/chaos")
UNUSED = ("chaosreg:index:Repositories", "acme:h/empty")
COMPONENTS = (Component(*ACCOUNT), Component(*MINE, ACCOUNT), Component(*UNUSED, ACCOUNT))
REPOSITORY = Imported("aws:ecr/repository:Repository", "acme:h/chaos/x", "chaos/x@eu-west-1", version="7.51.1")
POLICY = Imported("aws:ecr/repositoryPolicy:RepositoryPolicy", "acme:h/chaos/x", "chaos/x@eu-west-1")
OF_REPOSITORY = (REPOSITORY.type, REPOSITORY.name)
RESOURCES = ((REPOSITORY, MINE), (POLICY, OF_REPOSITORY))


def test_a_stack_that_was_never_up_gets_the_components_above_first() -> None:
    content = import_file(COMPONENTS, RESOURCES, {})
    assert content["nameTable"] == {}
    account, mine, repository, policy = content["resources"]
    assert account == {
        "type": "chaosreg:index:Account",
        "name": "Account acme",
        "logicalName": "acme",
        "component": True,
    }
    assert (mine["parent"], mine["component"]) == (account["name"], True)
    assert repository == {
        "type": "aws:ecr/repository:Repository",
        "name": "Repository acme:h/chaos/x",
        "logicalName": "acme:h/chaos/x",
        "parent": mine["name"],
        "id": "chaos/x@eu-west-1",
        "version": "7.51.1",
    }
    assert (policy["parent"], policy["logicalName"]) == (repository["name"], "acme:h/chaos/x")
    assert "version" not in policy


def test_names_in_the_file_are_unique_whatever_the_stack_calls_things() -> None:
    names = [one["name"] for one in import_file(COMPONENTS, RESOURCES, {})["resources"]]
    assert len(set(names)) == len(names)


def test_what_the_stack_has_is_a_parent_and_not_imported_again() -> None:
    known = {ACCOUNT: "urn:account", MINE: "urn:mine", OF_REPOSITORY: "urn:repository"}
    content = import_file(COMPONENTS, RESOURCES, known)
    assert [one["type"] for one in content["resources"]] == [POLICY.type]
    assert content["nameTable"] == {content["resources"][0]["parent"]: "urn:repository"}


def test_a_component_below_one_that_the_stack_has_names_it() -> None:
    content = import_file(COMPONENTS, RESOURCES, {ACCOUNT: "urn:account"})
    assert content["nameTable"] == {"Account acme": "urn:account"}
    assert content["resources"][0]["name"] == "Repositories acme:h/chaos"


def test_nothing_new_is_an_empty_file() -> None:
    known = {OF_REPOSITORY: "urn:repository", (POLICY.type, POLICY.name): "urn:policy"}
    assert import_file(COMPONENTS, RESOURCES, known) == {"nameTable": {}, "resources": []}
