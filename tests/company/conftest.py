import pytest

from lab.state import load


@pytest.fixture(scope="session")
def ecr_server() -> str:
    """The host of the lab's ECR, which clients find under its real name."""
    aws = load().aws
    assert aws, "the part `aws` was not started"
    if not aws.registry:
        pytest.skip("without network namespaces nobody finds the real host name of ECR")  # the last lines say it too
    return aws.registry
