"""A stand-in for the official `pulumi-resource-artifactory` plugin: local Docker repositories and scoped tokens.

No API is asked: Artifactory is licensed, and nobody can have one here. It says so in every run.
"""
