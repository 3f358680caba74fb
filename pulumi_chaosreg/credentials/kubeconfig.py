"""A kubeconfig as people give it: the path of a file, or its content, in which there may be credentials."""


def is_content(kubeconfig: str) -> bool:
    """Whether this is a content and not a path."""
    return "\n" in kubeconfig or kubeconfig.lstrip().startswith("{")
