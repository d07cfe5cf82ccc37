import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("The pepper of passwords")
struct PepperTests {
    private static let old = Data(repeating: 1, count: 32).base64EncodedString()
    private static let new = Data(repeating: 2, count: 32).base64EncodedString()

    /// Lends hashings with these keys.
    private func with(
        _ keys: String?..., body: @Sendable ([PasswordHashing]) async throws -> Void
    ) async throws {
        let hashings = try keys.map { keys in
            let pepper = try keys.map { try #require(PasswordPepper($0)) }
            return PasswordHashing(cost: PasswordCost(memoryKiB: 64, passes: 1), pepper: pepper)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for hashing in hashings { group.addTask { try await hashing.run() } }
            defer { group.cancelAll() }
            try await body(hashings)
        }
    }

    @Test("a log-in has the hash made anew with the newest pepper, also one that had none or an older one")
    func rotation() async throws {
        try await with(nil, Self.old, "# newest first\n\(Self.new)\n\(Self.old)\n") { hashings in
            let (none, one, both) = (hashings[0], hashings[1], hashings[2])
            let plain = try await none.hash("secret 9")
            let first = try #require(try await one.renewed("secret 9", for: plain))
            #expect(try await one.verify("secret 9", against: plain))
            #expect(try await one.renewed("secret 9", for: first) == nil)
            let second = try #require(try await both.renewed("secret 9", for: first))
            #expect(second.hasPrefix("$pepper$") && second.prefix(16) != first.prefix(16))
            for hash in [plain, first, second] {
                #expect(try await both.verify("secret 9", against: hash))
                #expect(try await !both.verify("secret 8", against: hash))
            }
        }
    }

    @Test("without the pepper a hash verifies nothing, and its absence is an error rather than a wrong password")
    func missing() async throws {
        try await with(Self.old, Self.new, nil) { hashings in
            let hash = try await hashings[0].hash("secret 9")
            for other in hashings[1...2] {
                await #expect(throws: PasswordHashing.PepperMissing.self) {
                    try await other.verify("secret 9", against: hash)
                }
            }
            #expect(try await !hashings[2].verify("secret 9", against: StoredHash(hash).encoded))
        }
    }

    @Test("a log-in replaces a hash without a pepper, and works on")
    func login() async throws {
        try await RESTServer.run(adjust: { $0.passwordPepper = PasswordPepper(Self.new) }) { server in
            _ = try await server.user("ada")
            // crypt("correct horse 9") with cost 4.
            let bcrypt = "$2b$04$abcdefghijklmnopqrstuuNQrW4HtpbvUPwWirnrwjC4bel4JAS1u"
            try await server.pool.execute("update users set password_hash = \(bcrypt)")
            let login = LoginRequest(login: "ada", password: "correct horse 9")
            for _ in 0..<2 { #expect(try await server.client.post("/v1/auth/login", login).status == 200) }
            let stored = try await server.pool.query("select password_hash from users", as: String.self)
            #expect(stored[0].hasPrefix("$pepper$"))
        }
    }

    @Test(
        "a file that holds no keys, short ones, or that others may read is none",
        arguments: ["", "# nothing\n", "AAAA\n", "not base64 at all!\n"])
    func files(text: String) throws {
        #expect(PasswordPepper(text) == nil)
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("pepper-\(UUIDv7.make())")
        defer { try? FileManager.default.removeItem(at: file) }  // a left-over file harms nobody
        let files = FileManager.default
        #expect(PasswordPepper(file: file.path) == nil)
        let open: [FileAttributeKey: Any] = [.posixPermissions: 0o644]
        #expect(files.createFile(atPath: file.path, contents: Data(Self.new.utf8), attributes: open))
        #expect(PasswordPepper(file: file.path) == nil)
        try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        #expect(PasswordPepper(file: file.path) != nil)
    }
}
