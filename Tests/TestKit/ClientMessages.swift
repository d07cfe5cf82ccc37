/// Takes what a client says to Postgres apart into requests: all that it wants an answer to at once.
struct ClientMessages {
    struct Request {
        var bytes: [UInt8] = []
        /// Whether its success makes a transaction durable.
        var commits = false
        /// Whether it asks, on a connection of its own, for another one's statement to be stopped.
        var isCancel = false
    }

    /// How the text of a statement begins that is a transaction by itself.
    private static let committing = "with advanced as (update workouts"

    /// What stands in the place of a version: 1234 and 5678, in 16 bits each.
    private static let cancelCode: [UInt8] = [0x04, 0xD2, 0x16, 0x2E]

    private var unread: [UInt8] = []
    private var hasStarted = false
    private var request = Request()
    /// Names of prepared statements that commit.
    private var statements: Set<String> = []

    mutating func append(_ bytes: [UInt8]) { unread += bytes }

    /// The next whole request; nil until more has come.
    mutating func next() -> Request? {
        while let message = nextMessage() {
            request.bytes += message
            guard hasStarted else {
                hasStarted = true
                request.isCancel = message.dropFirst(4).starts(with: Self.cancelCode)
                return take()
            }
            note(message)
            // What follows a Parse or Bind belongs to it, up to the Sync.
            if !"PBDEHC".utf8.contains(message[0]) { return take() }
        }
        return nil
    }

    private mutating func take() -> Request {
        defer { request = Request() }
        return request
    }

    /// The first message has no type; every other one begins with it. A length counts itself.
    private mutating func nextMessage() -> [UInt8]? {
        let head = hasStarted ? 1 : 0
        guard unread.count >= head + 4 else { return nil }
        let length = unread[head..<head + 4].reduce(0) { $0 << 8 | Int($1) }
        guard unread.count >= head + length else { return nil }
        defer { unread.removeFirst(head + length) }
        return Array(unread.prefix(head + length))
    }

    private mutating func note(_ message: [UInt8]) {
        let texts = message.dropFirst(5).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
        func text(_ place: Int) -> String {
            texts.indices.contains(place) ? String(decoding: texts[place], as: UTF8.self) : ""
        }
        switch message[0] {
        case UInt8(ascii: "Q"): request.commits = text(0) == "commit"
        case UInt8(ascii: "P"):
            if text(1).hasPrefix(Self.committing) { statements.insert(text(0)) } else { statements.remove(text(0)) }
        case UInt8(ascii: "B"): request.commits = statements.contains(text(1))
        default: break
        }
    }
}
