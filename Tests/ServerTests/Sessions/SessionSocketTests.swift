import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

/// What ends a session closes its sockets at once: over a whole server, its REST API and its live port.
@Suite("Sessions and their sockets")
struct SessionSocketTests {
    @Test("a welcome names the node: by NODE_NAME, else as its machine", arguments: ["gym-7.example", nil])
    func nodeName(configured: String?) async throws {
        try await LiveAccount.serving(configured.map { ["NODE_NAME": $0] } ?? [:]) { port, _ in
            let welcome = try await LiveAccount("ada", port: port).welcome()
            #expect(welcome.node == configured ?? ProcessInfo.processInfo.hostName)
        }
    }

    @Test("ending one of one's sessions closes its sockets and no others")
    func ended() async throws {
        try await LiveAccount.serving { port, _ in
            let (phone, watch) = (try await LiveAccount("ada", port: port), try await LiveAccount.signIn("ada", port))
            let bob = try await LiveAccount("bob", port: port)
            let (first, second) = (try await watch.connect(), try await watch.connect())
            let (stays, others) = (try await phone.connect(), try await bob.connect())
            let sessions: Page<AccountSession> = try await watch.client.get("/v1/auth/sessions").decoded()
            let current = try #require(sessions.items.first { $0.isCurrent })
            #expect(try await phone.client.delete("/v1/auth/sessions/\(current.id)").status == 204)
            for talker in [first, second] {
                #expect(try await talker.closeCode() == CloseCode.sessionRevoked.rawValue)
            }
            try await LiveAccount.expectOpen([stays, others])
            // The token of the session opens nothing any more.
            await #expect(throws: (any Error).self) { try await watch.connect() }
            let late = try await LiveTalker.open(port: port)
            #expect(try await late.ask(.hello(token: watch.client.token, client: nil)).refusal?.code == .unauthorized)
            #expect(try await late.closeCode() == CloseCode.sessionRevoked.rawValue)
            let upgrade = try await RawSocket.connect(port: port)
            let head = try await upgrade.requestUpgrade([
                "Sec-WebSocket-Protocol: fitai.v1.json", "Authorization: Bearer \(watch.client.token ?? "")",
            ])
            #expect(head.hasPrefix("HTTP/1.1 401 "))
        }
    }

    @Test("logging out everywhere closes all one's sockets and nobody else's")
    func everywhere() async throws {
        try await LiveAccount.serving { port, _ in
            let (phone, watch) = (try await LiveAccount("ada", port: port), try await LiveAccount.signIn("ada", port))
            let bob = try await LiveAccount("bob", port: port)
            let own = [try await phone.connect(), try await watch.connect()]
            let others = try await bob.connect()
            #expect(try await phone.client.post("/v1/auth/logout", LogoutRequest(everywhere: true)).status == 204)
            for talker in own { #expect(try await talker.closeCode() == CloseCode.sessionRevoked.rawValue) }
            try await LiveAccount.expectOpen([others])
        }
    }

    @Test("changing the password closes the sockets of all other sessions")
    func passwordChanged() async throws {
        try await LiveAccount.serving { port, _ in
            let (phone, watch) = (try await LiveAccount("ada", port: port), try await LiveAccount.signIn("ada", port))
            let bob = try await LiveAccount("bob", port: port)
            let (other, stays) = (try await watch.connect(), try await phone.connect())
            let others = try await bob.connect()
            let change = PasswordChangeRequest(
                currentPassword: LiveAccount.password, newPassword: "an-entirely-new-9-secret")
            #expect(try await phone.client.put("/v1/auth/password", change).status == 204)
            #expect(try await other.closeCode() == CloseCode.sessionRevoked.rawValue)
            try await LiveAccount.expectOpen([stays, others])
        }
    }

    @Test("setting the password anew by a mail's link closes every socket of the account")
    func passwordReset() async throws {
        try await LiveAccount.serving { port, mails in
            let (ada, bob) = (try await LiveAccount("ada", port: port), try await LiveAccount("bob", port: port))
            let own = [try await ada.connect(), try await LiveAccount.signIn("ada", port).connect()]
            let others = try await bob.connect()
            let client = RESTClient(port: port)
            let forgot = ForgotPasswordRequest(email: "ada@example.com")
            #expect(try await client.post("/v1/auth/forgot-password", forgot).status == 202)
            let token = try await LiveAccount.token(in: mails, to: "ada@example.com", behind: "/reset-password/#token=")
            let reset = ResetPasswordRequest(token: token, password: "an-entirely-new-9-secret")
            #expect(try await client.post("/v1/auth/reset-password", reset).status == 204)
            for talker in own { #expect(try await talker.closeCode() == CloseCode.sessionRevoked.rawValue) }
            try await LiveAccount.expectOpen([others])
        }
    }

    @Test(
        """
        deleting the account closes its sockets and its room to watchers within a second, ends the workout that runs, and \
        hides it from friends
        """)
    func accountDeleted() async throws {
        try await LiveAccount.serving { port, mails in
            let (ada, bob) = (try await LiveAccount("ada", port: port), try await LiveAccount("bob", port: port))
            try await ada.verify(mails)
            try await bob.verify(mails)
            #expect(
                try await ada.client.post("/v1/users/friends/request", FriendRequestBody(userId: bob.id)).status == 201)
            let accept = FriendAnswerBody(action: .accept)
            #expect(try await bob.client.put("/v1/users/friends/\(ada.id)", accept).status == 200)
            let workout: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}").decoded()
            let (athlete, watcher) = (try await ada.connect(), try await bob.connect())
            #expect(try await watcher.subscribe(workout.id).subscribed != nil)
            let asked = try await ada.client.send(
                "DELETE", "/v1/users/account", text: #"{"password": "\#(LiveAccount.password)"}"#)
            #expect(asked.status == 202)
            let room = RoomName.workout(workout.id).text
            _ = try await watcher.next { if case .ended(let name) = $0 { name == room } else { false } }
            #expect(try await athlete.closeCode() == CloseCode.sessionRevoked.rawValue)
            #expect(try await watcher.subscribe(workout.id).refusal?.code == .noSuchRoom)
            let friends: Page<Friend> = try await bob.client.get("/v1/users/friends").decoded()
            #expect(friends.items.isEmpty)
            #expect(try await bob.client.get("/v1/users/\(ada.id)").status == 404)
            #expect(try await bob.client.get("/v1/workouts/\(workout.id)").status == 404)
            _ = await mails.mail(to: "ada@example.com", saying: "Subject: Your account will be erased")
            // Signing in keeps it, with the workout completed meanwhile.
            let again = try await LiveAccount.signIn("ada", port)
            let kept: Workout = try await again.client.get("/v1/workouts/\(workout.id)").decoded()
            #expect(kept.status == .completed)
            _ = await mails.mail(to: "ada@example.com", saying: "Subject: Your account stays")
            #expect(try await bob.client.get("/v1/users/friends").decoded(as: Page<Friend>.self).items.count == 1)
        }
    }
}

extension SessionSocketTests {
    @Test(
        "suspending an account closes its sockets, lets none in, and hides what it has running, whoever does it and how"
    )
    func suspended() async throws {
        try await TestPostgres.withDatabase { database in
            try await LiveAccount.serving(["DATABASE_URL": database.connection]) { port, _ in
                let (ada, bob) = (try await LiveAccount("ada", port: port), try await LiveAccount("bob", port: port))
                try await Relations(pool: database.pool).makeFriends([(ada.id, bob.id)], at: .now)
                let watcher = try await bob.connect()
                let workout: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}").decoded()
                #expect(try await watcher.subscribe(workout.id).subscribed != nil)
                let athlete = try await ada.connect()
                try await database.pool.execute("update users set status = 'suspended' where id = \(ada.id)")
                #expect(try await athlete.closeCode() == CloseCode.sessionRevoked.rawValue)
                _ = try await watcher.next { if case .ended = $0 { true } else { false } }
                #expect(try await watcher.subscribe(workout.id).refusal?.code == .noSuchRoom)
                // REST reads which sessions were ended by itself, twice a second.
                try await eventually { try await ada.client.get("/v1/users/profile").status == 401 }
                await #expect(throws: (any Error).self) { try await ada.connect() }
                let friends: Page<Friend> = try await bob.client.get("/v1/users/friends").decoded()
                #expect(friends.items.isEmpty)
            }
        }
    }
}

/// Somebody with an account on a server process.
private struct LiveAccount: Sendable {
    static let password = "weights-9-barbells"

    let id: UserID
    let name: String
    let port: Int
    let client: RESTClient
    private let token: String

    /// Registers.
    init(_ name: String, port: Int) async throws {
        let body = RegisterRequest(
            email: "\(name)@example.com", username: name, password: Self.password, displayName: name.capitalized)
        let answer = try await RESTClient(port: port).post("/v1/auth/register", body)
        #expect(answer.status == 201, "\(answer.text)")
        self.init(name, try answer.decoded(), port)
    }

    private init(_ name: String, _ signedIn: SignedIn, _ port: Int) {
        self.name = name
        self.port = port
        id = signedIn.user.id
        token = signedIn.tokens.accessToken
        client = RESTClient(port: port, token: token)
    }

    /// Another session of somebody who has an account.
    static func signIn(_ name: String, _ port: Int) async throws -> LiveAccount {
        let answer = try await RESTClient(port: port).post(
            "/v1/auth/login", LoginRequest(login: name, password: password))
        #expect(answer.status == 200, "\(answer.text)")
        return LiveAccount(name, try answer.decoded(), port)
    }

    private struct NotWelcome: Error {}

    /// What a connection is welcomed with.
    func welcome() async throws -> Welcome {
        let talker = try await LiveTalker.open(port: port)
        let answer = try await talker.ask(.hello(token: token, client: nil))
        guard case .welcome(_, let welcome) = answer else { throw NotWelcome() }
        return welcome
    }

    func connect() async throws -> LiveTalker { try await LiveTalker.connect(port: port, token: token) }

    func verify(_ mails: MailServer) async throws {
        let token = try await Self.token(in: mails, to: "\(name)@example.com", behind: "/verify-email?token=")
        #expect(try await RESTClient(port: port).get("/v1/auth/verify-email?token=\(token)").status == 200)
    }

    /// The token of the first mail whose link begins so.
    static func token(in mails: MailServer, to address: String, behind link: String) async throws -> String {
        let subject = link.contains("reset") ? "Subject: Set a new password" : "Subject: Verify your email address"
        let mail = await mails.mail(to: address, saying: subject).message
        // Soft line breaks of quoted-printable are taken out.
        let text = mail.replacing("=\r\n", with: "").replacing("=3D", with: "=")
        let range = try #require(text.firstRange(of: link))
        return String(text[range.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
    }

    /// Expects that the connections answer.
    static func expectOpen(_ talkers: [LiveTalker]) async throws {
        for talker in talkers { #expect(try await talker.ask(.time(t0: 7)).answeredId != nil) }
    }

    /// A server process with a mail server, lent to `body`.
    static func serving(
        _ more: [String: String] = [:], _ body: @escaping @Sendable (Int, MailServer) async throws -> Void
    ) async throws {
        try await MailServer.run { mails, mailPort in
            try await ServerDirectory.with { directory in
                let environment = [
                    "SMTP_URL": "smtp://127.0.0.1:\(mailPort)", "MAIL_FROM": "FitAI <mail@fitai.invalid>",
                ].merging(more) { $1 }
                try await ServerProcess.serving(dataDirectory: directory + "/var", environment: environment) {
                    _, ready in
                    try await body(try #require(URL(string: ready.url)?.port), mails)
                }
            }
        }
    }
}
