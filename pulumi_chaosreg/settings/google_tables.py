"""What `repositories` may say that only Google Cloud knows: who gets which role on a repository."""

from pulumi_chaosreg.settings.google_grammars import MEMBER
from pulumi_chaosreg.settings.kinds import Table, Texts

MEMBERS = Table(
    "who gets a role on the repository (Google Artifact Registry), as IAM names them; used whole from the nearest "
    "level",
    {
        "pull": Texts("readers: nodes' service accounts, groups", grammar=MEMBER, least=1),
        "push": Texts("writers: whoever mirrors", grammar=MEMBER, least=1),
        "delete": Texts("administrators of the repository: whoever prunes", grammar=MEMBER, least=1),
    },
    whole=True,
    least=1,
)
