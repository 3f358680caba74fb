"""What an account has at Amazon ECR: read with boto3, compared as plain values."""

from pulumi_chaosreg.adoption.ecr.reading import adopter

__all__ = ["adopter"]
