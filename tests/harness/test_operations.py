"""What we send, beside the operations as Harness's own SDK sends them, and their types."""

from pathlib import Path

import pytest
from graphql import build_schema, parse, print_ast, validate
from graphql.language import OperationDefinitionNode

import lab.harness
from pulumi_chaosreg.harness import operations

SCHEMA = build_schema(Path(lab.harness.__file__).with_name("schema.graphql").read_text("utf-8"))
IDENTIFIERS = "$identifiers: ScopedIdentifiersRequest!"
TEXTS = {
    # the SDK's own: harness/chaos/api_image_registry.go
    "GET": (
        f"query GetImageRegistry({IDENTIFIERS}, $infraID: String)",
        "getImageRegistry(identifiers: $identifiers, infraID: $infraID)",
    ),
    "CHECK_OVERRIDE": (
        f"query CheckImageRegistryOverride({IDENTIFIERS}, $infraID: String)",
        "checkImageRegistryOverride(identifiers: $identifiers, infraID: $infraID)",
    ),
    "CREATE": (
        f"mutation CreateImageRegistry({IDENTIFIERS}, $input: ImageRegistryRequest!)",
        "createImageRegistry(identifiers: $identifiers, request: $input)",
    ),
    "UPDATE": (
        f"mutation UpdateImageRegistry({IDENTIFIERS}, $request: ImageRegistryRequest!)",
        "updateImageRegistry(identifiers: $identifiers, request: $request)",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_an_operation_is_that_of_harness_s_own_sdk(name):
    document = parse(getattr(operations, name))
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    head, first = (line.strip(" {") for line in print_ast(operation).splitlines()[:2])
    assert (head, first) == TEXTS[name]
    assert validate(SCHEMA, document) == []
