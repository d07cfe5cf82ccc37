import Glibc
import TestKit
import Testing

@testable import Store

@Suite("Peers that are gone without a word", .timeLimit(.minutes(5)))
struct KeepaliveTests {
    private static let settings: SQL = """
        select current_setting('tcp_keepalives_idle'), current_setting('tcp_keepalives_interval'),
            current_setting('tcp_keepalives_count'), current_setting('tcp_user_timeout')
        """

    /// Lends the text to connect over TCP with to a server of its own, which trusts this machine.
    private func withServer(_ body: (PostgresConfiguration) async throws -> Void) async throws {
        // An address of this machine on which nobody else has the port.
        let address = "127.\(Int.random(in: 1...254)).\(Int.random(in: 0...255)).\(Int.random(in: 1...254))"
        let cluster = try TestCluster(settings: ["listen_addresses=\(address)"])
        do {
            let local = try PostgresConfiguration(connection: try await cluster.start())
            try await PostgresConnection.once(local, logger: .silent) { connection in
                let rules = try connection.query("select current_setting('hba_file')", as: String.self)
                let rule = "host all all 127.0.0.0/8 trust"
                try connection.script("copy (select '\(rule)') to '\(rules[0])'; select pg_reload_conf()")
            }
            try await body(local.host(address))
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }

    @Test("both sides of a connection over TCP look whether the other is there, unless the text says otherwise")
    func bothSides() async throws {
        try await withServer { configuration in
            try await eventually {
                do { try await PostgresConnection.once(configuration, logger: .silent) { _ in } } catch { return false }
                return true
            }
            let (own, theirs) = try await PostgresConnection.once(configuration, logger: .silent) { connection in
                (Self.own(connection), try connection.query(Self.settings, as: (String, String, String, String).self))
            }
            #expect(own == [1, 15, 5, 3, 30_000])
            let (idle, interval, count, timeout) = try #require(theirs.first)
            #expect([idle, interval, count, timeout] == ["15", "5", "3", "30000"])
            let other = try PostgresConfiguration(connection: configuration.connection + " keepalives_idle=77")
            let given = try await PostgresConnection.once(other, logger: .silent) { Self.own($0) }
            #expect(given == [1, 77, 5, 3, 30_000])
        }
    }

    /// What our side of a connection is set to: whether it asks, the seconds before and between, how often, and the
    /// milliseconds that what was sent may go unacknowledged.
    private static func own(_ connection: isolated PostgresConnection) -> [Int32] {
        guard let descriptor = connection.handle?.descriptor else { return [] }
        let tcp = Int32(IPPROTO_TCP)
        let options = [
            (SOL_SOCKET, SO_KEEPALIVE), (tcp, TCP_KEEPIDLE), (tcp, TCP_KEEPINTVL), (tcp, TCP_KEEPCNT),
            (tcp, TCP_USER_TIMEOUT),
        ]
        return options.map { level, option in
            var value: Int32 = -1
            var length = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, level, option, &value, &length)
            return value
        }
    }
}
