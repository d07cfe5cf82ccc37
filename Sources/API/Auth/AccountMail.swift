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
        case passwordChanged, passwordReset, emailChanged, identityJoined, takenOver
        case deletionRequested, deletionCancelled
        case secondFactorOn, secondFactorOff, recoveryCodeUsed, roleChanged
    }

    var userId: UserID
    var happening: Happening
    /// The account's address when it happened: who has changed it since gets no word in the owner's place.
    var email: String?

    init(_ account: LockedAccount, _ happening: Happening) {
        userId = account.id
        self.happening = happening
        email = account.email
    }
}

extension AccountMail {
    /// Enqueues a notice inside the caller's transaction, to the address that the account has there.
    func notify(
        _ account: LockedAccount, of happening: SecurityNotice.Happening, on connection: isolated PostgresConnection
    ) throws {
        try jobs.enqueue(SecurityNotice(account, happening), on: connection)
    }

    func send(_ notice: SecurityNotice, _ run: JobRun) async throws {
        let row = try await pool.first(
            "select email, display_name from users where id = \(notice.userId)", as: (String, String).self)
        guard let (email, name) = row else { return }
        let (subject, words) = notice.happening.words
        let letter = Letter(
            subject: subject, name: name,
            parts: [
                .paragraph(words), .paragraph(notice.happening.advice),
                .link(label: "Open FitAI", url: links.publicURL + "/"),
            ])
        try await mailer.deliver(letter.mail(to: notice.email ?? email), id: run.id)
    }
}

extension SecurityNotice.Happening {
    /// The subject and what is said of it.
    fileprivate var words: (String, String) {
        switch self {
        case .passwordChanged:
            ("Your password was changed", "The password of your FitAI account was changed just now.")
        case .passwordReset:
            (
                "Your password was reset",
                "The password of your FitAI account was reset by a link from a mail. All sessions were ended, and "
                    + "so was everything that was pending: other links, and changes of the address."
            )
        case .emailChanged:
            (
                "Your email address was changed",
                "Your FitAI account has another email address now. Mails about it no longer come here."
            )
        case .identityJoined:
            (
                "A new way to sign in",
                "An account at Google or GitHub with your email address now signs in to your FitAI account."
            )
        case .takenOver:
            (
                "You have taken over an account",
                "Somebody had made a FitAI account with your email address before you proved that it is yours. Its "
                    + "password no longer works, its sessions were ended, and only your sign-in opens it."
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
                "Your FitAI account was to be erased. Somebody has signed in to it or reset its password, so it stays. "
                    + "A workout that was running when you asked for that was completed then; nothing else has changed."
            )
        case .secondFactorOn:
            (
                "Your second factor is on",
                "From now on signing in to your FitAI account takes a code of your authenticator app as well."
            )
        case .secondFactorOff:
            ("Your second factor is off", "Signing in to your FitAI account takes no code any more.")
        case .recoveryCodeUsed:
            (
                "A recovery code was used",
                "Somebody has signed in to your FitAI account with one of its recovery codes, which is used up now."
            )
        case .roleChanged:
            (
                "Your role was changed",
                "Those who run FitAI have changed what your account may do. All its sessions were ended: sign in again."
            )
        }
    }

    /// What to do if it wasn't the reader.
    fileprivate var advice: String {
        switch self {
        case .emailChanged:
            "If that was not you, somebody else reads this mailbox or knew your password: change both, and write to "
                + "those who run FitAI."
        default: "If that was not you, set a new password at once: it ends every session."
        }
    }
}
