"""A stand-in for the official `pulumi-resource-gcp` plugin: Artifact Registry's repositories and their members.

No API is asked: there is no Google Cloud that anybody could have here. It says so in every run.
"""
