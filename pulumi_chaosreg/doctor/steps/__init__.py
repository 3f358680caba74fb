"""The steps, in the order in which a pull takes them. One more is a module here, and its line below."""

from pulumi_chaosreg.doctor.step import Step
from pulumi_chaosreg.doctor.steps import (
    configuration,
    dns,
    door,
    images,
    login,
    pods,
    pull_secret,
    service_accounts,
    tcp,
    tls,
)

OF_INFRASTRUCTURE: tuple[Step, ...] = (configuration, service_accounts, pods)
"""Asked once."""
OF_REGISTRY: tuple[Step, ...] = (dns, tcp, tls, door, pull_secret, login, images)
"""Asked of each registry that images are on."""
