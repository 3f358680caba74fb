"""What a command needs beyond the project's files."""

from enum import Flag, auto


class Needs(Flag):
    """What must be reachable or installed for a command to work."""

    NONE = 0
    NETWORK = auto()
    PULUMI = auto()

    @property
    def words(self) -> str:
        """For the list of commands; empty where nothing is needed."""
        said = {Needs.NETWORK: "the network", Needs.PULUMI: "pulumi"}
        return " and ".join(words for need, words in said.items() if need in self)
