import Crypto
import Foundation
import Protocol
import Store
import Synchronization

/// Where a call takes new ids and its time from: under an `Idempotency-Key` a repeat gets the same ones.
package struct CallSeed: Sendable {
    /// When the call was made; under a key, when it was first made.
    package let at: Timestamp
    /// Whether the call was begun before under its key and never answered: some or all of it may be done already, by
    /// the ids of this seed.
    package let isRetry: Bool
    /// Whether an earlier try has made what the call is to make, which may be deleted by now; see `noteMade`.
    package let hasMade: Bool
    private let claim: IdempotencyKeys.Claim?
    private let changes = Changes()

    private final class Changes: Sendable {
        let areMade = Atomic(false)
    }

    /// A call without a key: its ids are random.
    init(at: Timestamp) {
        self.at = at
        isRetry = false
        hasMade = false
        claim = nil
    }

    /// A call under a key, first made at `at`.
    init(_ claim: IdempotencyKeys.Claim, at: Timestamp, isRetry: Bool, hasMade: Bool) {
        self.at = at
        self.isRetry = isRetry
        self.hasMade = hasMade
        self.claim = claim
    }

    /// Whether a refusal of the call may leave something changed behind, by this try or one before.
    var mayHaveChanged: Bool { isRetry || changes.areMade.load(ordering: .acquiring) }

    /// Says that the call has changed something and has more to do: a refusal from here on is not as if nothing had been.
    func noteChange() { changes.areMade.store(true, ordering: .releasing) }

    /// Notes in the transaction that makes the call's thing that it is made, so that a retry does not make again what was
    /// deleted meanwhile.
    package func noteMade(_ connection: isolated PostgresConnection) throws(StoreError) {
        guard let claim else { return }
        try connection.execute(
            """
            update idempotency_keys set has_made = true
            where user_id = \(claim.userId) and route = \(claim.route) and key = \(claim.key)
            """)
    }

    /// The id for one purpose of the call, such as "op"; each purpose has its own.
    package func id(_ purpose: StaticString) -> UUIDv7 {
        guard let claim else { return UUIDv7.make(at: at) }
        let key = "\(claim.userId)\n\(claim.route)\n\(claim.key)"
        let hash = Array(SHA256.hash(data: Data("\(key)\n\(purpose)".utf8)))
        func word(_ start: Int) -> UInt64 { hash[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        return UUIDv7.stamped(at, random: word(0), tail: word(8))
    }
}
