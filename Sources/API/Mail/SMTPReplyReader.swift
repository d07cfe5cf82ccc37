import NIOCore

/// Cuts a mail server's bytes into replies (RFC 5321, section 4.2); a value that knows no I/O.
struct SMTPReplyReader {
    private static let longestReply = 64 * 1024
    private static let mostLines = 200

    private var unread = ByteBuffer()
    private var lines: [String] = []

    /// Whether everything that came was part of a reply.
    var isAtEnd: Bool { unread.readableBytes == 0 }

    mutating func append(_ bytes: inout ByteBuffer) { unread.writeBuffer(&bytes) }

    /// The next whole reply, or nil when more bytes are needed. Throws `malformedReply`, also for one that has no end.
    mutating func next() throws(SMTPFailure) -> SMTPReply? {
        while let line = try nextLine() {
            let digits = line.utf8.prefix(3)
            guard digits.count == 3, digits.allSatisfy({ (48...57).contains($0) }), let code = Int(line.prefix(3)),
                (200...599).contains(code)
            else { throw .malformedReply }
            lines.append(String(line.dropFirst(4)))
            guard line.dropFirst(3).first == "-" else {
                defer { lines = [] }
                return SMTPReply(code: code, lines: lines)
            }
            guard lines.count <= Self.mostLines else { throw .malformedReply }
        }
        return nil
    }

    private mutating func nextLine() throws(SMTPFailure) -> String? {
        guard let end = unread.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else {
            guard unread.readableBytes <= Self.longestReply else { throw .malformedReply }
            return nil
        }
        let line = unread.readString(length: end - unread.readerIndex) ?? ""
        unread.moveReaderIndex(forwardBy: 1)
        unread.discardReadBytes()
        return line.hasSuffix("\r") ? String(line.dropLast()) : line
    }
}
