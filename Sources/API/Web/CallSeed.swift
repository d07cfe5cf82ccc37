import Crypto
import Foundation
import Protocol

/// Where a call takes new ids and its time from: under an `Idempotency-Key` a repeat gets the same ones.
package struct CallSeed: Sendable {
    /// When the call was made; under a key, when it was first made.
    package let at: Timestamp
    private let key: String?

    /// A call without a key: its ids are random.
    init(at: Timestamp) {
        self.at = at
        key = nil
    }

    /// A call under a key, first made at `at`.
    init(_ claim: IdempotencyKeys.Claim, at: Timestamp) {
        self.at = at
        key = "\(claim.userId)\n\(claim.route)\n\(claim.key)"
    }

    /// The id for one purpose of the call, such as "op"; each purpose has its own.
    package func id(_ purpose: StaticString) -> UUIDv7 {
        guard let key else { return UUIDv7.make(at: at) }
        let hash = Array(SHA256.hash(data: Data("\(key)\n\(purpose)".utf8)))
        func word(_ start: Int) -> UInt64 { hash[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        return UUIDv7.stamped(at, random: word(0), tail: word(8))
    }
}
