import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Register")
struct RegisterTests {
    private static func request(_ name: String = "ada") -> RegisterRequest {
        RegisterRequest(
            email: "\(name)@example.com", username: name, password: RESTServer.password, displayName: "Ada L.")
    }

    @Test("a new account is signed in and its mail is written")
    func newAccount() async throws {
        try await RESTServer.run { server in
            let answer = try await server.client.post("/v1/auth/register", Self.request())
            #expect(answer.status == 201)
            #expect(answer[header: "cache-control"] == "no-store")
            let signedIn: SignedIn = try answer.decoded()
            #expect(signedIn.user.username == "ada")
            #expect(!signedIn.user.isVerified)
            #expect(signedIn.tokens.refreshToken != nil)
            let identity = try server.tokens.verify(signedIn.tokens.accessToken)
            #expect(identity.userId == signedIn.user.id)
            let mails = try await server.mails
            #expect(mails.count == 1)
            #expect(mails[0].contains("To: <ada@example.com>"))
            #expect(mails[0].contains("http://127.0.0.1/v1/auth/verify-email?token="))
        }
    }

    @Test("every fault of the body is told with its pointer")
    func everyFault() async throws {
        try await RESTServer.run { server in
            let body = #"{"email": "nobody", "username": "A b", "password": "short", "cookie": 1}"#
            let answer = try await server.client.send("POST", "/v1/auth/register", text: body)
            #expect(answer.status == 422)
            #expect(answer[header: "content-type"] == "application/problem+json")
            let problem = try answer.problem
            #expect(problem.code == "invalidValues")
            #expect(problem.requestId == answer[header: "x-request-id"])
            let faults = Dictionary(uniqueKeysWithValues: problem.errors.map { ($0.pointer, $0.code) })
            #expect(
                faults == [
                    "/email": .badFormat, "/username": .badFormat, "/password": .tooShort, "/displayName": .required,
                    "/cookie": .wrongType,
                ])
        }
    }

    @Test(
        "a common password is refused",
        arguments: [
            "password1", "P@ssw0rd123", "qwertyuiop", "12345678", "iloveyou!!", "aaaaaaaa", "Summer2024",
            "abcabcabc", "liverpool1", "qazwsxedc", "11223344", "dragonmaster1", "24121985", "Maverick", "cocacola",
            "fktrcfylh", "4815162342",
        ])
    func commonPassword(password: String) async throws {
        try await RESTServer.run { server in
            var body = Self.request()
            body.password = password
            let answer = try await server.client.post("/v1/auth/register", body)
            #expect(answer.status == 422)
            #expect(try answer.problem.errors.map(\.code) == [.commonPassword])
        }
    }

    @Test("of the 10,000 most common passwords all that are long enough are known, and made up ones are not among them")
    func published() {
        #expect(CommonPasswords.fingerprints.count == 3395)
        let ranked = [
            "password", "midnight", "rush2112", "drowssap", "usuckballz1", "789456123", "swordfis", "WILDCATS",
        ]
        #expect(ranked.allSatisfy(PasswordRules.isCommon))
        #expect((0..<2000).allSatisfy { !PasswordRules.isCommon("sled \($0) harness \($0 * 7919)") })
    }

    @Test("the email address is no password")
    func emailAsPassword() async throws {
        try await RESTServer.run { server in
            var body = Self.request()
            body.password = "ADA@example.com"
            let answer = try await server.client.post("/v1/auth/register", body)
            #expect(try answer.problem.errors.map(\.pointer) == ["/password"])
        }
    }

    @Test("values at their bounds are taken, beyond them refused", arguments: [(8, 128, true), (7, 8, false)])
    func bounds(username: Int, password: Int, isTaken: Bool) async throws {
        try await RESTServer.run { server in
            let long = String(repeating: "kj3", count: 50)
            let body = RegisterRequest(
                email: "b@example.com", username: isTaken ? String(long.prefix(30)) : String(long.prefix(31)),
                password: String(("x7-" + long).prefix(isTaken ? 128 : 129)),
                displayName: String(repeating: "é", count: isTaken ? 80 : 81))
            let answer = try await server.client.post("/v1/auth/register", body)
            #expect(answer.status == (isTaken ? 201 : 422))
            if !isTaken { #expect(try answer.problem.errors.map(\.code) == [.tooLong, .tooLong, .tooLong]) }
        }
    }

    @Test("a taken email address and a taken username are conflicts, whatever their case")
    func taken() async throws {
        try await RESTServer.run { server in
            _ = try await server.user("ada")
            var body = Self.request("grace")
            body.email = "ADA@Example.com"
            #expect(try await server.client.post("/v1/auth/register", body).code == "emailTaken")
            body = Self.request("grace")
            body.username = "Ada"
            let answer = try await server.client.post("/v1/auth/register", body)
            #expect(answer.status == 409)
            #expect(answer.code == "usernameTaken")
        }
    }

    @Test("of twenty registrations of one name at once exactly one succeeds")
    func concurrent() async throws {
        try await RESTServer.run { server in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        var body = Self.request("ada")
                        body.email = "ada\(number)@example.com"
                        return try await server.client.post("/v1/auth/register", body).status
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [201: 1, 409: 19])
            #expect(try await server.pool.query("select count(*) from users", as: Int.self) == [1])
        }
    }

    @Test("the password is stored only as an argon2id hash")
    func hashed() async throws {
        try await RESTServer.run { server in
            _ = try await server.user("ada")
            let hashes = try await server.pool.query("select password_hash from users", as: String.self)
            #expect(hashes.count == 1)
            #expect(hashes[0].hasPrefix("$argon2id$v=19$"))
        }
    }
}
