import Crypto
import Foundation
import Protocol
import Store

/// Bounds the mails of each kind that an address gets within an hour, whoever causes them: nobody's mailbox is to be
/// flooded from here, not by many accounts together either.
struct MailBound: Sendable {
    static let mostPerHour = 5
    private static let hour = Duration.seconds(3600)

    let now: @Sendable () -> Timestamp

    /// Counts a mail inside the caller's transaction; false when the address got too many of its kind lately.
    ///
    /// - Parameter id: the job's that sends it; what is tried again counts once.
    func admit(
        _ kind: String, to email: String, _ id: UUIDv7, on connection: isolated PostgresConnection
    ) throws -> Bool {
        let time = now()
        let address = Self.address(email)
        // Mails to one address are counted one after the other.
        let lock = address.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        try connection.execute("select pg_advisory_xact_lock(\(lock))")
        let isCounted = try connection.first("select true from sent_mails where id = \(id)", as: Bool.self)
        if isCounted == true { return true }
        let counted = try connection.execute(
            """
            insert into sent_mails (id, address, kind, at)
            select \(id), \(address), \(kind), \(time)
            where (select count(*) from sent_mails where address = \(address) and kind = \(kind)
                and at > \(time - Self.hour)) < \(Self.mostPerHour)
            """)
        return counted == 1
    }

    /// How long until `admit` admits another mail of the kind to the address; nil when it does now.
    func pause(
        before kind: String, to email: String, on connection: isolated PostgresConnection
    ) throws -> Duration? {
        let oldest = try connection.first(
            """
            select at from sent_mails
            where address = \(Self.address(email)) and kind = \(kind) and at > \(now() - Self.hour)
            order by at desc offset \(Self.mostPerHour - 1) limit 1
            """, as: Timestamp.self)
        return oldest.map { $0 + Self.hour - now() }
    }

    /// An address as it is counted: nothing says whose.
    private static func address(_ email: String) -> [UInt8] {
        Array(SHA256.hash(data: Data(email.lowercased().utf8)).prefix(16))
    }

    /// Removes what counts no more, a few thousand at a time; answers how many.
    func removeOld(in pool: PostgresPool) async throws -> Int {
        try await pool.execute(
            """
            delete from sent_mails where id in (
                select id from sent_mails where at <= \(now() - Self.hour) limit \(Housekeeping.rowsAtOnce))
            """)
    }
}
