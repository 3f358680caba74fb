"""A stand-in for the official `pulumi-resource-azure-native` plugin: a container registry, its scope maps and tokens,
and role assignments.

No API is asked: there is no Azure that anybody could have here. It says so in every run.
"""
