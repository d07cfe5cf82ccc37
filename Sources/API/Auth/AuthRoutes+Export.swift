import Store

extension AuthRoutes {
    /// Sessions, what happened to the account's security, how it signs in, and the mails with links; never a secret.
    static let exportParts = [
        ExportPart(
            "sessions", tables: ["sessions"],
            columns: [
                "id", "user_agent", "address", "created_at", "last_used_at", "expires_at", "revoked_at", "factor_at",
            ],
            omitted: ["user_id", "ended_at"], key: [.id("id")]
        ) { user in "from sessions where user_id = \(user)" },
        ExportPart(
            "security-events", tables: ["security_events"],
            columns: ["id", "kind", "session_id", "address", "at"], omitted: ["user_id"], key: [.id("id")]
        ) { user in "from security_events where user_id = \(user)" },
        ExportPart(
            "second-factor", tables: ["second_factors"], columns: ["created_at", "confirmed_at"],
            omitted: ["user_id", "secret", "key_id", "last_step"], key: [.id("user_id")]
        ) { user in "from second_factors where user_id = \(user)" },
        ExportPart(
            "sign-in-identities", tables: ["sign_in_identities"],
            columns: ["id", "provider", "subject", "created_at"],
            omitted: ["user_id"], key: [.text("provider"), .text("subject")]
        ) { user in "from sign_in_identities where user_id = \(user)" },
        ExportPart(
            "mail-links", tables: ["mail_links"],
            columns: ["purpose", "email", "created_at", "expires_at", "used_at"],
            omitted: ["hash", "user_id", "change_id", "factor_at"],
            key: [.time("created_at"), .text("encode(hash, 'hex')")]
        ) { user in "from mail_links where user_id = \(user)" },
        ExportPart(
            "email-changes", tables: ["email_changes"],
            columns: [
                "id", "old_email", "new_email", "old_confirmed_at", "new_confirmed_at", "changed_at", "created_at",
                "expires_at",
            ],
            omitted: ["user_id"], key: [.id("id")]
        ) { user in "from email_changes where user_id = \(user)" },
    ]
}
