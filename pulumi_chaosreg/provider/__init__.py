"""The plugin process `pulumi-resource-chaosreg`: our custom resources."""
