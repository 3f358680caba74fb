"""What stands for AWS in the lab: moto's server, which has the control plane of ECR, IAM, STS and KMS in memory.

It imports nothing of the rest of the lab but what it must, and runs as a process of its own: `python -m lab.aws`.
"""
