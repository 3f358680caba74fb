"""The lab: real registries, a real Pulumi engine and a real Kubernetes on one machine, for demo, tests and benchmarks.

It is no part of the wheel. `python -m lab run -- CMD` brings it up, runs CMD inside it and takes it down again.
"""
