/// `GET /v1/users/data-export`: everything held on the user, being gathered or ready.
public struct DataExport: Codable, Hashable, Sendable {
    public enum Status: String, Codable, CaseIterable, Sendable {
        case waiting, ready, failed
    }

    public var id: UUIDv7
    public var status: Status
    public var createdAt: Timestamp
    public var finishedAt: Timestamp?
    /// Of the ZIP file.
    public var sizeBytes: Int?
    /// When it is removed.
    public var expiresAt: Timestamp
    /// Where the ZIP file is, once it is ready.
    public var download: String?

    public init(
        id: UUIDv7, status: Status, createdAt: Timestamp, finishedAt: Timestamp?, sizeBytes: Int?,
        expiresAt: Timestamp, download: String?
    ) {
        self.id = id
        self.status = status
        self.createdAt = createdAt
        self.finishedAt = finishedAt
        self.sizeBytes = sizeBytes
        self.expiresAt = expiresAt
        self.download = download
    }
}
