/// Something that happened to a user without their asking; sent until it was seen, under the same id.
public struct Notice: Sendable, Hashable {
    public var id: NoticeID
    public var content: Content

    public enum Content: Sendable, Hashable {
        case goalMilestone(GoalMilestoneNotice)
    }

    public init(id: NoticeID, content: Content) {
        self.id = id
        self.content = content
    }
}

/// A quarter of the way to a goal was reached.
public struct GoalMilestoneNotice: Sendable, Hashable {
    public var goalId: GoalID
    public var title: String
    /// 25, 50, 75 or 100.
    public var percent: Int64
    /// The time of the set, workout or measurement that reached it.
    public var reachedAt: Timestamp

    public init(goalId: GoalID, title: String, percent: Int64, reachedAt: Timestamp) {
        self.goalId = goalId
        self.title = title
        self.percent = percent
        self.reachedAt = reachedAt
    }
}

extension Notice {
    func write(to writer: inout JSONWriter) {
        writer.member("noticeId", id)
        switch content {
        case .goalMilestone(let milestone):
            writer.member("kind", "goalMilestone")
            writer.member("goalId", milestone.goalId)
            writer.member("title", milestone.title)
            writer.member("percent", milestone.percent)
            writer.member("reachedAt", milestone.reachedAt)
        }
    }

    /// - Throws: `unknownType` for a kind that this version does not know (to be ignored).
    init(_ fields: Fields) throws(Refusal) {
        let kind = try fields.required("kind", fields.string("kind"))
        guard kind == "goalMilestone" else {
            throw Refusal(.unknownType, "there is no notice of kind \(kind.clipped(bytes: 64))")
        }
        self.init(
            id: try fields.required("noticeId", fields.id("noticeId")),
            content: .goalMilestone(
                GoalMilestoneNotice(
                    goalId: try fields.required("goalId", fields.id("goalId")),
                    title: try fields.required("title", fields.string("title")),
                    percent: try fields.required("percent", fields.integer("percent")),
                    reachedAt: try fields.required("reachedAt", fields.time("reachedAt")))))
    }
}
