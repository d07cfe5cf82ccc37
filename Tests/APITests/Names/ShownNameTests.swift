import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Names that are shown")
struct ShownNameTests {
    private func register(_ server: RESTServer, _ members: [String: String]) async throws -> RESTAnswer {
        var body = [
            "email": "mal@example.com", "username": "mal", "password": RESTServer.password, "displayName": "Mal",
        ]
        body.merge(members) { $1 }
        return try await server.client.post("/v1/auth/register", body)
    }

    @Test(
        "letters that fold into ASCII are no ASCII: in no address and no username",
        arguments: [
            ("username", "\u{212A}im"), ("username", "\u{17F}am"), ("email", "\u{212A}im@example.com"),
            ("email", "kim@example.\u{212A}om"), ("email", "\u{130}da@example.com"),
        ])
    func folding(member: String, text: String) async throws {
        try await RESTServer.run { server in
            _ = try await server.user("kim")
            let answer = try await register(server, [member: text])
            #expect(answer.status == 422)
            #expect(try answer.problem.errors.map(\.pointer) == ["/\(member)"])
        }
    }

    @Test("a Kelvin sign signs nobody in as k, and joins nobody's account by a provider")
    func kelvin() async throws {
        try await ProviderBench.run { bench in
            _ = try await bench.server.user("kim")
            for login in ["\u{212A}im", "\u{212A}im@example.com"] {
                let answer = try await bench.server.client.post(
                    "/v1/auth/login", LoginRequest(login: login, password: RESTServer.password))
                #expect(answer.code == "invalidCredentials")
            }
            bench.provider.adjust { $0.email = "\u{212A}im@example.com" }
            #expect(try await bench.browser("google").signIn().code == "signInFailed")
            bench.provider.adjust {
                $0.email = "other@example.com"
                $0.login = "\u{212A}im"
            }
            #expect(try await bench.browser("github").signIn().status == 303)
            let names = try await bench.server.pool.query("select username from users", as: String.self)
            #expect(Set(names) == ["kim", "___im"])
        }
    }

    private static let refused = [
        "Ada\u{202E}ecila", "A\u{200B}da", "Ada\u{FEFF}", "\u{2066}Ada\u{2069}", "Ada\u{E000}", "A\u{AD}da",
        "\u{3164}", "Ada\u{115F}", "\u{430}dmin", "Supp\u{3BF}rt", "\u{405}am L",
        "A\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}da",
        "Ada\u{200D}", "Ad\u{200C}a", "Ada\u{E0041}", "Ada\u{34F}", "Ada \u{1F600}\u{200D}",
        "Ada 1\u{FE0F}", "Ada\u{FE0F}\u{20E3}", "Ada \u{1F3F4}\u{E0067}\u{E0062}", "Ada \u{1F600}\u{E0067}\u{E007F}",
    ]

    @Test("a name with what can't be seen, piles up or mixes alphabets is refused")
    func refusals() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            for name in Self.refused {
                let shown = name.unicodeScalars.map { String($0.value, radix: 16) }
                #expect(try await register(server, ["displayName": name]).status == 422, "\(shown)")
                let change = try await ada.client.put("/v1/users/profile", ["displayName": name])
                #expect(try change.problem.errors.map(\.pointer) == ["/displayName"], "\(shown)")
            }
        }
    }

    @Test("names of all languages are taken, in one form")
    func taken() async throws {
        let names = [
            ("  Ada   Lovelace ", "Ada Lovelace"), ("Zoe\u{308}", "Zo\u{EB}"), ("\u{FF21}da", "Ada"),
            ("\u{1D400}da", "Ada"), ("Ada\u{A0}L", "Ada L"), ("Анна Иванова", "Анна Иванова"),
            ("Anna Иванова", "Anna Иванова"), ("Νίκος", "Νίκος"), ("田中 Ken", "田中 Ken"), ("Ken田中", "Ken田中"),
            ("علی\u{200C}رضا", "علی\u{200C}رضا"), ("O’Neill-Søren", "O’Neill-Søren"),
            ("👩\u{200D}🚀 Ada", "👩\u{200D}🚀 Ada"), ("Nguyễn Thị", "Nguyễn Thị"), ("नरेन्द्र", "नरेन्द्र"),
            ("Ada ❤\u{FE0F}", "Ada ❤\u{FE0F}"), ("김민준", "김민준"),
            ("Day 1\u{FE0F}\u{20E3}", "Day 1\u{FE0F}\u{20E3}"), ("Gym®\u{FE0F}", "Gym®\u{FE0F}"),
            ("🇩🇪 Ada 🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪 Ada 🏴󠁧󠁢󠁳󠁣󠁴󠁿"), ("👍🏽 Ada", "👍🏽 Ada"),
        ]
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            for (name, stored) in names {
                let answer = try await ada.client.put("/v1/users/profile", ["displayName": name])
                #expect(answer.status == 200, "\(answer.text)")
                let found = try await server.pool.query("select display_name from users", as: String.self)
                #expect(found.map { Array($0.unicodeScalars) } == [Array(stored.unicodeScalars)])
            }
        }
    }

    @Test("a provider's name is shown without what can't be seen, or the username in its place")
    func provider() async throws {
        let names = [
            "Ada\u{202E}\u{200B} L": "Ada L", "\u{430}dmin": "ada", "\u{200B}\u{202E}": "ada",
            "A\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}da": "\u{C0}\u{301}\u{302}\u{303}\u{304}da",
        ]
        for (given, shown) in names {
            try await ProviderBench.run { bench in
                bench.provider.adjust { $0.name = given }
                #expect(try await bench.browser("google").signIn().status == 303)
                let stored = try await bench.server.pool.query("select display_name from users", as: String.self)
                #expect(stored == [shown])
            }
        }
    }

    @Test("names of templates, exercises and workouts hold nothing that can't be seen, imported ones neither")
    func things() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            for (path, body) in [
                ("/v1/exercises", Samples.exercise.replacing("Sandbag", with: "Sand\u{202E}bag")),
                ("/v1/templates", Samples.template("private").replacing(#""name": ""#, with: "\"name\": \"\u{200B}")),
                ("/v1/workouts", "{\"name\": \"Le\u{2066}gs\"}"),
            ] {
                let answer = try await ada.client.send("POST", path, text: body)
                #expect(answer.status == 422, "\(path): \(answer.text)")
            }
        }
        #expect(TrainingLog.cleaned("Bench\u{202E} Pre\u{200B}ss\n", limit: 100) == "Bench Press ")
    }

    @Test("whatever is stripped has no fault but mixed alphabets, and a good name is left as it is")
    func stripping() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(state: seed)
        for _ in 0..<20_000 {
            let scalars = (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in
                let most: UInt32 = random.chance(in: 3) ? 0x10FFFF : random.chance(in: 2) ? 0x2FFF : 0x3FF
                return Unicode.Scalar(UInt32.random(in: 0...most, using: &random))
            }
            let name = String(String.UnicodeScalarView(scalars))
            let stripped = ShownText.stripped(name)
            let fault = ShownText.fault(in: stripped)
            #expect(fault == nil || fault == .mixedAlphabets, "seed \(seed): \(scalars)")
            if ShownText.fault(in: name) == nil { #expect(stripped == name, "seed \(seed): \(scalars)") }
            // What comes from elsewhere ends as a name that is taken, or as none.
            if let fitting = ShownName.fitting(name, most: 80) {
                #expect(ShownText.fault(in: fitting) == nil, "seed \(seed): \(scalars)")
            }
        }
    }
}
