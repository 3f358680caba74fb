"""Platforms are compared as container runtimes do."""

import pytest

from pulumi_chaosreg.images.platform import canonical, fits


@pytest.mark.parametrize(
    ("platform", "wanted", "expected"),
    [
        ("linux/amd64", "linux/amd64", True),
        ("linux/amd64", "linux/arm64", False),
        ("windows/amd64", "linux/amd64", False),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm/v6", "linux/arm", True),  # every variant
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/arm", "linux/arm/v7", True),  # what no variant means
        ("linux/arm", "linux/arm/v6", False),
        ("linux/amd64", "linux/amd64/v2", False),
        ("linux/s390x", "linux/s390x/z13", False),
    ],
)
def test_a_platform_fits_or_does_not(platform, wanted, expected):
    assert fits(platform, wanted) is expected


def test_the_same_subset_is_the_same_text():
    assert canonical(["linux/arm64", "linux/amd64", "linux/arm64"]) == ("linux/amd64", "linux/arm64")
