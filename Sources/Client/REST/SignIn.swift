import Protocol

/// A signed-in session: gives access tokens and renews them.
public actor SignIn {
    public nonisolated let user: UserID
    private let rest: RESTClient
    private var tokens: Tokens

    /// Signs in by email or username. Throws `RESTClient.Fault`.
    public init(_ rest: RESTClient, login: String, password: String) async throws(RESTClient.Fault) {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("login", login)
            writer.member("password", password)
        }
        let answer = try await rest.json(.post, "/v1/auth/login", body: writer.bytes)
        guard let user = answer["user"]?["id"]?.id else { throw .unreadable("login names no user") }
        self.user = user
        self.rest = rest
        tokens = try Tokens(answer["tokens"])
    }

    /// A token that is good now: the present one, or a renewed one when it is about to expire or was refused.
    ///
    /// Throws `SignedOut` when the session is over.
    public func accessToken(refused: AccessToken?) async throws -> AccessToken {
        let isRefused = refused?.text == tokens.accessToken
        if isRefused || tokens.expiresAt - .now < .seconds(60) { try await renew() }
        return AccessToken(tokens.accessToken, expiresAt: tokens.expiresAt)
    }

    /// For `LiveClient`.
    public nonisolated var provider: TokenProvider {
        { refused in try await self.accessToken(refused: refused) }
    }

    private func renew() async throws {
        guard let refreshToken = tokens.refreshToken else { throw SignedOut() }
        var writer = JSONWriter()
        writer.object { $0.member("refreshToken", refreshToken) }
        do throws(RESTClient.Fault) {
            let answer = try await rest.json(.post, "/v1/auth/refresh", body: writer.bytes)
            // Another call may have renewed while this one waited; the later answer is the newer token.
            tokens = try Tokens(answer["tokens"] ?? answer)
        } catch {
            if case .problem(status: 401, code: _, detail: _) = error { throw SignedOut() }
            throw error
        }
    }
}

extension Tokens {
    init(_ json: JSONValue?) throws(RESTClient.Fault) {
        guard let access = json?["accessToken"]?.string,
            let expiresAt = json?["expiresAt"]?.string.flatMap({ Timestamp(rfc3339: $0) })
        else { throw .unreadable("there are no tokens in the answer") }
        self.init(
            accessToken: access, expiresAt: expiresAt, refreshToken: json?["refreshToken"]?.string,
            refreshExpiresAt: json?["refreshExpiresAt"]?.string.flatMap { Timestamp(rfc3339: $0) } ?? expiresAt)
    }
}

extension RESTClient {
    /// The exercises the signed-in user may use, with their equipment: the whole library, page by page.
    public func exercises(token: String) async throws(Fault) -> [ExerciseMatcher.Exercise] {
        var exercises: [ExerciseMatcher.Exercise] = []
        var cursor: String?
        repeat {
            let page = try await json(
                .get, "/v1/exercises?limit=100" + (cursor.map { "&cursor=\($0)" } ?? ""), token: token)
            guard let items = page["items"]?.array else { throw .unreadable("exercises has no items") }
            for item in items {
                guard let id = item["id"]?.id, let name = item["name"]?.string else {
                    throw .unreadable("an exercise has no id or name")
                }
                exercises.append(.init(id: id, name: name, equipment: item["equipment"]?.string))
            }
            cursor = page["nextCursor"]?.string
        } while cursor != nil && exercises.count < 20_000
        return exercises
    }
}
