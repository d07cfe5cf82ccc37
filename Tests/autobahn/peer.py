"""A WebSocket client that sends exactly the frames it is told to, right or wrong."""

import os
import socket
import struct
import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, rsv=0, mask=None, masked=True):
    """One client frame; `rsv` holds RSV1…3 as 4, 2, 1."""
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 65536:
        head += bytes([bit | 126]) + struct.pack("!H", len(payload))
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", len(payload))
    if not masked:
        return head + payload
    key = mask or os.urandom(4)
    whole = key * (len(payload) // 4 + 1)
    count = len(payload)
    body = int.from_bytes(payload, "big") ^ int.from_bytes(whole[:count], "big")
    return head + key + body.to_bytes(count, "big")


def close_payload(code, reason=b""):
    return struct.pack("!H", code) + reason


class Peer:
    """One connection. Frames come as (opcode, payload) with fragments joined and messages inflated."""

    def __init__(self, port, extensions=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        fields = [
            "GET / HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        if extensions:
            fields.append(f"Sec-WebSocket-Extensions: {extensions}")
        self.socket.sendall(("\r\n".join(fields) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.head = head.decode()
        assert self.head.startswith("HTTP/1.1 101"), self.head
        assert "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in self.head
        self.extensions = next(
            (l.split(":", 1)[1].strip() for l in self.head.splitlines() if l.lower().startswith("sec-websocket-ext")),
            None,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _more(self):
        chunk = self.socket.recv(1 << 20)
        if not chunk:
            raise EOFError
        self.buffer += chunk

    def send(self, *frames):
        self.socket.sendall(b"".join(frames))

    def send_chopped(self, data, size):
        """Sends `data` in packets of `size` bytes."""
        for start in range(0, len(data), size):
            self.socket.sendall(data[start : start + size])

    def _frame(self):
        while True:
            parsed = self._parse()
            if parsed:
                return parsed
            self._more()

    def _parse(self):
        data = self.buffer
        if len(data) < 2:
            return None
        assert not data[1] & 0x80, "the server masked a frame"
        length, at = data[1] & 0x7F, 2
        if length == 126:
            if len(data) < 4:
                return None
            length, at = struct.unpack("!H", data[2:4])[0], 4
        elif length == 127:
            if len(data) < 10:
                return None
            length, at = struct.unpack("!Q", data[2:10])[0], 10
        if len(data) < at + length:
            return None
        self.buffer = data[at + length :]
        return data[0] & 0x80, data[0] >> 4 & 7, data[0] & 15, data[at : at + length]

    def receive(self):
        """The next message or control frame; raises EOFError when the server has closed the connection."""
        opcode, compressed, payload = None, False, b""
        while True:
            fin, rsv, kind, part = self._frame()
            if kind >= 8:
                assert fin and not rsv and len(part) <= 125
                return kind, part
            if kind != CONTINUATION:
                assert opcode is None, "the server began a message inside another"
                assert rsv in (0, 4), "the server set reserved bits"
                assert rsv == 0 or self.extensions, "the server compressed without agreement"
                opcode, compressed = kind, rsv == 4
            payload += part
            if fin:
                return opcode, self._inflate(payload) if compressed else payload

    def _inflate(self, payload):
        """A fresh window for each message: the server promised no context takeover."""
        bits = 15
        for parameter in self.extensions.split(";"):
            if "server_max_window_bits" in parameter:
                bits = int(parameter.split("=")[1])
        inflater = zlib.decompressobj(-bits)
        return inflater.decompress(payload + b"\x00\x00\xff\xff") + inflater.flush()

    def expect_close(self, *codes):
        """The server fails the connection: a close frame with one of `codes`, then the end, and nothing else first."""
        kind, payload = self.receive()
        assert kind == CLOSE, (kind, payload[:60])
        assert struct.unpack("!H", payload[:2])[0] in codes, payload
        self.expect_end()

    def expect_end(self):
        try:
            extra = self.receive()
        except (EOFError, ConnectionResetError):
            return
        raise AssertionError(f"the server went on: {extra}")

    def close_cleanly(self, code=1000):
        """The closing handshake, begun here; the server is the one to end the connection."""
        self.send(frame(CLOSE, close_payload(code)))
        kind, payload = self.receive()
        assert (kind, payload) == (CLOSE, close_payload(code))
        self.expect_end()


def deflate(payload, bits=15, level=6):
    """`payload` as permessage-deflate sends it, without a context from earlier messages."""
    deflater = zlib.compressobj(level, zlib.DEFLATED, -bits)
    data = deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)
    return data[:-4]
