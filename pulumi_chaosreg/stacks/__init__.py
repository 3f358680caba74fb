"""Stack files, and the company that they make together. Reads files; otherwise pure."""
