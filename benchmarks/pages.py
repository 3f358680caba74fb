"""Tables of results in pages of the documentation, each between two marks with the name of its benchmark."""


def with_table(page: str, name: str, table: str) -> str:
    """The page with this table between its two marks; SystemExit where it has none."""
    first, last = f"<!-- benchmarks: {name} -->", f"<!-- end of benchmarks: {name} -->"
    before, begin, rest = page.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise SystemExit(f"the page lacks the lines {first} and {last}")
    return f"{before}{begin}\n{table}\n{end}{after}"
