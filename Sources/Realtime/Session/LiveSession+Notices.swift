import Logging
import Protocol

extension LiveSession {
    /// At most so many notices are sent at hello, the oldest first; when they were seen, the next hello brings the rest.
    package static let noticesAtOnce = 100

    /// Sends what the user has not seen yet; read after the connection is registered, so that what comes meanwhile
    /// reaches it one way or the other.
    func tellUnseenNotices(to user: UserID) {
        let isStarted = live.context.background.start { [live, connection] in
            do {
                let notices = try await live.rooms.people.notices.unseen(user, Self.noticesAtOnce)
                live.registry.tell(notices, to: user, only: connection)
            } catch {
                // They stay unseen and come with the next hello.
                live.context.logger.warning("notices could not be read", metadata: ["error": "\(error)"])
            }
        }
        if !isStarted { logger.warning("notices wait for the next hello: the server is busy") }
    }

    /// The user has seen these notices; ids of others' or unknown ones change nothing.
    func seen(_ id: Int64, _ notices: [NoticeID]) {
        guard let user = speaker?.member.userId else { return }
        guard (1...Self.noticesAtOnce).contains(notices.count) else {
            return refuse(id, Refusal(.invalid, "noticeIds must be 1…\(Self.noticesAtOnce) ids"))
        }
        inLine(Line.notices) { session in
            session.lookUp(id, in: Line.notices) { [live = session.live] in
                do {
                    try await live.rooms.people.notices.markSeen(user, notices)
                    return { $0.send(.ok(id: id)) }
                } catch {
                    live.context.logger.warning("notices could not be marked", metadata: ["error": "\(error)"])
                    return { $0.refuse(id, Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000)) }
                }
            }
        }
    }
}
