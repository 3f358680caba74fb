"""A program of a user's own, without stack files."""

import pulumi

import pulumi_chaosreg as chaosreg

account = chaosreg.Account(
    "acme",
    image_registry={
        "server": "127.0.0.1:5010",
        "account": "program",
        "type": "private",
        "authentication": {"username": "puller", "password_secret": "harbor"},
    },
    images={"release": "1.93.0"},
    mirror={"source": "127.0.0.1:5011/harness", "allow_sources": ["127.0.0.1:5011/harness"], "push": "harbor-push"},
    credentials={
        "harbor": pulumi.Output.secret("pull-canary"),
        "harbor-push": pulumi.Output.secret({"username": "pusher", "password": "push-canary"}),
    },
)
prod = chaosreg.Infrastructure(
    "prod",
    project=chaosreg.Project("checkout", account=account),
    cluster=chaosreg.Cluster(context="prod-eu"),
    namespace="upgrade-program",
    service_accounts=["litmus"],
)
# a part by itself, as users may have one
chaosreg.PullSecret(
    "by-hand",
    secret_name="by-hand",
    namespace="upgrade-program",
    server="127.0.0.1:5010",
    credential=pulumi.Output.secret("pull-canary"),
    username="puller",
    opts=pulumi.ResourceOptions(providers=[chaosreg.Cluster(context="staging").provider()], depends_on=[prod]),
)
pulumi.export("images", prod.images)
