import Foundation
import Protocol

/// Words of 64 bits, big-endian, under a seal: what cookies and challenges of ours hold.
struct SealedWords: Sendable {
    private(set) var words: [UInt64]

    init(_ words: [UInt64]) { self.words = words }

    /// Reads a text that a client kept; nil unless it was written here.
    init?(_ text: String, _ seal: Seal, mostWords: Int) {
        guard text.utf8.count <= (Seal.tagBytes + mostWords * 8) * 4 / 3 + 4, let data = Data(base64URL: text),
            data.count > Seal.tagBytes
        else { return nil }
        let body = Array(data.dropFirst(Seal.tagBytes))
        guard body.count % 8 == 0, seal.isTag(data.prefix(Seal.tagBytes), of: body) else { return nil }
        words = stride(from: 0, to: body.count, by: 8).map { start in
            body[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    /// What the client gets.
    func text(_ seal: Seal) -> String {
        let body = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
        return Data(seal.tag(of: body) + body).base64URL
    }
}

extension UUIDv7 {
    var words: [UInt64] { [high, low] }
}

extension Timestamp {
    init(word: UInt64) { self.init(milliseconds: Int64(bitPattern: word)) }

    var word: UInt64 { UInt64(bitPattern: milliseconds) }
}
