import API
import Crypto
import CryptoExtras
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Protocol
import ServiceLifecycle
import Synchronization

/// A sign-in provider on loopback: OpenID Connect with discovery, keys, PKCE and id_tokens, and GitHub's protocol.
///
/// It checks what a real one checks (client, redirect, verifier, a code used once) and errs on request.
package final class SignInServer: Sendable {
    /// Who is signed in there, and what the server does wrong.
    package struct Behaviour: Sendable {
        package var subject = "1234567"
        package var email: String? = "ada@example.com"
        package var isEmailVerified = true
        package var name = "Ada Lovelace"
        package var login = "ada"
        /// Members of the id_token that are put in place of the right ones.
        package var claims: [String: JSONValue] = [:]
        /// Named in the id_token in place of the key's own id.
        package var keyId: String?
        package var algorithm = "RS256"
        /// Signs with a key that is not published under its id.
        package var signsWithForeignKey = false
        /// What discovery says in place of the server's own address.
        package var issuer: String?
        /// Answers everything with status 500.
        package var isBroken = false
        /// Takes every request and answers none before the test is over.
        package var isSilent = false

        package init() {
            // As a real one does.
        }
    }

    private struct Grant {
        let redirect: String
        let challenge: String
        let nonce: String
    }

    private struct State {
        var behaviour: Behaviour
        var grants: [String: Grant] = [:]
        var keyFetches = 0
        var requests = 0
    }

    package static let clientId = "fitai-tests"
    package static let clientSecret = "not a secret"

    private let state: Mutex<State>
    private let key: _RSA.Signing.PrivateKey
    private let foreignKey: _RSA.Signing.PrivateKey
    private let now: @Sendable () -> Timestamp
    private let address = Mutex("")
    /// Holds up what is not answered.
    private let silence = Gate()

    private init(_ behaviour: Behaviour, now: @escaping @Sendable () -> Timestamp) throws {
        state = Mutex(State(behaviour: behaviour))
        key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        foreignKey = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        self.now = now
    }

    /// Without a slash at the end.
    package var url: String { address.withLock { $0 } }
    package var keyFetches: Int { state.withLock(\.keyFetches) }
    /// Of all kinds, those that are refused too.
    package var requests: Int { state.withLock(\.requests) }

    package func adjust(_ change: (inout Behaviour) -> Void) { state.withLock { change(&$0.behaviour) } }

    /// Runs a server and lends it.
    package static func run<Value: Sendable>(
        _ behaviour: Behaviour = Behaviour(), now: @escaping @Sendable () -> Timestamp = { .now },
        _ body: (SignInServer) async throws -> Value
    ) async throws -> Value {
        let server = try SignInServer(behaviour, now: now)
        let (ports, announce) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
        let application = Application(
            responder: server.router().buildResponder(),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in announce.yield(channel.localAddress?.port ?? 0) }, logger: .silent)
        let group = ServiceGroup(services: [application], logger: .silent)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { announce.finish() }
                try await group.run()
            }
            for await port in ports {
                server.address.withLock { $0 = "http://127.0.0.1:\(port)" }
                await server.silence.close()
                let result: Result<Value, any Error>
                do {
                    result = .success(try await body(server))
                } catch {
                    result = .failure(error)
                }
                await server.silence.open()
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                return try result.get()
            }
            try await tasks.waitForAll()
            throw RESTAnswer.Incomplete()
        }
    }

    /// What a browser does whose user consents: takes the address it was sent to, answers the address it is sent back
    /// to. Throws `Refused` for what a provider does not accept.
    package func consent(to page: String) throws -> String {
        guard let url = URLComponents(string: page), page.hasPrefix(self.url) else { throw Refused() }
        func parameter(_ name: String) -> String? { url.queryItems?.first { $0.name == name }?.value }
        guard parameter("client_id") == Self.clientId, let redirect = parameter("redirect_uri"),
            let state = parameter("state"), let challenge = parameter("code_challenge"),
            parameter("code_challenge_method") == "S256"
        else { throw Refused() }
        let code = UUID().uuidString
        let grant = Grant(redirect: redirect, challenge: challenge, nonce: parameter("nonce") ?? "")
        self.state.withLock { $0.grants[code] = grant }
        return "\(redirect)?code=\(code)&state=\(state)&scope=email"
    }

    package struct Refused: Error {}

    private func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: Fault(server: self))
        router.get("/.well-known/openid-configuration") { _, _ in self.discovery() }
        router.get("/keys") { _, _ in try self.keys() }
        router.post("/token") { request, _ in
            guard let grant = try await self.grant(for: request) else {
                return Self.json(["error": .string("invalid_grant")], status: .badRequest)
            }
            return Self.json([
                "token_type": .string("Bearer"), "access_token": .string("opaque"),
                "id_token": .string(try self.idToken(nonce: grant.nonce)),
            ])
        }
        router.post("/login/oauth/access_token") { request, _ in
            guard try await self.grant(for: request) != nil else {
                return Self.json(["error": .string("bad_verification_code")])
            }
            return Self.json(["token_type": .string("bearer"), "access_token": .string("gho_opaque")])
        }
        router.get("/user") { request, _ in try self.user(request) }
        router.get("/user/emails") { request, _ in try self.emails(request) }
        return router
    }

    private func discovery() -> Response {
        let issuer = state.withLock(\.behaviour.issuer) ?? url
        return Self.json([
            "issuer": .string(issuer), "authorization_endpoint": .string("\(url)/authorize"),
            "token_endpoint": .string("\(url)/token"), "jwks_uri": .string("\(url)/keys"),
        ])
    }

    private func keys() throws -> Response {
        state.withLock { $0.keyFetches += 1 }
        let parts = try key.publicKey.getKeyPrimitives()
        return Self.text(
            """
            {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "key-1", "n": "\(parts.modulus.base64URL)", \
            "e": "\(parts.publicExponent.base64URL)"}]}
            """)
    }

    private func grant(for request: Request) async throws -> Grant? {
        let body = try await request.body.collect(upTo: 65_536)
        var form: [String: String] = [:]
        for pair in String(buffer: body).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
            if parts.count == 2 { form[parts[0]] = parts[1] }
        }
        guard form["client_id"] == Self.clientId, form["client_secret"] == Self.clientSecret,
            let code = form["code"], let grant = state.withLock({ $0.grants.removeValue(forKey: code) }),
            form["redirect_uri"] == grant.redirect, let verifier = form["code_verifier"],
            Data(SHA256.hash(data: Data(verifier.utf8))).base64URL == grant.challenge
        else { return nil }
        return grant
    }

    private func idToken(nonce: String) throws -> String {
        let behaviour = state.withLock(\.behaviour)
        let seconds = now().milliseconds / 1000
        func number(_ value: Int64) -> JSONValue { .number(JSONNumber(digits: value)) }
        var claims: [String: JSONValue] = [
            "iss": .string(url), "sub": .string(behaviour.subject), "aud": .string(Self.clientId),
            "exp": number(seconds + 300), "iat": number(seconds), "nonce": .string(nonce),
            "email_verified": .bool(behaviour.isEmailVerified), "name": .string(behaviour.name),
        ]
        if let email = behaviour.email { claims["email"] = .string(email) }
        claims.merge(behaviour.claims) { $1 }
        let header: [String: JSONValue] = [
            "alg": .string(behaviour.algorithm), "kid": .string(behaviour.keyId ?? "key-1"), "typ": .string("JWT"),
        ]
        let signed = "\(Data(Self.bytes(header)).base64URL).\(Data(Self.bytes(claims)).base64URL)"
        let signer = behaviour.signsWithForeignKey ? foreignKey : key
        let signature = try signer.signature(for: Data(signed.utf8), padding: .insecurePKCS1v1_5)
        return "\(signed).\(signature.rawRepresentation.base64URL)"
    }

    private func user(_ request: Request) throws -> Response {
        guard request.headers[.authorization] == "Bearer gho_opaque" else {
            return Self.json([:], status: .unauthorized)
        }
        let behaviour = state.withLock(\.behaviour)
        return Self.text(
            #"{"id": \#(behaviour.subject), "login": "\#(behaviour.login)", "name": "\#(behaviour.name)"}"#)
    }

    private func emails(_ request: Request) throws -> Response {
        guard request.headers[.authorization] == "Bearer gho_opaque" else {
            return Self.json([:], status: .unauthorized)
        }
        let behaviour = state.withLock(\.behaviour)
        let other = #"{"email": "other@example.com", "primary": false, "verified": true}"#
        guard let email = behaviour.email else { return Self.text("[\(other)]") }
        return Self.text(
            #"[\#(other), {"email": "\#(email)", "primary": true, "verified": \#(behaviour.isEmailVerified)}]"#)
    }

    private static func bytes(_ members: [String: JSONValue]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                object.name(name)
                object.value(value)
            }
        }
        return writer.bytes
    }

    private static func json(_ members: [String: JSONValue], status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes(members))))
    }

    private static func text(_ json: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: json)))
    }
}

extension SignInServer {
    /// Counts requests, and breaks them when told to.
    private struct Fault: RouterMiddleware {
        let server: SignInServer

        func handle(
            _ request: Request, context: BasicRequestContext,
            next: (Request, BasicRequestContext) async throws -> Response
        ) async throws -> Response {
            let behaviour = server.state.withLock { state in
                state.requests += 1
                return state.behaviour
            }
            if behaviour.isSilent { await server.silence.pass() }
            return behaviour.isBroken ? Response(status: .internalServerError) : try await next(request, context)
        }
    }
}
