import API
import Protocol
import Store

/// The two people of the demo: an athlete and a friend who watches.
package enum DemoAccounts {
    package static let athlete = "mara"
    package static let friend = "jonas"
    /// Known to everybody who reads this, so that the demo serves this machine alone.
    package static let password = "lift-together-42"

    /// Makes both, verified and friends, where they are missing.
    ///
    /// - Throws: `BootFault` when somebody else has one of the names.
    package static func ensure(in pool: PostgresPool) async throws {
        let plans = [
            AccountSeed.Plan(username: athlete, displayName: "Mara", password: password, audience: .friends),
            AccountSeed.Plan(username: friend, displayName: "Jonas", password: password, audience: .friends),
        ]
        do {
            let ids = try await AccountSeed(pool: pool).ensure(plans, at: .now)
            try await Relations(pool: pool).makeFriends([(ids[0], ids[1])], at: .now)
        } catch let error as AccountSeed.Taken {
            throw BootFault("\(error); set DATA_DIR to a directory of the demo's own")
        }
    }
}
