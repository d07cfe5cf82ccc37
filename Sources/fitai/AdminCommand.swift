import API
import ArgumentParser
import Server

struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin",
        abstract: "Make accounts moderators or administrators, and see who is.",
        discussion: """
            A role counts in sessions that have passed a second factor. Every change ends the account's sessions, is \
            told to its owner by mail, and stands in its security events. Reads DATABASE_URL and DATA_DIR.
            """,
        subcommands: [Grant.self, Revoke.self, List.self, RemoveSecondFactor.self])

    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give an account a role.")

        @Argument(help: "The account's email address.")
        var email: String

        @Argument(help: "moderator or admin.", transform: { try AdminCommand.role($0) })
        var role: Role

        func run() async throws { try await AdminCommand.give(role, to: email) }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an account a plain user's again.")

        @Argument(help: "The account's email address.")
        var email: String

        func run() async throws { try await AdminCommand.give(.user, to: email) }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List moderators and administrators.")

        func run() async throws {
            try await Terminal.withDatabase { database, _ in
                let holders = try await AccountRoles(pool: database.pool).holders()
                if holders.isEmpty { print("There are no moderators and no administrators.") }
                for holder in holders {
                    let factor = holder.hasSecondFactor ? "second factor on" : "the role waits for a second factor"
                    print("\(holder.role.rawValue)  \(holder.email)  @\(holder.username)  \(factor)")
                }
            }
        }
    }

    struct RemoveSecondFactor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove-second-factor",
            abstract: "Turn off the second factor of somebody who has lost the app and the recovery codes.")

        @Argument(help: "The account's email address.")
        var email: String

        func run() async throws {
            try await AdminCommand.withRoles(email) { roles in
                let wasOn = try await roles.removeSecondFactor(of: email)
                print(wasOn ? "\(email) has no second factor any more." : "\(email) had no second factor.")
            }
        }
    }

    private static func give(_ role: Role, to email: String) async throws {
        try await withRoles(email) { roles in
            let before = try await roles.grant(role, to: email)
            guard before != role else { return print("\(email) is \(role.rawValue) already.") }
            print("\(email) is \(role.rawValue) now (was \(before.rawValue)); all sessions were ended.")
        }
    }

    private static func withRoles(_ email: String, _ body: (AccountRoles) async throws -> Void) async throws {
        try await Terminal.withDatabase { database, _ in
            do {
                try await body(AccountRoles(pool: database.pool))
            } catch AccountRoles.Fault.unknownAccount {
                throw BootFault("no account has the address \(email)")
            } catch AccountRoles.Fault.unverifiedAddress {
                throw BootFault("the address \(email) is not verified yet")
            }
        }
    }

    fileprivate static func role(_ text: String) throws -> Role {
        guard let role = Role(rawValue: text), role != .user else {
            throw ValidationError("the role must be moderator or admin")
        }
        return role
    }
}
