import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("The second factor")
struct SecondFactorTests {
    @Test("with it a log-in answers a challenge, and challenge and code open the session")
    func signIn() async throws {
        try await RESTServer.run { server in
            let ada = try await SecondFactorBench.on("ada", server)
            #expect(ada.recoveryCodes.count == 10)
            let challenge = try await ada.challenge()
            let opened = try await server.pool.query("select count(*) from sessions", as: Int.self)
            let answer = try await ada.send(ada.code(), challenge)
            #expect(try answer.decoded(as: SignedIn.self).user.id == ada.user.id)
            #expect(try await server.pool.query("select count(*) from sessions", as: Int.self) == [opened[0] + 1])
            #expect(try await ada.login("wrong").code == "invalidCredentials")
            let subjects = try await server.subjects(to: "ada@example.com")
            #expect(subjects.contains("Your second factor is on"))
        }
    }

    @Test("a code counts once, also at another challenge and at the same moment")
    func once() async throws {
        try await RESTServer.run { server in
            let ada = try await SecondFactorBench.on("ada", server)
            let challenges = [try await ada.challenge(), try await ada.challenge(), try await ada.challenge()]
            let code = ada.code()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for challenge in challenges {
                    group.addTask { try await ada.send(code, challenge).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200, 403, 403])
            #expect(try await ada.send(ada.code(1), challenges[0]).status == 200)
            // An earlier one is used up with it.
            #expect(try await ada.send(ada.code(), challenges[1]).code == "codeWrong")
        }
    }

    @Test("a recovery code stands in for the app, once, and is told by mail")
    func recovery() async throws {
        try await RESTServer.run { server in
            let ada = try await SecondFactorBench.on("ada", server)
            let code = ada.recoveryCodes[3]
            #expect(try await ada.send(code.uppercased(), try await ada.challenge()).status == 200)
            #expect(try await ada.send(code, try await ada.challenge()).code == "codeWrong")
            #expect(try await ada.send(ada.recoveryCodes[4], try await ada.challenge()).status == 200)
            let subjects = try await server.subjects(to: "ada@example.com")
            #expect(subjects.filter { $0 == "A recovery code was used" }.count == 2)
            // Neither codes nor secret lie in the database in the clear.
            let stored = try await server.pool.query("select secret from second_factors", as: [UInt8].self)
            #expect(Data(stored[0]).range(of: ada.secret) == nil)
        }
    }

    @Test("new recovery codes take the password and a code; the old ones end at once, and a mail tells")
    func newRecoveryCodes() async throws {
        try await RESTServer.run { server in
            let ada = try await SecondFactorBench.on("ada", server)
            func renew(_ password: String, _ code: String) async throws -> RESTAnswer {
                try await ada.user.client.post(
                    "/v1/users/second-factor/recovery-codes", SecondFactorProof(password: password, code: code))
            }
            _ = try await ada.send(ada.recoveryCodes[0], ada.challenge())
            #expect(try await renew("wrong", ada.code()).code == "passwordWrong")
            #expect(try await renew(RESTServer.password, "000000").code == "codeWrong")
            #expect(try await renew(RESTServer.password, ada.recoveryCodes[0]).code == "codeWrong")
            let answer = try await renew(RESTServer.password, ada.code())
            #expect(answer.status == 200)
            let codes = try answer.decoded(as: RecoveryCodes.self).recoveryCodes
            #expect(codes.count == 10 && Set(codes).isDisjoint(with: ada.recoveryCodes))
            let status: SecondFactorStatus = try await ada.user.client.get("/v1/users/second-factor").decoded()
            #expect(status == SecondFactorStatus(isOn: true, recoveryCodesLeft: 10))
            for old in ada.recoveryCodes[1...2] {
                #expect(try await ada.send(old, try await ada.challenge()).code == "codeWrong")
            }
            #expect(try await ada.send(codes[9], try await ada.challenge()).status == 200)
            #expect(try await renew(RESTServer.password, ada.code()).code == "codeWrong")
            let subjects = try await server.subjects(to: "ada@example.com")
            #expect(subjects.contains("You have new recovery codes"))
            let kinds = try await server.pool.query("select kind from security_events", as: String.self)
            #expect(kinds.filter { $0 == "recoveryCodesRenewed" }.count == 1)
            let bob = try await server.user("bob")
            let none = try await bob.client.post(
                "/v1/users/second-factor/recovery-codes",
                SecondFactorProof(password: RESTServer.password, code: "000000"))
            #expect(none.code == "wrongState")
        }
    }

    @Test("its owner sees whether it is on, and how many recovery codes are left")
    func status() async throws {
        try await RESTServer.run { server in
            func status(_ client: RESTClient) async throws -> SecondFactorStatus {
                try await client.get("/v1/users/second-factor").decoded()
            }
            let bob = try await server.user("bob")
            #expect(try await status(bob.client) == SecondFactorStatus(isOn: false, recoveryCodesLeft: 0))
            _ = try await bob.client.post("/v1/users/second-factor", ["password": RESTServer.password])
            // Begun is not on.
            #expect(try await status(bob.client) == SecondFactorStatus(isOn: false, recoveryCodesLeft: 0))
            let ada = try await SecondFactorBench.on("ada", server)
            _ = try await ada.send(ada.recoveryCodes[0], ada.challenge())
            #expect(try await status(ada.user.client) == SecondFactorStatus(isOn: true, recoveryCodesLeft: 9))
            #expect(try await server.client.get("/v1/users/second-factor").status == 401)
        }
    }

    @Test("a challenge is good for five minutes and five codes")
    func bounds() async throws {
        try await RESTServer.run(adjust: { $0.loginDelays.freeForAccount = 100 }) { server in
            let ada = try await SecondFactorBench.on("ada", server)
            let late = try await ada.challenge()
            server.clock.advance(by: .seconds(301))
            let tooLate = try await ada.send(ada.code(), late)
            #expect(tooLate.code == "challengeInvalid")
            #expect(tooLate.string("detail") == "That took too long. Sign in again.")
            let tried = try await ada.challenge()
            for _ in 0..<5 { #expect(try await ada.send("000000", tried).code == "codeWrong") }
            let tooOften = try await ada.send(ada.code(), tried)
            #expect(tooOften.code == "challengeInvalid")
            #expect(tooOften.string("detail") == "Too many wrong codes. Sign in again.")
            #expect(try await ada.send(ada.code(), "nonsense").code == "challengeInvalid")
            #expect(try await ada.send(ada.code(), nil).code == "originRefused")
            #expect(try await ada.send(ada.code(), try await ada.challenge()).status == 200)
        }
    }

    @Test("who knows the password can't guess codes on: the account has a ceiling over all challenges and addresses")
    func guessing() async throws {
        try await RESTServer.run(adjust: {
            $0.trustedProxies = [AddressRange("127.0.0.1")].compactMap { $0 }
            $0.loginDelays.ceiling = 50
        }) { server in
            let ada = try await SecondFactorBench.on("ada", server)
            func guess(_ number: Int) async throws -> Int {
                let body = SecondFactorLogin(challenge: try await ada.challenge(), code: "000000")
                return try await server.client.post(
                    "/v1/auth/second-factor", body, headers: [("X-Forwarded-For", "198.51.100.\(number)")]
                ).status
            }
            for number in 1...10 { #expect(try await guess(number) == 403) }
            #expect(try await guess(11) == 429)
        }
    }

    @Test("a challenge is worth nothing after the password was reset, which leaves the second factor on")
    func resetBetween() async throws {
        try await RESTServer.run { server in
            let ada = try await SecondFactorBench.on("ada", server)
            let challenge = try await ada.challenge()
            _ = try await server.client.post(
                "/v1/auth/forgot-password", ForgotPasswordRequest(email: "ada@example.com"))
            let reset = ResetPasswordRequest(
                token: try await server.secret("/reset-password/#"), password: "an-entirely-new-9-secret")
            #expect(try await server.client.post("/v1/auth/reset-password", reset).status == 204)
            #expect(try await ada.send(ada.code(), challenge).code == "challengeInvalid")
            #expect(try await ada.login("an-entirely-new-9-secret").code == "secondFactorRequired")
        }
    }

    @Test("a reset makes no device known and keeps no account that is leaving; the sign-in with a code does")
    func resetWhileLeaving() async throws {
        try await RESTServer.run { server in
            let ada = try await SecondFactorBench.on("ada", server)
            let deletion = #"{"password": "\#(RESTServer.password)"}"#
            #expect(try await ada.user.client.send("DELETE", "/v1/users/account", text: deletion).status == 202)
            _ = try await server.client.post(
                "/v1/auth/forgot-password", ForgotPasswordRequest(email: "ada@example.com"))
            let password = "an-entirely-new-9-secret"
            let reset = ResetPasswordRequest(
                token: try await server.secret("/reset-password/#"), password: password)
            let answer = try await server.client.post("/v1/auth/reset-password", reset)
            #expect(answer.status == 204)
            #expect(answer[header: "set-cookie"] == nil)
            #expect(try await server.pool.query("select status from users", as: String.self) == ["leaving"])
            let challenge = try #require(try await ada.login(password).problem.challenge)
            #expect(try await server.pool.query("select status from users", as: String.self) == ["leaving"])
            #expect(try await ada.send(ada.code(), challenge).status == 200)
            #expect(try await server.pool.query("select status from users", as: String.self) == ["active"])
        }
    }

    @Test("turning it on takes the password and a right code, ends other sessions, and is done once")
    func turningOn() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let other: SignedIn = try await ada.login(server).decoded()
            let path = "/v1/users/second-factor"
            #expect(try await ada.client.post(path, ["password": "wrong"]).code == "passwordWrong")
            #expect(try await ada.client.send("POST", path, text: "{}").status == 422)
            let confirm = SecondFactorConfirmation(code: "000000")
            #expect(try await ada.client.post(path + "/confirm", confirm).code == "wrongState")
            let first: SecondFactorSetup = try await ada.client.post(
                path, ["password": RESTServer.password]
            ).decoded()
            let setup: SecondFactorSetup = try await ada.client.post(
                path, ["password": RESTServer.password]
            ).decoded()
            #expect(first.secret != setup.secret)
            // Not on before a code has come.
            #expect(try await ada.login(server).status == 200)
            #expect(try await ada.client.post(path + "/confirm", confirm).code == "codeWrong")
            let secret = try #require(Base32.bytes(setup.secret))
            let code = TOTP.code(secret, step: TOTP.step(at: server.clock.now))
            let right = SecondFactorConfirmation(code: code)
            #expect(try await ada.client.post(path + "/confirm", right).status == 200)
            #expect(throws: TokenFault.revoked) { try server.tokens.verify(other.tokens.accessToken) }
            #expect(throws: Never.self) { try server.tokens.verify(ada.tokens.accessToken) }
            #expect(try await ada.client.post(path, ["password": RESTServer.password]).code == "wrongState")
            let unverified = try await server.user("bob", isVerified: false)
            let refused = try await unverified.client.post(path, ["password": RESTServer.password])
            #expect(refused.code == "emailUnverified")
        }
    }

    @Test("turning it off takes password and code")
    func turningOff() async throws {
        try await RESTServer.run { server in
            let ada = try await SecondFactorBench.on("ada", server)
            func remove(_ password: String, _ code: String) async throws -> RESTAnswer {
                let body = SecondFactorProof(password: password, code: code)
                return try await ada.user.client.send(
                    "DELETE", "/v1/users/second-factor", json: JSONEncoder().encode(body))
            }
            #expect(try await remove("wrong", ada.code()).code == "passwordWrong")
            #expect(try await remove(RESTServer.password, "000000").code == "codeWrong")
            #expect(try await remove(RESTServer.password, ada.code()).status == 204)
            #expect(try await remove(RESTServer.password, ada.code(1)).code == "wrongState")
            #expect(try await ada.login().status == 200)
            let kinds = try await server.pool.query("select kind from security_events", as: String.self)
            for kind in ["secondFactorOn", "secondFactorOff"] { #expect(kinds.contains(kind)) }
        }
    }

    @Test("a sign-in by a provider asks for it too, with the challenge in a cookie", arguments: ["google", "github"])
    func provider(name: String) async throws {
        try await ProviderBench.run { bench in
            let server = bench.server
            let ada = try await SecondFactorBench.on("ada", server)
            let answer = try await bench.browser(name).signIn(returnTo: "/workouts?tab=1")
            #expect(answer[header: "location"] == "/#/second-factor?returnTo=%2Fworkouts%3Ftab%3D1")
            #expect(!answer.headers.contains { $0.1.hasPrefix("fitai_refresh=") })
            let cookie = try server.cookie("fitai_challenge", of: answer)
            let body = SecondFactorLogin(challenge: nil, code: ada.code())
            let foreign = try await server.client.post("/v1/auth/second-factor", body, headers: [cookie])
            #expect(foreign.code == "originRefused")
            let ours = [cookie, ("Origin", "http://127.0.0.1")]
            let opened = try await server.client.post("/v1/auth/second-factor", body, headers: ours)
            #expect(try opened.decoded(as: SignedIn.self).user.id == ada.user.id)
            #expect(try opened.decoded(as: SignedIn.self).tokens.refreshToken == nil)
        }
    }

    @Test("a privileged role counts only in sessions that have passed it")
    func roles() async throws {
        try await Probe.run { server in
            let root = try await server.user("root")
            _ = try await AccountRoles(pool: server.pool, now: { server.clock.now })
                .grant(.admin, to: "root@example.com")
            let plain: SignedIn = try await root.login(server).decoded()
            let client = server.client(token: plain.tokens.accessToken)
            let refused = try await client.get("/v1/probe/admin")
            #expect(refused.status == 403)
            #expect(refused.code == "secondFactorMissing")
            let setup: SecondFactorSetup = try await client.post(
                "/v1/users/second-factor", ["password": RESTServer.password]
            ).decoded()
            let secret = try #require(Base32.bytes(setup.secret))
            func code() -> String { TOTP.code(secret, step: TOTP.step(at: server.clock.now)) }
            #expect(
                try await client.post(
                    "/v1/users/second-factor/confirm", SecondFactorConfirmation(code: code())
                ).status == 200)
            let renewed: Tokens = try await server.client.post(
                "/v1/auth/refresh", RefreshRequest(refreshToken: plain.tokens.refreshToken)
            ).decoded()
            let admin = server.client(token: renewed.accessToken)
            #expect(try await admin.get("/v1/probe/admin").status == 200)
            server.clock.advance(by: .seconds(30))
            let removal = SecondFactorProof(password: RESTServer.password, code: code())
            #expect(
                try await admin.send("DELETE", "/v1/users/second-factor", json: JSONEncoder().encode(removal)).status
                    == 204)
            // The token with the role is worth nothing any more.
            #expect(try await admin.get("/v1/probe/admin").code == "sessionEnded")
        }
    }

    @Test("a secret is sealed anew under a newer signing key, and the older one can go")
    func rotation() async throws {
        try await RESTServer.run { server in
            let user = try await server.user("ada").id
            let directory = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUIDv7.make())")
            defer { try? FileManager.default.removeItem(at: directory) }  // a left-over directory harms nobody
            let (first, second) = (directory.appendingPathComponent("1"), directory.appendingPathComponent("2"))
            let (early, late) = (Timestamp(milliseconds: 1000), Timestamp(milliseconds: 2000))
            let older = try SigningKeys(directory: first, now: early)
            let newer = try SigningKeys(directory: second, now: late)
            try FileManager.default.copyItem(
                at: second.appendingPathComponent("2000.key"), to: first.appendingPathComponent("2000.key"))
            let both = try SigningKeys(directory: first, now: late)
            @Sendable func factors(_ keys: SigningKeys) -> SecondFactors {
                SecondFactors(pool: server.pool, keys: keys, now: { server.clock.now })
            }
            let codes = try await server.pool.transaction { connection in
                let begun = factors(older)
                let secret = try begun.begin(for: user, on: connection)
                let step = TOTP.step(at: server.clock.now)
                let codes = try begun.confirm(TOTP.code(secret, step: step), of: user, on: connection)
                return (secret, step, codes)
            }
            #expect(codes.2?.count == 10)
            #expect(try await factors(newer).resealSome() == 0)
            #expect(try await factors(both).resealSome() == 1)
            #expect(try await factors(both).resealSome() == 0)
            let taken = try await server.pool.transaction { connection in
                try factors(newer).take(TOTP.code(codes.0, step: codes.1 + 1), of: user, on: connection)
            }
            #expect(taken == .code)
        }
    }
}

extension TestUser {
    fileprivate func login(_ server: RESTServer) async throws -> RESTAnswer {
        try await server.client.post(
            "/v1/auth/login", LoginRequest(login: account.username, password: RESTServer.password))
    }
}
