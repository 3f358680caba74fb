"""Which partition of AWS a region belongs to: every ARN begins with it."""

_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("eusc-", "aws-eusc"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
)
"""Beginning of a region → its partition, as in botocore's partitions.json; `aws` otherwise."""


def partition(region: str) -> str:
    """The partition of a region: `aws`, `aws-cn`…"""
    found = [name for beginning, name in _PARTITIONS if region.startswith(beginning)]
    return found[-1] if found else "aws"
