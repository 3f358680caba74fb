"""What texts look like that only Azure knows: subscriptions, resource groups, principals, address ranges."""

import re
from ipaddress import ip_network

from pulumi_chaosreg.settings.kinds import Grammar

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
SUBSCRIPTION = Grammar(
    "CHR0301",
    "a subscription ID",
    re.compile(rf"^{_GUID}\Z"),
    "write the ID that `az account show --query id` prints",
)
RESOURCE_GROUP = Grammar(
    "CHR0301",
    "a resource group's name",
    re.compile(r"^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]\Z"),
    "names have at most 90 letters, digits, `_`, `-`, `.` and parentheses, and do not end in a dot",
)
LOCATION = Grammar(
    "CHR0301", "an Azure region", re.compile(r"^[a-z][a-z0-9]+\Z"), "write its short name, as in `westeurope`"
)
PRINCIPAL = Grammar(
    "CHR0301",
    "a principal",
    re.compile(rf"^(?:(?:group|user):)?{_GUID}\Z"),
    "write the object ID of a managed identity or service principal (not its client ID), or `group:ID` or `user:ID`; "
    "of a cluster's nodes: `az aks show --query identityProfile.kubeletidentity.objectId`",
)


def _range_problem(text: str) -> str:
    try:
        network = ip_network(text, strict=True)
    except ValueError:
        return "no such range of addresses"
    return "everybody would be let in" if network.prefixlen == 0 else ""


ADDRESSES = Grammar(
    "CHR0301",
    "an IPv4 address or range",
    re.compile(r"^[0-9.]+(?:/[0-9]{1,2})?\Z"),
    "write it as in `203.0.113.0/24`",
    _range_problem,
)
