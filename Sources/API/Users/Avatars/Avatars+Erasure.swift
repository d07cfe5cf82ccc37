import Protocol
import Store

extension Avatars {
    /// The pictures a user has or had in the last hour; the files go with it as attachments.
    static let exportParts = [
        ExportPart(
            "avatars", tables: ["avatars"], columns: ["id", "state", "created_at"], omitted: ["user_id"],
            key: [.id("id")]
        ) { user in "from avatars where user_id = \(user)" }
    ]

    /// The files of the picture that the profile shows.
    var attachments: ExportAttachment.List {
        { user, connection in
            let current = try connection.query(
                "select id from avatars where user_id = \(user) and state = 'current'", as: UUIDv7.self)
            return current.flatMap { id in
                AvatarSize.allCases.map { size in
                    ExportAttachment(name: "pictures/\(id)-\(size.rawValue).jpg") {
                        try await picture(id, size)
                    }
                }
            }
        }
    }

    /// Removes the user's pictures with their files. Throws `ObjectStoreFailure`; what it left is found again.
    func erase(_ user: UserID) async throws {
        try await remove(of: user)
        try await removeFiles(
            of: try await pool.query("select id from avatars where user_id = \(user)", as: UUIDv7.self))
    }
}
