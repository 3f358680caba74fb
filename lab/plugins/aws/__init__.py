"""A stand-in for the official `pulumi-resource-aws` plugin: the same answers for what an ECR registry consists of.

It works by real API calls against whatever `AWS_ENDPOINT_URL…` names, and says in every run that it is a stand-in.
README.md tells what it leaves out.
"""
