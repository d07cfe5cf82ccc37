import Protocol
import Store

/// Tells an athlete by mail of one milestone; enqueued with its record, so that there is one mail a milestone.
struct MilestoneMail: JobPayload {
    static let kind = "goals.milestoneMail"

    var userId: UserID
    var goalId: GoalID
    var percent: Int
}

/// Writes the mails of milestones, to those who want them at the time of sending.
struct MilestoneLetters: Sendable {
    private let goals: Goals
    private let mailer: Mailer
    private let publicURL: String

    init(goals: Goals, _ configuration: APIConfiguration) {
        self.goals = goals
        mailer = Mailer(transport: configuration.mail, from: configuration.mailFrom, now: configuration.now)
        publicURL = configuration.publicURL
    }

    /// Sends one; nothing when the goal is gone or its mail is not wanted any more. Throws `JobNotYet` in quiet hours.
    func send(_ mail: MilestoneMail, _ run: JobRun) async throws {
        let now = goals.now()
        guard let reader = try await goals.users.mailReader(of: mail.userId, about: .goalMilestone, at: now) else {
            return
        }
        if let end = reader.quietUntil { throw JobNotYet(until: end) }
        let found = try await goals.pool.first(
            """
            select g.title, (m.reached_at at time zone \(reader.timeZone)::text)::date - date '1970-01-01'
            from goal_milestones m join goals g on g.id = m.goal_id
            where m.goal_id = \(mail.goalId) and m.percent = \(mail.percent) and m.user_id = \(mail.userId)
            """, as: (String, Int).self)
        guard let (title, day) = found else { return }
        let date = CalendarDate(daysSinceEpoch: day)
        let isReached = mail.percent == 100
        let letter = Letter(
            subject: isReached ? "Reached: \(title)" : "\(mail.percent) % of the way: \(title)", name: reader.name,
            parts: [
                .paragraph(
                    isReached
                        ? "You have reached your goal “\(title)”, on \(date)."
                        : "You have come \(mail.percent) % of the way to your goal “\(title)”, on \(date)."),
                .link(label: "Open FitAI", url: publicURL + "/"),
                .paragraph("Your preferences ask for a mail at each milestone; there you can also end that."),
            ])
        try await mailer.deliver(letter.mail(to: reader.address), id: run.id)
    }
}
