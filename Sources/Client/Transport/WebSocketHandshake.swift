import NIOCore

/// The client's half of a WebSocket opening (RFC 6455, section 4).
package struct WebSocketHandshake: Sendable {
    /// Where to connect and what to ask for.
    package struct Request: Sendable {
        /// `host` or `host:port`, as in the Host header.
        package var authority: String
        package var path: String
        package var subprotocol: String?
        /// Further headers, for example Authorization; neither name nor value may hold a line end.
        package var headers: [(name: String, value: String)]

        package init(
            authority: String, path: String, subprotocol: String? = nil, headers: [(name: String, value: String)] = []
        ) {
            self.authority = authority
            self.path = path
            self.subprotocol = subprotocol
            self.headers = headers
        }
    }

    /// Why the server's answer opens no socket.
    package enum Fault: Error, Sendable, Hashable {
        /// Another answer than 101, with the seconds of its Retry-After.
        case status(Int, retryAfterSeconds: Int?)
        /// No HTTP, an oversized head, a wrong accept value or another subprotocol.
        case malformed(String)
    }

    private static let headLimit = 16_384
    private let request: Request
    private let key: String

    package init(_ request: Request, using generator: inout some RandomNumberGenerator) {
        self.request = request
        key = Base64.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// The bytes that open the connection.
    package var opening: ByteBuffer {
        var text = "GET \(request.path) HTTP/1.1\r\nHost: \(request.authority)\r\nUpgrade: websocket\r\n"
        text += "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\n"
        if let subprotocol = request.subprotocol { text += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
        for (name, value) in request.headers { text += "\(name): \(value)\r\n" }
        return ByteBuffer(string: text + "\r\n")
    }

    /// The value that shows the server has read the key.
    static func accept(key: String) -> String {
        Base64.encode(SHA1.hash(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }

    /// Reads the answer's head from the buffer; false when it is not complete yet. Bytes behind it are frames.
    package func readAnswer(from buffer: inout ByteBuffer) throws(Fault) -> Bool {
        let view = buffer.readableBytesView
        guard let end = WebSocketHandshake.endOfHead(view) else {
            if view.count > Self.headLimit { throw .malformed("the answer's head is too long") }
            return false
        }
        let head = String(decoding: view[view.startIndex..<end], as: UTF8.self)
        buffer.moveReaderIndex(forwardBy: end + 4 - view.startIndex)
        try check(head)
        return true
    }

    private static func endOfHead(_ view: ByteBufferView) -> Int? {
        var index = view.startIndex
        while index + 3 < view.endIndex {
            if view[index] == 13, view[index + 1] == 10, view[index + 2] == 13, view[index + 3] == 10 { return index }
            index += 1
        }
        return nil
    }

    private func check(_ head: String) throws(Fault) {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let status = lines[0].split(separator: " ")
        guard status.count >= 2, status[0].hasPrefix("HTTP/1."), let code = Int(status[1]) else {
            throw .malformed("the answer is not HTTP")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers[line[..<colon].lowercased()] = String(value)
        }
        guard code == 101 else {
            throw .status(code, retryAfterSeconds: RetryAfter.seconds(headers["retry-after"]))
        }
        guard headers["sec-websocket-accept"] == Self.accept(key: key) else {
            throw .malformed("the accept value is wrong")
        }
        if let subprotocol = request.subprotocol, headers["sec-websocket-protocol"] != subprotocol {
            throw .malformed("the server speaks another subprotocol")
        }
    }
}
