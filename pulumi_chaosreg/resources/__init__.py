"""The inputs and outputs of our custom resources: one table each, read by the component class and by the plugin."""
