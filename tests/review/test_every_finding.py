"""Each mistake once, as somebody would write it: the line that a finding must point at carries its code.

A comment `#! CHR0104` marks the line; every finding must have its mark, and every mark its finding.
"""

import pytest

ACME = """
    config:
      chaosreg:account:
        id: acme
        allow_overrides: true
        images: {release: "1.94.4"}
    """
BELOW_ACME = "config: {chaosreg:parent_stack: acme, chaosreg:infrastructures: {x: {cluster: {context: c}}}}"

# what is wrong → the files, and words that must be in the output
MISTAKES = {
    # the file itself
    "a file that is not text": (
        {"acme": ACME, "odd": b"\xff\xfe\x00"},
        ["CHR0101", "Pulumi.odd.yaml", "it is not UTF-8 text"],
    ),
    "a file that is not YAML": (
        {"acme": ACME, "odd": "config:\n  a: [1, 2\n  b: 3  #! CHR0102\n"},
        ["this file is not YAML"],
    ),
    "a key given twice": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                namespace: one
                namespace: two  #! CHR0103
            """
        },
        ["`namespace` is given twice in one mapping", "first given at: ", "Pulumi.acme.yaml:4", "keep one of the two"],
    ),
    "two keys given twice": (
        {"acme": ACME, "odd": "config: {}\nconfig: {}  #! CHR0103\nb: {x: 1,\n  x: 2}  #! CHR0103\n"},
        ["`config` is given twice", "`x` is given twice"],
    ),
    # sections
    "a section that does not exist": (
        {"acme": ACME, "p": "config:\n  chaosreg:parent_stack: acme\n  chaosreg:projekt: {id: p}  #! CHR0110\n"},
        ["`chaosreg:projekt` is not a section", "chaosreg:project"],
    ),
    "infrastructures as a list": (
        {
            "acme": ACME,
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:  #! CHR0106
                - prod-eu
            """,
        },
        ["must be a mapping of id to settings", "prod-eu: {cluster: {context: prod-eu}}"],
    ),
    "a section that is a word": (
        {"acme": "config:\n  chaosreg:account: acme  #! CHR0202 #! CHR0106\n"},
        ["must be a mapping, but is a string"],
    ),
    # keys and values
    "numbers that are no versions": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                image_registry:
                  server: 10.0  #! CHR0105
                labels:
                  cost-centre: 7  #! CHR0105
            """
        },
        ["`image_registry.server` is a number, but must be a string", "`labels.cost-centre` is a number, but must be"],
    ),
    "places of images that no reference begins with": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                allow_images:
                  - acme  #! CHR0301
                  - acme/team  #! CHR0301
                  - https://quay.io/acme  #! CHR0301
                  - quay.io/acme/*  #! CHR0301
                  - quay.io
                  - localhost/acme
                  - registry:5000/acme
            """
        },
        ["without a server it means `docker.io/acme/team`: write that, or add the server", "no `https://`, no `*`"],
    ),
    "servers that the kubelet would look for at Docker Hub": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                image_registry:
                  server: registry  #! CHR0301
                mirror:
                  source: harness/chaos  #! CHR0301
                  allow_sources:
                    - harness  #! CHR0301
                    - localhost
            """
        },
        ["without a dot or port it is a Docker Hub path", "without a server it means `docker.io/harness/chaos`"],
    ),
    "a tab in the place of spaces": (
        {"acme": ACME, "odd": "config:\n  chaosreg:project:\n\tid: x  #! CHR0102\n"},
        ["this file is not YAML: a tab indents this line", "indent it with spaces"],
    ),
    "an unknown key": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                image_registry:
                  sever: h.example  #! CHR0104
                  type: public
            """
        },
        ["unknown key `sever`", "did you mean `server`?", "server, account, type, kind, authentication"],
    ),
    "an unknown key that is like no other": (
        {"acme": "config:\n  chaosreg:account:\n    id: acme\n    zzz: 1  #! CHR0104\n"},
        ["valid keys: id, moved_from, allow_overrides, registries, image_registry, images, custom_images"],
    ),
    "an unknown custom image": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                custom_images:
                  log_wacher: h.example/x:1  #! CHR0104
            """
        },
        ["did you mean `log_watcher`?", "chaos_ddcr_faults", "ddcr_lib", "k8s_chaos_infrastructure_upgrader"],
    ),
    "a release without quotes": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images:
                  release: 1.10  #! CHR0105
            """
        },
        ["`images.release` is a number, which makes `1.10` and `1.1` the same", "write it in quotes"],
    ),
    "a tag without quotes": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images:
                  tags:
                    chaos-ddcr: 1.94  #! CHR0105
                    chaos-log-watcher: 10  #! CHR0105
            """
        },
        ["`images.tags.chaos-ddcr` is a number"],
    ),
    "values of the wrong type": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                allow_overrides: "true"  #! CHR0106
                image_registry: harbor.company.com  #! CHR0213
                images:  #! CHR0106
                custom_images: []  #! CHR0106
                required_images: harness/chaos-ddcr:1  #! CHR0106
                repositories:
                  create: yes  #! CHR0106
                  expire_untagged_after_days: -1  #! CHR0106
                service_accounts:
                  - litmus
                  - {name: other}  #! CHR0106
                harness_id: ""  #! CHR0106
            """
        },
        [
            "`allow_overrides` must be true, false or a mapping, but is a string",
            "`image_registry.name` is not the name of a registry",
            "`images` must be a mapping, but is empty",
            "`custom_images` must be a mapping, but is a list",
            "`required_images` must be a list of strings, but is a string",
            "`repositories.create` must be true or false, but is a string",
            "`service_accounts.1` must be a string, but is a mapping",
            "`harness_id` must be a string, but is empty",
        ],
    ),
    "a value that does not exist": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                image_registry:
                  type: privat  #! CHR0107
                on_destroy: remove  #! CHR0107
            """
        },
        ["`image_registry.type` has an unknown value", "valid values: private, public", "retain, delete"],
    ),
    "a secure value in a section": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                image_registry:
                  authentication:
                    secure: v1:cyphertext  #! CHR0108
            """
        },
        ["stacks below could not decrypt it", "move it to `chaosreg-credentials:NAME`"],
    ),
    "settings that this version does nothing about": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                repositories:
                  create: true  #! CHR0111
                mirror:
                  platforms: []  #! CHR0106
                pull_secret:
                  adopt: true  #! CHR0111
            """
        },
        [
            "warning[CHR0111]: `repositories.create` has no effect: no registry is defined at account `acme` or below",
            "warning[CHR0111]: `pull_secret.adopt` has no effect in this version",
            "`mirror.platforms` must be a list of at least 1, but is empty",
        ],
    ),
    # the tree
    "an id that is none": (
        {
            "acme": """
            config:
              chaosreg:account:  #! CHR0201
                id: Acme Inc
                images: {release: "1.94.4"}
              chaosreg:infrastructures:
                prod_eu: {cluster: {context: c}}  #! CHR0201
            """
        },
        ["`Acme Inc` is not an id", "`prod_eu` is not an id", "a-z, 0-9 and `-`"],
    ),
    "a section without an id": (
        {"acme": 'config:\n  chaosreg:account:  #! CHR0202\n    images: {release: "1.94.4"}\n'},
        ["the account has no `id`", "add `id: <name>`"],
    ),
    "a forbidden override": (
        {
            "acme": ACME.replace("true", "false"),
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                x:
                  cluster: {context: c}
                  images:
                    release: "1.93.0"  #! CHR0203
                    tags:
                      chaos-ddcr: "1"  #! CHR0203
            """,
        },
        ["`images.release` may not be set here", "`images.tags.chaos-ddcr` may", "Pulumi.acme.yaml:4  account `acme`"],
    ),
    "a chain that does not end at an account": (
        {
            "acme": ACME,
            "p": "config:\n  chaosreg:project: {id: p}  #! CHR0205\n",
            "i": "config:\n  chaosreg:parent_stack: p\n  chaosreg:infrastructures: {x: {cluster: {context: c}}}\n",
        },
        ["the chain above stack `p` does not end at an account", "chaosreg:parent_stack: <stack>"],
    ),
    "an account with a parent": (
        {
            "acme": ACME,
            "b": "config:\n  chaosreg:parent_stack: acme\n  chaosreg:account: {id: b}  #! CHR0206\n",
        },
        ["an account has no parent, but this file names `acme`", "remove `chaosreg:account`"],
    ),
    "an account beside the organization that stands below another one": (
        {
            "acme": ACME,
            "b": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:account: {id: b, namespace: Not_a_name}  #! CHR0206 #! CHR0112
              chaosreg:organization: {id: o}
            """,
            "i": "config:\n  chaosreg:parent_stack: b\n  chaosreg:infrastructures: {x: {cluster: {context: c}}}\n",
        },
        [],
    ),
    "a parent stack that is not there": (
        {
            "acme": ACME,
            "i": """
            config:
              chaosreg:parent_stack: acmee  #! CHR0207
              chaosreg:infrastructures: {x: {cluster: {context: c}}}
            """,
        },
        ["parent stack `acmee` has no stack file", "stack files: acme"],
    ),
    "a parent stack that is a number": (
        {"acme": ACME, "i": "config:\n  chaosreg:parent_stack: 1  #! CHR0106\n  chaosreg:project: {id: p}\n"},
        ["`chaosreg:parent_stack` must be the name of a stack, but is a number"],
    ),
    "parents in a ring": (
        {
            "acme": ACME,
            "b": "config:\n  chaosreg:parent_stack: d  #! CHR0208\n  chaosreg:organization: {id: b}\n",
            "c": "config: {chaosreg:parent_stack: b, chaosreg:project: {id: c}}",
            "d": "config: {chaosreg:parent_stack: c, chaosreg:infrastructures: {}}",
        },
        ["parents form a cycle: b → d → c → b"],
    ),
    "a stack that is its own parent": (
        {"acme": ACME, "b": "config:\n  chaosreg:parent_stack: b  #! CHR0208\n  chaosreg:organization: {id: b}\n"},
        ["b → b"],
    ),
    "a parent stack that is not above": (
        {
            "acme": ACME,
            "p": "config: {chaosreg:parent_stack: acme, chaosreg:project: {id: p}}",
            "o": "config:\n  chaosreg:parent_stack: p  #! CHR0209\n  chaosreg:organization: {id: o}\n",
        },
        ["stack `p` holds no level above organization"],
    ),
    "a second account": (
        {"acme": ACME, "b": "config:\n  chaosreg:account:  #! CHR0210\n    id: acme\n"},
        ["a second account", "first given at: ", "Pulumi.acme.yaml"],
    ),
    "an id twice below one parent": (
        {
            "acme": ACME,
            "b": "config: {chaosreg:parent_stack: acme, chaosreg:project: {id: p}}",
            "c": "config:\n  chaosreg:parent_stack: acme\n  chaosreg:project: {id: p}  #! CHR0210\n",
        },
        [
            "project `p` is defined twice below the same parent",
            "Pulumi.b.yaml",
            "write `chaosreg:parent_stack: b`; or give it another id",
        ],
    ),
    "a server that is neither public nor private": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  account: chaos
                  server: h.example  #! CHR0211 #! CHR0315
            """,
            "i": BELOW_ACME,
        },
        ["the registry `h.example` is neither `public` nor `private`", "add `type: public` beside `server`"],
    ),
    # images
    "a malformed custom image": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                custom_images:
                  ddcr: h.example/Chaos/ddcr:1  #! CHR0301
            """,
            "i": BELOW_ACME,
        },
        ["`custom_images.ddcr` is not an image reference: its repository is malformed"],
    ),
    "a malformed tag": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images:
                  release: "1.94.4"
                  tags:
                    chaos-ddcr: "1 94"  #! CHR0301
            """,
            "i": BELOW_ACME,
        },
        ["`images.tags.chaos-ddcr` is not a tag"],
    ),
    "a malformed entry of a list": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                required_images:
                  - harness/chaos-ddcr:1
                  - harness/chaos-ddcr-faults@sha256:123  #! CHR0301
            """,
            "i": BELOW_ACME,
        },
        ["its digest is malformed"],
    ),
    "a list whose images collide": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                required_images:
                  - harness/chaos-ddcr:1
                  - other/chaos-ddcr:2  #! CHR0306
            """,
            "i": BELOW_ACME,
        },
        ["two required images would both become `chaos-ddcr`"],
    ),
    "no release, told once for all below": (
        {
            "acme": """
            config:
              chaosreg:account: {id: acme}  #! CHR0307
            """,
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                x: {cluster: {context: c}}
                y: {cluster: {context: d}}
            """,
        },
        ["gives a tag to `chaos-ddcr`, `chaos-ddcr-faults`", "newest known release: 1.94.4", 'release: "1.94.4"}'],
    ),
    "dedicated on a release that has no such images": (
        {
            "acme": ACME,
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                x:
                  cluster: {context: c}
                  type: dedicated  #! CHR0305
            """,
        },
        ["release `1.94.4` has no images for dedicated infrastructures", "release from: account/acme", "has: 1.53.1"],
    ),
    "a platform that is none": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                mirror:
                  platforms:
                    - amd64  #! CHR0301
            """
        },
        ["`mirror.platforms.0` is not a platform", "linux/amd64"],
    ),
    # credentials
    "private without authentication": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  server: h.example  #! CHR0315
                  type: private  #! CHR0502
            """,
            "i": BELOW_ACME,
        },
        ["the private registry `h.example` has no `authentication`", "password_secret"],
    ),
    "a password that must be renewed by somebody": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  server: 123456789012.dkr.ecr.us-west-2.amazonaws.com  #! CHR0315
                  type: private
                  authentication: {type: aws_ecr, region: us-west-2}  #! CHR0529
            """,
            "i": BELOW_ACME,
        },
        ["`pull_secret.identity` is not set", "`cluster: {provider: eks}`"],
    ),
    "a token of Google that nobody renews": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  server: europe-docker.pkg.dev  #! CHR0315
                  account: acme/chaos
                  type: private
                  authentication: {type: gcp_service_account}  #! CHR0529
            """,
            "i": BELOW_ACME,
        },
        [
            "`pull_secret.identity` is not set",
            "workloadIdentityPools/clusters/providers/prod-eu}`, a provider that trusts this cluster",
            "`cluster: {provider: gke}` needs none",
        ],
    ),
    "a refresher that waits for its own Secret, and nodes that EKS does not run": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  server: 123456789012.dkr.ecr.us-west-2.amazonaws.com  #! CHR0315
                  type: private
                  authentication: {type: aws_ecr}
                pull_secret:
                  identity: eks_pod_identity  #! CHR0533
                  refresher_image: 123456789012.dkr-ecr.us-west-2.on.aws/python:3.13  #! CHR0530
            """,
            "i": BELOW_ACME,
        },
        ["Pod Identity needs EKS", "but its Pod has no pull Secret yet"],
    ),
    "identities of other clouds, and a key where Google needs none": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                allow_overrides: true
                mirror: off
                image_registry:
                  server: europe-docker.pkg.dev
                  account: acme/chaos
                  type: private
                  authentication: {type: gcp_service_account}
                pull_secret:
                  identity: arn:aws:iam::123456789012:role/pull  #! CHR0534
            """,
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                a: {cluster: {context: a}}
                b:
                  cluster: {context: b}
                  pull_secret: {identity: google-key}  #! CHR0535
                c:
                  cluster: {context: c}
                  image_registry: {server: acme.azurecr.io, account: c, type: private, authentication: {type: azure}}
                  pull_secret: {identity: chaos-pull@acme-prod.iam.gserviceaccount.com}  #! CHR0534
            """,
        },
        [
            "is a role's ARN, but `europe-docker.pkg.dev` (Google Artifact Registry) cannot know it",
            "cannot use keys of Google Artifact Registry",
            "key_file: FILE}` and remove `identity`",
            "is a Google service account, but `acme.azurecr.io` (Azure Container Registry) cannot know it",
        ],
    ),
    "identities that only a cloud's own clusters give": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                allow_overrides: true
                mirror: off
                image_registry:
                  server: europe-docker.pkg.dev
                  account: acme/chaos
                  type: private
                  authentication: {type: gcp_service_account}
                pull_secret:
                  identity: chaos-pull@acme-prod.iam.gserviceaccount.com  #! CHR0536
            """,
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                a: {cluster: {context: a}}
                b: {cluster: {context: b, provider: gke}}
                d: {cluster: {context: d, provider: gke_autopilot}}
                c:
                  cluster: {context: c, provider: gke}
                  image_registry: {server: acme.azurecr.io, account: c, type: private, authentication: {type: azure}}
                  pull_secret:
                    identity: 11111111-2222-3333-4444-555555555555  #! CHR0537
            """,
        },
        ["name a workload identity provider that trusts this cluster", "write the tenant, too: `TENANT_ID/CLIENT_ID`"],
    ),
    "identities that are nearly ones": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                allow_overrides: true
                mirror: off
                image_registry:
                  server: europe-docker.pkg.dev
                  account: acme/chaos
                  type: private
                  authentication: {type: gcp_service_account}
                pull_secret:
                  identity: //iam.googleapis.com/projects/acme/locations/global/workloadIdentityPools/p  #! CHR0529
            """,
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                a: {cluster: {context: a}}
                b:
                  cluster: {context: b}
                  pull_secret: {identity: "serviceAccount:pull@acme.iam.gserviceaccount.com"}  #! CHR0529
                c:
                  cluster: {context: c}
                  pull_secret: {identity: /subscriptions/1/resourceGroups/r/providers/p/pull}  #! CHR0529
                d:
                  cluster: {context: d}
                  pull_secret: {identity: 11111111-2222-3333-4444-55555555555}  #! CHR0529
            """,
        },
        [
            "write the provider's full name, with the project's number",
            "write the service account's address alone",
            "`az identity show --ids … --query clientId`",
            "write an Azure client with its tenant, as in `00000000-",
        ],
    ),
    "a refresher and a Secret where neither can be": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  server: 123456789012.dkr.ecr.us-west-2.amazonaws.com  #! CHR0315
                  type: private
                  authentication: {type: aws_ecr}
                allow_overrides: true
                pull_secret: {delivery: secret}  #! CHR0527
            """,
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                a: {cluster: {context: a}}
                b:
                  cluster: {context: b}
                  image_registry:
                    server: h.example  #! CHR0315
                    type: private
                    authentication: {username: u, password_secret: p}
                  pull_secret: {delivery: refresher}  #! CHR0528
            """,
        },
        ["expires after 12 hours", "renews tokens that expire"],
    ),
    "a refresher's proxy with a password": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  server: 123456789012.dkr.ecr.us-west-2.amazonaws.com  #! CHR0315
                  type: private
                  authentication: {type: aws_ecr}
                pull_secret:
                  identity: arn:aws:iam::123456789012:role/pull
                  refresher_environment:
                    HTTPS_PROXY: http://user:hunter2@proxy.example:3128  #! CHR0532
            """,
            "i": BELOW_ACME,
        },
        ["a value for a refresher's variable"],
    ),
    "keys in a variable of the refresher": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  server: 123456789012.dkr.ecr.us-west-2.amazonaws.com  #! CHR0315
                  type: private
                  authentication: {type: aws_ecr}
                pull_secret:
                  identity: of-refresher
                  refresher_environment: {AWS_SECRET_ACCESS_KEY: hunter2}  #! CHR0532
            """,
            "i": BELOW_ACME,
        },
        ["a variable that a refresher may have", "keys belong in `pull_secret: {identity: NAME}`"],
    ),
    "a Secret in another namespace than the Pods": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  server: h.example  #! CHR0315
                  type: private
                  authentication: {secret_name: s, namespace: elsewhere}  #! CHR0504
                namespace: hce
            """,
            "i": BELOW_ACME,
        },
        ["would be in namespace `elsewhere`", "run in `hce`"],
    ),
    "basic authentication without a user": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  server: h.example  #! CHR0315
                  type: private
                  authentication: {type: basic, password_secret: s}  #! CHR0505
            """,
            "i": BELOW_ACME,
        },
        ["basic authentication has no `username`"],
    ),
    # clusters
    "an infrastructure without a cluster": (
        {
            "acme": ACME,
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                x: {namespace: chaos}  #! CHR0601
            """,
        },
        ["does not say which cluster it is in", "the wrong cluster in CI"],
    ),
    "two infrastructures that own one object": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  server: h.example  #! CHR0315
                  type: private
                  authentication: {username: u, password_secret: s}
                pull_secret: {name: one-name}
            """,
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                x: {cluster: {context: c}}
                y: {cluster: {context: c}}  #! CHR0602
                z: {cluster: {context: another}}
                w: {cluster: {context: c}, namespace: another}
            """,
        },
        ["infrastructure `y` and infrastructure `x` would both own Secret `hce/one-name` in cluster `c`"],
    ),
    "an infrastructure that is called like what renews another's Secret": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                image_registry:
                  server: 123456789012.dkr.ecr.us-west-2.amazonaws.com  #! CHR0315
                  type: private
                  authentication: {type: aws_ecr}
                pull_secret: {identity: eks_pod_identity, delivery: refresher}
                cluster: {provider: eks}
            """,
            "i": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                x: {cluster: {context: c}}
                x-refresher: {cluster: {context: c}}  #! CHR0602
            """,
        },
        ["would both own ConfigMap `hce/chaos-image-registry-x-refresher` in cluster `c`"],
    ),
    "several mistakes in several files, told in one run": (
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                images: {release: "1.94.4"}
                namspace: chaos  #! CHR0104
            """,
            "b": "config:\n  chaosreg:parent_stack: nowhere  #! CHR0207\n  chaosreg:project: {id: b}\n",
            "c": """
            config:
              chaosreg:parent_stack: acme
              chaosreg:infrastructures:
                x:  #! CHR0601
                  type: dedicated  #! CHR0305
                  images: {tags: {chaos-ddcr: 1.5}}  #! CHR0105
            """,
        },
        ["did you mean `namespace`?"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_where_it_stands_and_nothing_else_is(project, check_marks, mistake):
    files, words = MISTAKES[mistake]
    check_marks(project.write(files), words)


MAY_BE_SECRETS = ("CHR0104", "CHR0110", "CHR0207", "CHR0322", "CHR0501")
"""Findings about what may be a password in the wrong place: their value is never shown."""


@pytest.mark.parametrize(
    "mistake", [name for name in MISTAKES if any(f"#! {c}" in str(MISTAKES[name]) for c in MAY_BE_SECRETS)]
)
def test_a_value_that_may_be_a_secret_is_hidden(project, mistake):
    reviewed = project.write(MISTAKES[mistake][0]).review()
    found = [finding for finding in reviewed.findings if finding.code in MAY_BE_SECRETS]
    assert found
    assert all(finding.hides_value for finding in found)
    assert all(not finding.excerpt or finding.excerpt.endswith(": …") for finding in found if finding.place.keys)


@pytest.mark.parametrize(("release", "near"), [("1.94.0", "nearest: 1.94.4"), ("2.0.0", "newest: 1.94.4")])
def test_an_unknown_release_is_one_finding_that_names_the_nearest(project, check_marks, release, near):
    project.write(
        {"acme": ACME.replace('{release: "1.94.4"}', f'{{release: "{release}"}}  #! CHR0302'), "i": BELOW_ACME}
    )
    check_marks(project, [f"release `{release}` is not in the catalogue", near])


def test_an_unknown_release_names_the_nearest_and_the_newest(project, places):
    project.write({"acme": ACME.replace("1.94.4", "1.65.0"), "i": BELOW_ACME})
    reviewed = project.review()
    assert ("CHR0302", "Pulumi.acme.yaml", 5) in places(reviewed)
    (finding,) = (finding for finding in reviewed.findings if finding.code == "CHR0302")
    assert finding.notes == (("nearest", "1.65.12 (Sep 2025)"), ("newest", "1.94.4 (Jul 2026)"))


@pytest.mark.parametrize(
    ("lock", "lines"),
    [
        ("docker.io/harness/a:1 sha256:" + "a" * 64 + "\n", [1]),  # no colon
        ("docker.io/harness/a:1: sha256:abc\n", [1]),  # not a digest
        (f"a.b/c:1: sha256:{'a' * 64}\na.b/c:1: sha256:{'b' * 64}\n", [2]),  # twice
        (f"# header\n<<<<<<< ours\na.b/c:1: sha256:{'a' * 64}\n=======\n>>>>>>> theirs\n", [2]),  # a conflict
    ],
)
def test_each_malformed_line_of_the_lockfile_is_found(project, places, lock, lines):
    reviewed = project.write({"acme": ACME}, lock=lock).review()
    assert places(reviewed) == [("CHR0303", "chaosreg.lock.yaml", line) for line in lines]


def test_what_only_follows_from_a_damaged_lockfile_is_not_told(project, places):
    """A tag that moves has no digest in it: nobody knows."""
    account = ACME.replace("true", "true\n        custom_images: {log_watcher: h.example/w:latest}")
    files = {"acme": account, "i": BELOW_ACME}
    assert ("CHR0313", "Pulumi.acme.yaml", 5) in places(project.write(files).review())
    assert places(project.write(files, lock="damaged\n").review()) == [("CHR0303", "chaosreg.lock.yaml", 1)]


def test_a_lockfile_that_is_not_text_is_a_finding(project):
    assert project.write({"acme": ACME}, lock=b"\xff\xfe").review().errors


def test_a_project_without_an_account_is_told(project):
    assert [finding.code for finding in project.review().findings] == ["CHR0204"]


def test_a_mistake_of_the_account_is_told_once_however_many_are_below(project, places):
    account = ACME.replace(
        "true", "true\n        mirror: {source: docker.io/harness}\n        image_registry: {server: h.example}"
    )
    below = {f"i{n}": BELOW_ACME.replace("x:", f"x{n}:").replace("context: c", f"context: c{n}") for n in range(5)}
    found = places(project.write({"acme": account, **below}).review())
    assert found == [("CHR0211", "Pulumi.acme.yaml", 6), ("CHR0304", "chaosreg.lock.yaml", None)]


def test_findings_come_sorted_by_file_and_line(project, places):
    reviewed = project.write(MISTAKES["several mistakes in several files, told in one run"][0]).review()
    found = [(file, line) for _, file, line in places(reviewed)]
    assert found == sorted(found)
    assert len({file for file, _ in found}) == 3


def test_an_excerpt_is_the_line_as_it_is_written(project):
    reviewed = project.write(MISTAKES["a release without quotes"][0]).review()
    assert reviewed.findings[0].excerpt.startswith("release: 1.10 ")  # and not 1.1, what YAML made of it


def test_the_page_s_other_spellings_keep_their_lines(project, check_marks):
    project.write(
        {
            "acme": """
            config:
              chaosreg:account:
                id: acme
                registry:
                  sever: h.example  #! CHR0104
                authentication:
                  nmespace: x  #! CHR0104
            """
        }
    )
    check_marks(project, ["`sever`", "`nmespace`"])


def test_an_id_that_is_a_number_is_told(project, places):
    reviewed = project.write({"acme": "config:\n  chaosreg:account:\n    id: 5\n"}).review()
    assert ("CHR0105", "Pulumi.acme.yaml", 3) in places(reviewed)


def test_a_source_that_is_not_allowed_is_refused(project):
    mirror = 'mirror: {source: docker.io/harness, allow_sources: [ghcr.io/acme]}\n    images: {release: "1.94.4"}'
    found = _codes(project, mirror)
    assert "CHR0309" in found


def test_a_tag_for_an_image_that_nobody_needs_is_told(project):
    found = _codes(project, 'images: {release: "1.94.4", tags: {chaos-ddrc: "1.94.1"}}')
    assert "CHR0310" in found


def _codes(project, settings):
    project.write(
        {
            "acme": f"config:\n  chaosreg:account:\n    id: acme\n    {settings}\n"
            "    image_registry: {server: h.example, account: a, type: public}\n"
            "  chaosreg:infrastructures:\n    i: {cluster: {context: c}}\n"
        }
    )
    return {finding.code for finding in project.review().findings}


_MIRRORED = """\
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    images: {release: "1.94.4"}
    image_registry: {server: h.example, account: a, type: public}
    mirror: {source: docker.io/harness}
  chaosreg:infrastructures:
"""


@pytest.mark.parametrize(
    ("code", "one", "two"),
    [
        ("CHR0603", "cluster: {kubeconfig: /a}", "cluster: {kubeconfig: /b}"),
        ("CHR0603", "cluster: {context: c}", "cluster: {context: c, kubeconfig: /b}"),
        (
            "CHR0311",
            "cluster: {context: c}, image_registry: {server: h.example, type: public}",
            "cluster: {context: c}, image_registry: {server: h.example, type: public}",
        ),
        ("CHR0312", "cluster: {context: c}", 'cluster: {context: c}, required_images: ["quay.io/x/chaos-ddcr:1"]'),
        ("CHR0112", "cluster: {context: c}", 'cluster: {context: c}, namespace: "Bad NS"'),
    ],
)
def test_what_two_infrastructures_cannot_share_is_told(project, code, one, two):
    project.write({"acme": f"{_MIRRORED}    one: {{{one}}}\n    two: {{{two}}}\n"})
    assert code in {finding.code for finding in project.review().findings}


def test_two_clusters_with_identifiers_of_their_own_are_fine(project):
    project.write(
        {
            "acme": f"{_MIRRORED}    one: {{cluster: {{context: c, identifier: c1}}}}\n"
            "    two: {cluster: {context: c, kubeconfig: /b, identifier: c2}}\n"
        }
    )
    assert "CHR0603" not in {finding.code for finding in project.review().findings}


@pytest.mark.parametrize(
    ("registry", "line"),
    [("server: https://h.example\n      account: a", 7), ("server: h.example\n      account: /UPPER/x/", 8)],
)
def test_a_malformed_registry_is_told_once_where_it_stands(project, registry, line):
    project.write(
        {
            "acme": 'config:\n  chaosreg:account:\n    id: acme\n    images: {release: "1.94.4"}\n'
            f"    image_registry:\n      type: public\n      {registry}\n"
            "  chaosreg:infrastructures:\n    i: {cluster: {context: c}}\n"
        }
    )
    assert [(f.code, f.place.line) for f in project.review().errors] == [("CHR0301", line)]


def test_a_release_without_quotes_is_told_once(project):
    project.write(
        {
            "acme": "config:\n  chaosreg:account:\n    id: acme\n    images: {release: 1.93}\n"
            "  chaosreg:infrastructures:\n    i: {cluster: {context: c}}\n"
        }
    )
    assert [finding.code for finding in project.review().findings] == ["CHR0105"]
