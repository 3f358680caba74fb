"""The texts of the operations, as Harness's own SDK sends them; an answer has the fields that we read."""

_RECORD = """\
identifier {
  accountIdentifier
  orgIdentifier
  projectIdentifier
}
infraID
registryServer
registryAccount
isOverrideAllowed
isPrivate
secretName
isDefault
useCustomImages
customImages {
  logWatcher
  ddcr
  ddcrLib
  ddcrFault
}
"""

GET = f"""\
query GetImageRegistry($identifiers: ScopedIdentifiersRequest!, $infraID: String) {{
getImageRegistry(identifiers: $identifiers, infraID: $infraID) {{
{_RECORD}updatedBy {{
  username
}}
createdAt
updatedAt
}}
}}"""

CHECK_OVERRIDE = f"""\
query CheckImageRegistryOverride($identifiers: ScopedIdentifiersRequest!, $infraID: String) {{
checkImageRegistryOverride(identifiers: $identifiers, infraID: $infraID) {{
OverrideBlockedByScope
ImageRegistry {{
{_RECORD}}}
}}
}}"""

CREATE = f"""\
mutation CreateImageRegistry($identifiers: ScopedIdentifiersRequest!, $input: ImageRegistryRequest!) {{
createImageRegistry(identifiers: $identifiers, request: $input) {{
{_RECORD}}}
}}"""

UPDATE = """\
mutation UpdateImageRegistry($identifiers: ScopedIdentifiersRequest!, $request: ImageRegistryRequest!) {
updateImageRegistry(identifiers: $identifiers, request: $request)
}"""
