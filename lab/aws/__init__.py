"""What stands for AWS in the lab, as a process of its own: `python -m lab.aws`.

The control plane of ECR, IAM, STS and KMS is moto's, in memory. Before a real registry stands ECR's: under its real
host name, by TLS, for passwords that end, with the repositories that the control plane has made and their immutability.
"""

from typing import Final

KEYS: Final = "LAB_AWS_KEYS"
"""The variable by which the process learns the keys of the lab's own user, as `ID:SECRET`."""
