"""A server of each kind of registry."""

SERVERS = {
    "dockerhub": ("docker.io", "acme"),
    "ecr": ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "chaos"),
    "ecr_public": ("public.ecr.aws", "acme"),
    "gar": ("europe-docker.pkg.dev", "acme/chaos"),
    "acr": ("acme.azurecr.io", "chaos"),
    "artifactory": ("acme.jfrog.io", "chaos"),
    "ghcr": ("ghcr.io", "acme"),
    "quay": ("quay.io", "acme"),
    "gitlab": ("registry.gitlab.com", "acme/chaos"),
    "harbor": ("harbor.company.com", "chaos"),
    "generic": ("registry.company.com", "chaos"),
}
"""Kind → (server, account)."""
