"""What schemathesis has to be told of the contract's streams: a body of NDJSON is what the examples say, one JSON text a line."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    rows = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@schemathesis.deserializer("application/x-ndjson")
def lines(ctx, response):
    return response.content.decode()
