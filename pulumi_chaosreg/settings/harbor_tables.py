"""What `repositories` may say that only Harbor knows."""

from pulumi_chaosreg.settings.harbor_grammars import QUOTA
from pulumi_chaosreg.settings.kinds import Flag, Number, Table, Text

HARBOR = Table(
    "what only Harbor knows of the project that is made; used whole from the nearest level",
    {
        "public": Flag("whether everybody may pull; by default as `image_registry.type` says"),
        "quota": Text(
            "how much the project may hold, as in `50GiB`, or `unlimited`; only an administrator of Harbor sets it. By "
            "default Harbor's own",
            grammar=QUOTA,
        ),
        "prevent_vulnerable": Text(
            "from which severity on an image with a known vulnerability is not given out; an image that is not scanned "
            "yet is not given out either then. off (the default): all are",
            ("off", "none", "low", "medium", "high", "critical"),
        ),
        "adopt": Flag("whether to take over a project that is there; by default that is an error"),
        "robot_days": Number(
            "how long the robots live that push and delete, 2 days or more; renewed at half of it, by default 30"
        ),
    },
    whole=True,
    least=1,
)
