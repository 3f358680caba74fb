"""One module per command: `ABOUT`, its line in the list; `NEEDS`, beyond files; `EXAMPLES`; `arguments` and `run`."""
