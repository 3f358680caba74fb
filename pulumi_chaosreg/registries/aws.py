"""What AWS calls the parts of its world: the partition of a region, and the end of its hosts there."""

from typing import NamedTuple


class Partition(NamedTuple):
    """One of AWS's worlds that know nothing of one another."""

    name: str
    """As in ARNs: `aws`, `aws-cn`."""
    suffix: str
    """What the hosts of its services end with."""


_PARTITIONS = (
    ("cn-", Partition("aws-cn", "amazonaws.com.cn")),
    ("us-gov-", Partition("aws-us-gov", "amazonaws.com")),
    ("eusc-", Partition("aws-eusc", "amazonaws.eu")),
    ("us-iso-", Partition("aws-iso", "c2s.ic.gov")),
    ("us-isob-", Partition("aws-iso-b", "sc2s.sgov.gov")),
    ("eu-isoe-", Partition("aws-iso-e", "cloud.adc-e.uk")),
    ("us-isof-", Partition("aws-iso-f", "csp.hci.ic.gov")),
)
"""Beginning of a region → its partition, as in botocore's partitions.json."""


def partition(region: str) -> Partition:
    """The partition that a region belongs to."""
    found = (one for beginning, one in _PARTITIONS if region.startswith(beginning))
    return next(found, Partition("aws", "amazonaws.com"))


class Services(NamedTuple):
    """The URLs of APIs in a region."""

    ecr: str
    sts: str


def services(region: str, *, fips: bool = False) -> Services:
    """What a registry there needs: by FIPS 140 where its own host is, as in botocore's endpoints."""
    within = partition(region)
    end = f"{region}.{within.suffix}"
    if not fips:
        return Services(f"https://api.ecr.{end}", f"https://sts.{end}")
    sts = "sts" if within.name == "aws-us-gov" else "sts-fips"  # GovCloud's only one is
    return Services(f"https://ecr-fips.{end}", f"https://{sts}.{end}")
