"""What the classes of our custom resources share: their tables say the rest."""

from typing import Any

import pulumi

from pulumi_chaosreg import __version__
from pulumi_chaosreg.resources.table import Input, ResourceTable, in_python


class CustomResource(pulumi.CustomResource):
    """A resource that our plugin serves."""

    def __init__(
        self, table: ResourceTable, name: str, given: dict[str, Any], opts: pulumi.ResourceOptions | None
    ) -> None:
        """`given` are all of the table's inputs, by the names that Python has for them; None for what is left out."""
        inputs = {one.name: _wrapped(one, given.pop(one.argument)) for one in table.inputs}
        if given:
            raise TypeError(f"not in the table of {table.type}: {', '.join(given)}")
        declared = {one.name: None for one in table.outputs}
        ours = pulumi.ResourceOptions(
            version=__version__, additional_secret_outputs=[one.name for one in table.outputs if one.secret] or None
        )
        super().__init__(table.type, name, {**declared, **inputs}, pulumi.ResourceOptions.merge(ours, opts))

    def translate_output_property(self, prop: str) -> str:
        """What Python calls an output: `robot_id` what the engine calls `robotId`."""
        return in_python(prop)


def _wrapped(one: Input, value: Any) -> Any:
    """The value, as a secret where the table says so; what is no plain text yet may become one."""
    if value is None or not (one.secret or one.secret_where):
        return value
    is_plain = not one.secret and isinstance(value, str) and not one.is_secret(value)
    return value if is_plain else pulumi.Output.secret(value)
