"""Every check, what an edit changes, which stacks it touches, and why a field has its value. Pure."""
