"""A stand-in for the official `pulumi-resource-kubernetes` plugin: the same answers for a handful of kinds.

It works against a real API server and says in every run that it is a stand-in. README.md tells what it leaves out.
"""
