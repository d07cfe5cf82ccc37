import Logging
import Protocol
import Store

/// Removes the files of a picture that is nobody's any more.
struct AvatarRemoval: JobPayload {
    static let kind = "users.avatarRemoval"
    var avatarId: UUIDv7
}

/// The pictures of users: made of uploads, kept in the store of files, removed when they are replaced.
///
/// A picture's row is there before its first file and goes after its last one, so no file is forgotten: what an upload
/// left that never ended is removed an hour later.
package struct Avatars: Sendable {
    /// An upload that takes longer is given up.
    private static let abandonedAfter = Duration.seconds(3600)
    private static let removedAtOnce = 100

    let pool: PostgresPool
    let store: any ObjectStore
    /// Has to be run as a service. One at a time: a picture of 40 megapixels takes some 300 MB while it is decoded.
    let threads = BoundedThreads(count: 1, mostWaiting: 32)
    let now: @Sendable () -> Timestamp
    let logger: Logger

    private var jobs: Jobs { Jobs(now: now) }

    var chores: [Housekeeping.Chore] { [Housekeeping.Chore(name: "pictures", removeSome: removeAbandoned)] }

    /// Makes the user's picture of the file in a form. `id` is the picture's; under the id of a picture that is in place already
    /// nothing is done again. Throws as `AvatarPicture.make` does, `unavailable` when the store is
    /// away, and `sessionEnded`.
    func replace(
        of identity: Identity, with file: @escaping @Sendable () throws -> [UInt8], id: UUIDv7
    ) async throws -> Profile.Avatar {
        let user = identity.userId
        // Nothing of the file is looked at where other requests would wait for it.
        let pictures = try await threads.perform { stop in try AvatarPicture.make(of: file(), stop: stop) }
        let time = now()
        let standing = try await pool.first(
            """
            insert into avatars (id, user_id, state, created_at) values (\(id), \(user), 'pending', \(time))
            on conflict (id) do update set created_at = excluded.created_at where avatars.state = 'pending'
            returning state
            """, as: String.self)
        guard standing != nil else { return Profile.Avatar(id) }
        for (size, bytes) in pictures {
            try await stored { try await store.put(bytes, at: Self.key(id, size), type: "image/jpeg") }
        }
        try await pool.transaction { connection in
            let before = try connection.first(
                "select avatar_id from users where id = \(user) for no key update", as: UUIDv7?.self)
            guard let before else { throw Problem(.notFound) }
            // It took its time until here.
            try identity.checkOpen(on: connection)
            let isMine = try connection.execute(
                "update avatars set state = 'current' where id = \(id) and state = 'pending'")
            // Removed meanwhile as abandoned: the client's next try makes it anew.
            guard isMine == 1 else { throw Problem(.unavailable, retryAfterSeconds: 1) }
            try retire(before, on: connection)
            try connection.execute(
                "update users set avatar_id = \(id), version = version + 1 where id = \(user)")
        }
        return Profile.Avatar(id)
    }

    /// Takes the user's picture away; without one nothing happens.
    func remove(of user: UserID) async throws {
        try await pool.transaction { connection in try remove(of: user, on: connection) }
    }

    /// The same inside the caller's transaction; the files go after its commit.
    package func remove(of user: UserID, on connection: isolated PostgresConnection) throws {
        let before = try connection.first(
            "select avatar_id from users where id = \(user) for no key update", as: UUIDv7?.self)
        guard let avatar = before ?? nil else { return }
        try connection.execute("update users set avatar_id = null, version = version + 1 where id = \(user)")
        try retire(avatar, on: connection)
    }

    private func retire(_ avatar: UUIDv7?, on connection: isolated PostgresConnection) throws {
        guard let avatar else { return }
        try connection.execute("update avatars set state = 'retired' where id = \(avatar)")
        try jobs.enqueue(AvatarRemoval(avatarId: avatar), JobOptions(priority: .low), on: connection)
    }

    /// Whose profile shows the picture; nil for one that none shows, or shows any more.
    func owner(of id: UUIDv7) async throws -> UserID? {
        try await pool.first(
            "select user_id from avatars where id = \(id) and state = 'current'", as: UserID?.self) ?? nil
    }

    /// The picture in one size; nil when there is none. Throws `unavailable` when the store is away.
    func picture(_ id: UUIDv7, _ size: AvatarSize) async throws -> [UInt8]? {
        try await stored { try await store.get(Self.key(id, size)) }
    }

    /// Runs the job.
    func removeFiles(_ job: AvatarRemoval, _ run: JobRun) async throws {
        try await removeFiles(of: [job.avatarId])
    }

    /// Removes pictures whose upload never ended, or whose user is gone; answers how many.
    func removeAbandoned() async throws -> Int {
        let ids = try await pool.query(
            """
            select id from avatars
            where (state <> 'current' or user_id is null)
                and (state <> 'pending' or created_at < \(now() - Self.abandonedAfter))
            limit \(Self.removedAtOnce)
            """, as: UUIDv7.self)
        try await removeFiles(of: ids)
        return ids.count
    }

    func removeFiles(of ids: [UUIDv7]) async throws {
        for id in ids {
            for size in AvatarSize.allCases { try await store.remove(Self.key(id, size)) }
        }
        try await pool.execute(
            "delete from avatars where id = any(\(ids)) and (state <> 'current' or user_id is null)")
    }

    private func stored<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch let failure as ObjectStoreFailure {
            logger.warning("the store of pictures did not do as asked: \(failure)")
            throw Problem(.unavailable, detail: "The store of pictures is away.", retryAfterSeconds: 5)
        }
    }

    private static func key(_ id: UUIDv7, _ size: AvatarSize) -> ObjectKey {
        ObjectKey("avatars/\(id)-\(size.rawValue).jpg")
    }
}

extension Profile.Avatar {
    /// The paths of a picture; another picture has others, so that what lies under one never changes.
    init(_ id: UUIDv7) {
        func path(_ size: AvatarSize) -> String { "/v1/avatars/\(id)/\(size.rawValue)" }
        self.init(small: path(.small), medium: path(.medium), large: path(.large))
    }
}
