"""What the lab says when it cannot go on."""


class LabError(Exception):
    """A failure with a message for people; the command line prints it without a traceback."""
