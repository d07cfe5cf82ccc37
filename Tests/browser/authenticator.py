"""What an authenticator app shows (RFC 6238)."""

import base64
import hashlib
import hmac
import struct


def code(secret, step):
    """The code of a step of 30 seconds; the secret is base 32."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
