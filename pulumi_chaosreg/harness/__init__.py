"""Client of Harness's API of image registries: one record for each account, organization, project or infrastructure."""
