import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

/// Postgres that answers and yet stores nothing, or not in time.
@Suite(.timeLimit(.minutes(5)))
struct StorageOutageTests {
    /// Waits until write-behind has had time for several tries.
    private func tries(_ server: LiveTestServer) async throws {
        while server.node.writeBehind.oldestAge ?? .zero < .milliseconds(300) { await Task.yield() }
    }

    private func expectStored(_ lift: Lift, seqs: Int64, _ server: LiveTestServer) async throws {
        let stored = try await server.database.pool.query(
            "select seq from workout_events where workout_id = \(lift.workout) order by seq", as: Int64.self)
        #expect(stored == Array(1...seqs))
        #expect(try await server.node.deadLetters.list().isEmpty)
    }

    @Test(
        "a table that is missing, closed to us or breaks inside is an outage: ops wait, none is blamed, all are stored",
        arguments: [
            ("alter table workout_sets rename to elsewhere", "alter table elsewhere rename to workout_sets"),
            (
                """
                create function break_page() returns trigger language plpgsql as $$
                begin raise exception using errcode = 'XX001', message = 'invalid page in block 7'; end $$;
                create trigger break_page before insert on workout_sets execute function break_page()
                """, "drop trigger break_page on workout_sets"
            ),
            (
                """
                create function fill_disk() returns trigger language plpgsql as $$
                begin raise exception using errcode = '53100', message = 'could not extend file'; end $$;
                create trigger fill_disk before insert on workout_sets execute function fill_disk()
                """, "drop trigger fill_disk on workout_sets"
            ),
        ])
    func outage(breaking: String, mending: String) async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            try await server.script(breaking)
            for _ in 0..<5 { try await lift.op(lift.set()) }
            try await tries(server)
            try await server.script(mending)
            try await lift.durable(7)
            try await expectStored(lift, seqs: 7, server)
        }
    }

    @Test("a server that only reads is an outage as well")
    func readOnly() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            let name = server.database.name
            func switchSessions(_ readsOnly: String) async throws {
                try await PostgresConnection.once(try await TestPostgres.server, logger: .silent) { connection in
                    try connection.script("alter database \(name) set default_transaction_read_only = \(readsOnly)")
                    try connection.script(
                        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '\(name)'")
                }
            }
            try await switchSessions("on")
            for _ in 0..<5 { try await lift.op(lift.set()) }
            try await tries(server)
            try await switchSessions("off")
            try await lift.durable(7)
            try await expectStored(lift, seqs: 7, server)
        }
    }

    @Test("while every connection of REST is busy, rooms open and what is logged becomes durable")
    func busyREST() async throws {
        @Sendable func slow(_ configuration: inout PostgresConfiguration) {
            configuration.maxConnections = 3
            configuration.statementDeadline = .seconds(600)
        }
        try await LiveTestServer.run(adjust: slow) { server in
            let ada = try await server.user("Ada")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { try await server.database.pool.execute("select pg_sleep(600)") } }
                try await PostgresConnection.once(server.database.configuration, logger: .silent) { connection in
                    let busy: SQL = """
                        select count(*) from pg_stat_activity
                        where datname = current_database() and query like 'select pg_sleep%' and state = 'active'
                        """
                    while try connection.first(busy, as: Int.self) ?? 0 < 3 {}
                }
                let lift = try await Lift.begin(on: server, by: ada)
                try await lift.op(lift.set())
                try await lift.durable(3)
                group.cancelAll()
                while let result = await group.nextResult() {
                    #expect(throws: StoreError.cancelled) { try result.get() }
                }
            }
        }
    }
}

extension LiveTestServer {
    /// Runs statements on a connection of their own.
    fileprivate func script(_ text: String) async throws {
        try await PostgresConnection.once(database.configuration, logger: .silent) { try $0.script(text) }
    }
}
