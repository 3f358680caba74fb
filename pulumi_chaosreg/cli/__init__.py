"""The command `chaosreg`. Works without Pulumi installed; `cli/commands/` says what each command needs beyond files."""
