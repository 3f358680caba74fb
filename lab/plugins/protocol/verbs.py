"""How a verb of the engine's protocol fails: one clear line, without anything secret from the request."""

import functools
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, TypeVar

import grpc
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import status_pb2

from lab.plugins.protocol.errors import PartialError, PluginError
from lab.plugins.protocol.values import Object, decode, encode, redacted

Context: TypeAlias = grpc.ServicerContext
_Verb = TypeVar("_Verb", bound=Callable[..., Any])


def verb(method: _Verb) -> _Verb:
    """Turn exceptions of a verb into one clear line for the user."""

    @functools.wraps(method)
    def guarded(self: Any, request: Any, context: Context) -> Any:
        try:
            return method(self, request, context)
        except PluginError as error:
            _fail(context, error, request)
        except Exception as error:
            # The text of an unforeseen exception may quote a value, so only its kind and place are told.
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            defect = PluginError(f"defect in the {self.name} stand-in: {type(error).__name__} at {where}")
            _fail(context, defect, request)

    return guarded  # type: ignore[return-value]  # same signature as `method`


def properties(request: Any) -> Object:
    """Every property in a request, whatever field carries it."""
    fields = [field.name for field, value in request.ListFields() if isinstance(value, Struct)]
    return {field: decode(getattr(request, field)) for field in fields}


def token_of(urn: str) -> str:
    """The type in a URN, which for a component's child is preceded by the types of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


def _fail(context: Context, error: PluginError, request: Any) -> NoReturn:
    message = redacted(str(error), properties(request))
    if isinstance(error, PartialError):
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
        failed = pb.ErrorResourceInitFailed(id=error.identity, properties=encode(error.outputs), reasons=[message])
        if error.inputs is not None:
            failed.inputs.CopyFrom(encode(error.inputs))
        status.details.add().Pack(failed)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort raises")
