"""Why an infrastructure's images cannot be pulled, found from this machine: one module per step in `steps/`.

Only reads: GET and HEAD at registries and in the cluster. What a node sees may be another thing (names, proxies,
authorities, its own identity), and what cannot be known from here is said so, never called good.
"""
