"""What schemathesis has to be told about this API: how lines of JSON are sent."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def as_text(ctx: schemathesis.SerializationContext, value: object) -> bytes:
    """Return the generated text as it is: faulty lines are part of what an import must take."""
    return str(value).encode("utf-8", "replace")
