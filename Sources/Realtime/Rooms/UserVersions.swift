import Protocol
import Synchronization

/// Counts changes of what is read of users (their consent, their bodies), so that a reading from before a change is known
/// to be old.
///
/// Users share counters: another user's change makes a reading be repeated, and never lets an old one pass.
final class UserVersions: Sendable {
    typealias Version = UInt64

    private static let places = 1024
    private let counters = Mutex([Version](repeating: 0, count: places))

    /// What is read of these users changed; call after the commit and before it is read.
    func changed(_ users: UserID...) {
        counters.withLock { counters in
            for user in users { counters[Self.place(of: user)] &+= 1 }
        }
    }

    /// The version of what was read of these users; equal versions mean that nothing changed in between.
    func version(of users: UserID...) -> Version {
        counters.withLock { counters in
            var sum: Version = 0
            for user in users { sum &+= counters[Self.place(of: user)] }
            return sum
        }
    }

    /// The low bits of an id are random.
    private static func place(of user: UserID) -> Int { Int(user.low % UInt64(places)) }
}
