"""Looks at what a registry has already, so that a stack can take it over: a module for each kind that can be asked."""
