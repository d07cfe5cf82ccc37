import Protocol
import Realtime
import Store

extension People {
    /// What live asks of users, friendships, progress and goals, by their functions.
    package init(storedIn pool: PostgresPool) {
        let relations = Relations(pool: pool)
        let users = Users(pool: pool)
        let body = BodyMeasurements(pool: pool)
        let milestones = MilestoneNotices(pool: pool)
        self.init(
            relation: { try await relations.relation(of: $0, to: $1) },
            friends: { try await relations.friends(of: $0) },
            member: { user in
                try await users.names(of: [user])[user].map { Member(userId: user, name: $0) }
            },
            privacy: { try await users.privacy(of: $0) }, preferences: { try await users.livePreferences(of: $0) },
            speaker: { try await users.speaker($0) },
            bodyWeightGrams: { user in
                try await body.latest(.weightKg, of: user).map { Int64(($0 * 1000).rounded()) }
            },
            notices: Notices(
                unseen: { try await milestones.unseen(by: $0, limit: $1) },
                markSeen: { try await milestones.markSeen($1, by: $0) }))
    }
}
