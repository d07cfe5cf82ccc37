import Protocol

extension ValueRule where Value == String {
    /// An email address that mail can be sent to, in lower case.
    static var email: ValueRule {
        text(3...254).map(
            as: .string(length: 3...254, format: "email"), .badFormat, "Must be an email address."
        ) { text in
            // Before any folding: some letters of other alphabets fold into Latin ones.
            let typed = text.trimmingSpaces()
            guard typed.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
            let address = typed.lowercased()
            let parts = address.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, (1...64).contains(parts[0].utf8.count) else { return nil }
            let isPlain = address.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"(),:;<>[]\\".utf8.contains($0) }
            let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
            let isDomain =
                labels.count >= 2
                && labels.allSatisfy { label in
                    !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
                        && label.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
                }
            return isPlain && isDomain ? address : nil
        }
    }

    /// A username in lower case; letters may be sent in any case.
    static var username: ValueRule {
        text(3...30).map(.badFormat, "Has only letters a to z, digits and underscores.") { text in
            guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
            let name = text.lowercased()
            let isPlain = name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
            return isPlain ? name : nil
        }
    }

    /// A new password.
    static var newPassword: ValueRule {
        text(8...128).map(
            as: .string(length: 8...128, format: "password"), .commonPassword, "Is one of the most common passwords."
        ) { PasswordRules.isCommon($0) ? nil : $0 }
    }
}

extension RegisterRequest: BodyInput, RouteBody {
    static let emailField = Field("email", .email, "Unique; the verification mail goes there.")
    static let usernameField = Field("username", .username, "Unique, whatever the case.")
    static let passwordField = Field("password", .newPassword, "Not a common one, and not the email address.")
    static let displayNameField = Field("displayName", .personName(1...80), "Shown to others.")
    static let cookieField = Field.optional(
        "cookie", .flag, "Keep the refresh token in a cookie (for our pages).")

    package static var members: [MemberSchema] {
        [
            emailField.schema, usernameField.schema, passwordField.schema, displayNameField.schema,
            cookieField.schema,
        ]
    }
    // Only our pages may have the cookie: their requests carry the Origin.
    package static var examples: [String: MemberExample] { ["cookie": .none] }

    package init?(reading body: inout BodyReader) {
        let email = body.required(Self.emailField)
        let username = body.required(Self.usernameField)
        let password = body.required(Self.passwordField)
        let displayName = body.required(Self.displayNameField)
        let cookie = body.optional(Self.cookieField)
        if let password, [email, username].contains(password.lowercased()) {
            body.fault("password", .notAllowed, "Must differ from the email address and the username.")
        }
        guard let email, let username, let password, let displayName else { return nil }
        self.init(email: email, username: username, password: password, displayName: displayName, cookie: cookie)
    }
}

extension LoginRequest: BodyInput, RouteBody {
    static let loginField = Field("login", .text(1...254), "Email address or username.")
    static let passwordField = Field("password", .text(1...128), "The account's password.")
    static let cookieField = Field.optional(
        "cookie", .flag, "Keep the refresh token in a cookie (for our pages).")

    static let refreshTokenField = Field.optional(
        "refreshToken", .text(1...200),
        "One of the account that is still good, if the app has one: the device then counts as known.")

    package static var members: [MemberSchema] {
        [loginField.schema, passwordField.schema, cookieField.schema, refreshTokenField.schema]
    }
    // Only our pages may have the cookie: their requests carry the Origin.
    package static var examples: [String: MemberExample] { ["cookie": .none, "refreshToken": .none] }

    package init?(reading body: inout BodyReader) {
        let login = body.required(Self.loginField)
        let password = body.required(Self.passwordField)
        let cookie = body.optional(Self.cookieField)
        let refreshToken = body.optional(Self.refreshTokenField)
        guard let login, let password else { return nil }
        // Anything else than ASCII is nobody's, and stays so: folding could make it somebody's.
        let typed = login.trimmingSpaces()
        self.init(
            login: typed.utf8.allSatisfy { $0 < 0x80 } ? typed.lowercased() : typed, password: password,
            cookie: cookie, refreshToken: refreshToken)
    }
}

extension RefreshRequest: BodyInput {
    static let tokenField = Field.optional("refreshToken", .text(1...200), "Without it the cookie is used.")

    package static var members: [MemberSchema] { [tokenField.schema] }

    package init?(reading body: inout BodyReader) { self.init(refreshToken: body.optional(Self.tokenField)) }
}

extension LogoutRequest: BodyInput {
    static let everywhereField = Field.optional("everywhere", .flag, "End all sessions of the account.")

    package static var members: [MemberSchema] { [everywhereField.schema] }

    package init?(reading body: inout BodyReader) {
        self.init(everywhere: body.optional(Self.everywhereField) ?? false)
    }
}

extension ForgotPasswordRequest: BodyInput, RouteBody {
    static let emailField = Field("email", .email, "Of the account.")

    package static var members: [MemberSchema] { [emailField.schema] }

    package init?(reading body: inout BodyReader) {
        guard let email = body.required(Self.emailField) else { return nil }
        self.init(email: email)
    }
}

extension ResetPasswordRequest: BodyInput, RouteBody {
    static let tokenField = Field("token", .text(1...200), "From the mail.")
    static let passwordField = Field("password", .newPassword, "Not a common one, and not the email address.")

    package static var members: [MemberSchema] { [tokenField.schema, passwordField.schema] }

    package init?(reading body: inout BodyReader) {
        let token = body.required(Self.tokenField)
        let password = body.required(Self.passwordField)
        guard let token, let password else { return nil }
        self.init(token: token, password: password)
    }
}

extension PasswordChangeRequest: BodyInput, RouteBody {
    static let currentField = Field("currentPassword", .text(1...128), "The account's password as it is.")
    static let newField = Field("newPassword", .newPassword, "Not a common one, and not the email address.")

    package static var members: [MemberSchema] { [currentField.schema, newField.schema] }

    package init?(reading body: inout BodyReader) {
        let current = body.required(Self.currentField)
        let new = body.required(Self.newField)
        guard let current, let new else { return nil }
        self.init(currentPassword: current, newPassword: new)
    }
}

extension EmailChangeRequest: BodyInput, RouteBody {
    static let emailField = Field("email", .email, "The new address.")
    static let passwordField = Field("password", .text(1...128), "The account's password.")

    package static var members: [MemberSchema] { [emailField.schema, passwordField.schema] }
    package static var examples: [String: MemberExample] { ["email": .value("mara.lind@example.org")] }

    package init?(reading body: inout BodyReader) {
        let email = body.required(Self.emailField)
        let password = body.required(Self.passwordField)
        guard let email, let password else { return nil }
        self.init(email: email, password: password)
    }
}

/// The token of a mail's link about an address: as JSON, or by the form of the page that the link opens.
struct ConfirmEmailBody: RouteBody {
    static let tokenField = LinkQuery.tokenField
    let token: String

    static var shape: BodyShape? {
        BodyShape(
            name: "ConfirmEmailRequest", members: [tokenField.schema], isRequired: true, hasForm: true, undeclared: [])
    }

    static func take(_ arrival: inout BodyArrival) async throws -> ConfirmEmailBody? {
        guard arrival.facts.isForm else {
            return try await arrival.object(isRequired: true, as: ConfirmEmailRequest.self).map {
                ConfirmEmailBody(token: $0.token)
            }
        }
        var form = QueryReader(String(decoding: try await arrival.bytes(), as: UTF8.self), seal: arrival.cursorSeal)
        let token = form.required(tokenField)
        arrival.faults += form.faults
        return token.map { ConfirmEmailBody(token: $0) }
    }
}

extension ConfirmEmailRequest: BodyInput {
    package static var members: [MemberSchema] { [LinkQuery.tokenField.schema] }

    package init?(reading body: inout BodyReader) {
        guard let token = body.required(LinkQuery.tokenField) else { return nil }
        self.init(token: token)
    }
}

/// `?token=` of a link in a mail.
struct LinkQuery: RouteQuery {
    static let tokenField = Field("token", .text(1...200), "From the mail.")
    static var parameters: [MemberSchema] { [tokenField.schema] }
    let token: String

    init?(reading query: inout QueryReader) {
        guard let token = query.required(Self.tokenField) else { return nil }
        self.token = token
    }
}
