import Protocol
import Store

/// A file that a feature holds on a user, as it goes into an export beside the rows.
struct ExportAttachment: Sendable {
    /// Which files a user has, as of the export's snapshot.
    typealias List = @Sendable (UserID, isolated PostgresConnection) throws -> [ExportAttachment]

    /// In the archive, such as `pictures/….jpg`.
    let name: String
    /// Nil when it was removed meanwhile. Throws when it cannot be read now.
    let read: @Sendable () async throws -> [UInt8]?
}
