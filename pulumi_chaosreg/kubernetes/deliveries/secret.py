"""`secret`: a Secret of ours with a credential that lasts. It changes in place."""

from collections.abc import Sequence

import pulumi

from pulumi_chaosreg.kubernetes.deliveries.delivering import Asked
from pulumi_chaosreg.kubernetes.objects import token
from pulumi_chaosreg.kubernetes.pull_secret import OneLogin, pull_secret


def deliver(asked: Asked) -> Sequence[pulumi.Resource]:
    """The Secret."""
    delivery = asked.delivery
    assert delivery.secret_name is not None
    assert asked.credential is not None
    made = pull_secret(
        asked.name,
        secret_name=delivery.secret_name.value,
        namespace=asked.namespace,
        logins=[
            OneLogin(
                delivery.credential, asked.credential, asked.key, delivery.username, asked.images, ends=asked.ends
            ),
            *asked.beside,
        ],
        labels=asked.labels,
        annotations=asked.annotations,
        opts=asked.options(token("core/v1", "Secret")),
    )
    return [made]
