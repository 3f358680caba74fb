"""What stands for AWS in the lab, as a process of its own: `python -m lab.aws`.

The control plane of ECR, IAM, STS and KMS is moto's, in memory. Before a real registry stands ECR's: under its real
host name, by TLS, for passwords that end, with the repositories that the control plane has made and their immutability.
"""
