import Protocol
import Store

extension Templates {
    /// Removes a user's templates; copies that others made of them stay, but name no creator.
    func erase(_ user: UserID) async throws {
        try await pool.transaction { connection in
            try connection.execute(
                """
                update templates set origin_creator = null
                where origin in (select id from templates where owner = \(user)) and origin_creator is not null
                """)
            try connection.execute("delete from templates where owner = \(user)")
        }
    }
}
