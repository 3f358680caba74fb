"""What a type checker must refuse: each marked line, with the word that its message names."""

import pulumi

import pulumi_chaosreg as chaosreg

SERVER: pulumi.Output[str] = pulumi.Config().require_secret("server")

account = chaosreg.Account("acme", images={"release": "1.94.4"})
chaosreg.Account("a", image_registy={"server": "harbor.company.com"})  #! image_registy
chaosreg.Account("a", images={"relase": "1.94.4"})  #! relase
chaosreg.Account("a", allow_override=True)  #! allow_override
chaosreg.Account("a", image_registry={"type": "privat"})  #! ImageRegistryArgs
chaosreg.Account("a", image_registry={"authentication": {"user": "x"}})  #! ImageRegistryArgs
chaosreg.Account("a", image_registry={"server": SERVER})  #! ImageRegistryArgs
chaosreg.Account("a", registries={"eu": {"server": "r.example", "typ": "public"}})  #! typ
chaosreg.Account("a", mirror="of")  #! MirrorArgs
chaosreg.Account("a", allow_overrides={"settings": ["image"]})  #! AllowOverridesArgs
chaosreg.Account("a", mirror={"platforms": "amd64"})  #! MirrorArgs
chaosreg.Account("a", custom_images={"chaos-ddcr": "r.example/a:1"})  #! chaos-ddcr
chaosreg.Account("a", id="acme")  #! id
chaosreg.Organization("o", account=account, harness_id=5)  #! harness_id
chaosreg.Project("p", account=account, cluster={"contxt": "dev"})  #! contxt
chaosreg.Infrastructure("i", account=account, service_accounts="litmus")  #! service_accounts
chaosreg.Infrastructure("i", account=account, cluster=chaosreg.Cluster(contxt="dev"))  #! contxt
chaosreg.Infrastructure("i", account=account, cluster=chaosreg.Cluster("dev", provider="ekz"))  #! ekz
chaosreg.Infrastructure("i", account=account, _scope=None)  #! _scope
chaosreg.MirroredImage("m", source="docker.io/harness/app:1")  #! target
chaosreg.MirroredImage("m", source="a/b:1", target="c/d:1", on_destroy="remove")  #! remove
