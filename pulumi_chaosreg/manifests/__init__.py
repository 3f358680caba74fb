"""Kubernetes manifests of other people: which of their images are ours, and what each becomes. Pure."""
