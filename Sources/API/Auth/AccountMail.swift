import Protocol
import Store

/// What the account mails share: links, the jobs that send them, the mailer.
struct AccountMail: Sendable {
    let pool: PostgresPool
    let jobs: Jobs
    let links: MailLinks
    let mailer: Mailer

    /// Somebody waits for these: they go first.
    static let urgent = JobOptions(priority: .high)
}

/// Tells an account's owner by mail what happened to it.
struct SecurityNotice: JobPayload {
    static let kind = "auth.securityNotice"

    enum Happening: String, Codable, Sendable {
        case passwordChanged, passwordReset, identityJoined, deletionRequested, deletionCancelled
    }

    var userId: UserID
    var happening: Happening
}

extension AccountMail {
    /// Enqueues a notice inside the caller's transaction.
    func notify(
        _ user: UserID, of happening: SecurityNotice.Happening, on connection: isolated PostgresConnection
    ) throws {
        try jobs.enqueue(SecurityNotice(userId: user, happening: happening), on: connection)
    }

    func send(_ notice: SecurityNotice, _ run: JobRun) async throws {
        let row = try await pool.first(
            "select email, display_name from users where id = \(notice.userId)", as: (String, String).self)
        guard let (email, name) = row else { return }
        let (subject, words) =
            switch notice.happening {
            case .passwordChanged:
                ("Your password was changed", "The password of your FitAI account was changed just now.")
            case .passwordReset:
                (
                    "Your password was set anew",
                    "The password of your FitAI account was set anew by a link from a mail. All sessions were ended."
                )
            case .identityJoined:
                (
                    "A new way to sign in",
                    "An account at Google or GitHub with your email address now signs in to your FitAI account."
                )
            case .deletionRequested:
                (
                    "Your account will be erased",
                    "Your FitAI account is to be erased. It is hidden and signed out now, and in 30 days everything "
                        + "that belongs to it is gone for good. To keep it, sign in before."
                )
            case .deletionCancelled:
                (
                    "Your account stays",
                    "Somebody has signed in to your FitAI account, which was to be erased: it stays as it was."
                )
            }
        let letter = Letter(
            subject: subject, name: name,
            parts: [
                .paragraph(words),
                .paragraph("If that was not you, set a new password at once: it ends every session."),
                .link(label: "Open FitAI", url: links.publicURL + "/"),
            ])
        try await mailer.deliver(letter.mail(to: email), id: run.id)
    }
}
