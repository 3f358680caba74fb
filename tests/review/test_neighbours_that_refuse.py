"""Infrastructures that share a namespace, where a cluster asks the policies of all of them."""

NEIGHBOURS = {
    "acme": """
    config:
      chaosreg:account:
        id: acme
        images: {release: "1.94.4"}
        allow_overrides: true
    """,
    "i": """
    config:
      chaosreg:parent_stack: acme
      chaosreg:infrastructures:
        x: {cluster: {context: c}, images: {release: "1.93.0"}}
        y: {cluster: {context: c}, enforce: deny}  #! CHR0602 #! CHR0612
        z: {cluster: {context: d}, namespace: same, enforce: deny}
        w: {cluster: {context: d}, namespace: same, enforce: deny}  #! CHR0602
        v: {cluster: {context: d}, namespace: same, allow_images: [docker.io/harness]}
        a: {cluster: {context: e}, enforce: deny, allow_images: [docker.io/harness]}
        b: {cluster: {context: e}, images: {release: "1.93.0"}}  #! CHR0602
    """,
}


def test_whoever_refuses_the_images_of_another_is_told_and_nobody_else(project, check_marks):
    words = ["infrastructure `y` refuses images of infrastructure `x`", "chaos-ddcr:1.93.0` and 3 more"]
    check_marks(project.write(NEIGHBOURS), words)


def test_a_warning_of_the_cluster_is_no_mistake(project):
    files = {**NEIGHBOURS, "i": NEIGHBOURS["i"].replace("deny", "warn")}
    assert "CHR0612" not in {finding.code for finding in project.write(files).review().findings}
