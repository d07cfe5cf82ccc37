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
        case passwordChanged, passwordReset, emailChanged, identityJoined, identityRemoved, takenOver
        case deletionRequested, deletionCancelled
        case secondFactorOn, secondFactorOff, secondFactorRemoved, recoveryCodeUsed, recoveryCodesRenewed
        case roleChanged
    }

    var userId: UserID
    var happening: Happening
    /// The account's address when it happened: who has changed it since gets no word in the owner's place.
    var email: String?
    /// Whether somebody had shown then to read that address.
    var isVerified: Bool?
    /// When the second factor was turned on that this is about.
    var factorAt: Timestamp?

    init(_ account: LockedAccount, _ happening: Happening, factorAt: Timestamp? = nil) {
        userId = account.id
        self.happening = happening
        email = account.email
        isVerified = account.account.isVerified
        self.factorAt = factorAt
    }

    /// What it is bounded with at its address; nil where it must not be missing: a completed change of password or address
    /// is told every time. Who takes a stranger's address for an account has no more sent there by doing now this and now
    /// that.
    fileprivate var boundKind: String? {
        switch happening {
        // How often a factor is turned on is bounded.
        case .secondFactorOn: nil
        // Only a reader of the address, or who has it at a provider, can bring these about.
        case .passwordReset, .takenOver, .secondFactorRemoved: nil
        case .passwordChanged where isVerified != false: nil
        case .emailChanged where isVerified != false: nil
        default: isVerified == false ? "notice" : "notice.\(happening.rawValue)"
        }
    }
}

extension AccountMail {
    /// Enqueues a notice inside the caller's transaction, to the address that the account has there.
    func notify(
        _ account: LockedAccount, of happening: SecurityNotice.Happening, factorAt: Timestamp? = nil,
        on connection: isolated PostgresConnection
    ) throws {
        try jobs.enqueue(SecurityNotice(account, happening, factorAt: factorAt), on: connection)
    }

    /// Sends a notice; of those that are bounded, none when the address got too many lately.
    func send(_ notice: SecurityNotice, _ run: JobRun) async throws {
        let pending = try await pool.transaction { connection -> (to: String, name: String, OpaqueSecret?)? in
            let row = try connection.first(
                "select email, display_name from users where id = \(notice.userId)", as: (String, String).self)
            guard let (email, name) = row else { return nil }
            let address = notice.email ?? email
            if let kind = notice.boundKind {
                let bound = MailBound(now: links.now)
                guard try bound.admit(kind, to: address, run.id, on: connection) else { return nil }
            }
            return (address, name, try removal(notice, address, run, on: connection))
        }
        guard let (address, name, secret) = pending else { return }
        let (subject, words) = notice.happening.words
        var parts: [Letter.Part] = [.paragraph(words), .paragraph(notice.happening.advice)]
        if let secret {
            parts.append(
                .link(label: "Remove the second factor", url: links.page("/remove-second-factor/", secret)))
        }
        parts.append(.link(label: "Open FitAI", url: links.publicURL + "/"))
        let letter = Letter(subject: subject, name: notice.isVerified == false ? nil : name, parts: parts)
        try await mailer.deliver(letter.mail(to: address), id: run.id)
    }

    /// The link that removes the second factor that was turned on; nil where it is off by now.
    private func removal(
        _ notice: SecurityNotice, _ email: String, _ run: JobRun, on connection: isolated PostgresConnection
    ) throws -> OpaqueSecret? {
        guard notice.happening == .secondFactorOn, let factorAt = notice.factorAt else { return nil }
        let isOn = try connection.first(
            "select true from second_factors where user_id = \(notice.userId) and confirmed_at = \(factorAt)",
            as: Bool.self)
        guard isOn == true else { return nil }
        return try links.make(
            .removeSecondFactor, for: notice.userId, email: email, about: .factor(turnedOnAt: factorAt), in: run.id,
            on: connection)
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
                    + "so was everything that was pending: other links, and changes of the address. If the address had "
                    + "never been verified, what the account showed to others is private now, and its friendships and "
                    + "blocks have ended."
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
        case .identityRemoved:
            (
                "A way to sign in was removed",
                "An account at Google or GitHub no longer signs in to your FitAI account. All other sessions were ended."
            )
        case .takenOver:
            (
                "You have taken over an account",
                "Somebody had made a FitAI account with your email address before you proved that it is yours. Its "
                    + "password no longer works, its sessions were ended, and only your sign-in opens it. What it showed "
                    + "to others is private now, and its friendships and blocks have ended."
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
        case .secondFactorRemoved:
            (
                "Your second factor is off",
                "The second factor of your FitAI account was removed by the link in the mail about it. Its password no "
                    + "longer works and all sessions were ended. Another mail brings the link that sets a new password."
            )
        case .recoveryCodeUsed:
            (
                "A recovery code was used",
                "Somebody has signed in to your FitAI account with one of its recovery codes, which is used up now."
            )
        case .recoveryCodesRenewed:
            (
                "You have new recovery codes",
                "New recovery codes were made for your FitAI account. The old ones no longer work."
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
        case .secondFactorOn:
            "If that was not you, somebody else knows your password and could keep you out. The first link below works "
                + "once, within seven days: it removes the second factor, ends every session, and has you set a new "
                + "password. If it was you, leave it alone."
        case .secondFactorRemoved:
            "If that was not you, somebody else reads this mailbox: change its password first."
        default: "If that was not you, set a new password at once: it ends every session."
        }
    }
}
