"""The command `chaosreg`. Works without Pulumi installed and, but for `lock`, without a network."""
