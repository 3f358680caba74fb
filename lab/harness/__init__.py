"""What stands for Harness's chaos manager: its GraphQL API of image registries, with what is documented to go wrong.

A stand-in, since nobody can run Harness at home; it says so in every answer (`Server`, and `extensions`). What it does
is what Harness's own Go SDK and Terraform provider show of the API: one record for each scope, an error on a second
`create`, HTTP 500 where `customImages` is missing, reads that resolve what is inherited, higher levels that block, and
nothing that deletes.
"""

KEYS = "LAB_HARNESS_KEYS"
"""The variable with `account:key` of who may call."""
