"""The four levels: what is written in stack files, who inherits what from whom, and what is wrong. Pure."""
