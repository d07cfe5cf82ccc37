import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Plates a user owns")
struct PlateTests {
    private let path = "/v1/users/plates"

    private func put(_ user: TestUser, _ body: String, headers: [(String, String)] = []) async throws -> RESTAnswer {
        try await user.client.send("PUT", path, text: body, headers: headers)
    }

    @Test("nothing is told at first; what is told stays, sorted, until it is taken back")
    func whole() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let first = try await ada.client.get(path)
            #expect(try first.decoded(as: PlateRack.self) == PlateRack())
            let body =
                #"{"barbellKg": 15, "plates": [{"weightKg": 1.25, "pairs": 1}, {"weightKg": 20.41, "pairs": 2}]}"#
            let told = try await put(ada, body)
            #expect(told.status == 200)
            let plates = [PlatePairs(weightKg: 20.41, pairs: 2), PlatePairs(weightKg: 1.25, pairs: 1)]
            #expect(try told.decoded(as: PlateRack.self) == PlateRack(barbellKg: 15, plates: plates))
            #expect(told[header: "etag"] != first[header: "etag"])
            #expect(try await put(ada, #"{"ezBarKg": 7.5, "barbellKg": null}"#).status == 200)
            let now: PlateRack = try await ada.client.get(path).decoded()
            #expect(now == PlateRack(ezBarKg: 7.5, plates: plates))
            #expect(try await put(ada, #"{"plates": []}"#).decoded(as: PlateRack.self).plates == [])
            #expect(try await put(ada, #"{"plates": null}"#).decoded(as: PlateRack.self).plates == nil)
            #expect(try await bob.client.get(path).decoded(as: PlateRack.self) == PlateRack())
            #expect(try await server.client.get(path).status == 401)
        }
    }

    @Test("values out of bounds change nothing, each named")
    func bounds() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            func pointers(_ body: String) async throws -> [String] {
                let answer = try await put(ada, body)
                #expect(answer.status == 422, "\(body)")
                return try answer.decoded(as: Problem.self).errors.map(\.pointer)
            }
            func plate(_ weight: String, _ pairs: String = "1") -> String {
                #"{"weightKg": \#(weight), "pairs": \#(pairs)}"#
            }
            #expect(try await pointers(#"{"barbellKg": 50.01, "ezBarKg": -1}"#) == ["/barbellKg", "/ezBarKg"])
            #expect(try await pointers(#"{"barbellKg": 20.005}"#) == ["/barbellKg"])
            #expect(
                try await pointers(#"{"plates": [\#(plate("0.04")), \#(plate("50.5"))]}"#)
                    == ["/plates/0/weightKg", "/plates/1/weightKg"])
            #expect(try await pointers(#"{"plates": [\#(plate("5", "0"))]}"#) == ["/plates/0/pairs"])
            #expect(try await pointers(#"{"plates": [\#(plate("5", "11"))]}"#) == ["/plates/0/pairs"])
            #expect(try await pointers(#"{"plates": [\#(plate("5", "1.5"))]}"#) == ["/plates/0/pairs"])
            #expect(try await pointers(#"{"plates": [\#(plate("5")), \#(plate("5.00"))]}"#) == ["/plates/1/weightKg"])
            let many = (1...17).map { plate("\($0)") }.joined(separator: ",")
            #expect(try await pointers(#"{"plates": [\#(many)]}"#) == ["/plates"])
            #expect(try await put(ada, #"{"plates": 5}"#).status >= 400)
            #expect(try await put(ada, "{").status == 400)
            let edge = #"{"barbellKg": 0, "ezBarKg": 50, "plates": [\#(plate("0.05", "10")), \#(plate("50"))]}"#
            #expect(try await put(ada, edge).status == 200)
        }
    }

    @Test("a change under an old entity tag is refused, also the first one; of two at once one wins")
    func conditions() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let tag = try #require(try await ada.client.get(path)[header: "etag"])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for weight in [10, 15] {
                    group.addTask {
                        try await put(ada, #"{"barbellKg": \#(weight)}"#, headers: [("If-Match", tag)]).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200, 412])
            #expect(try await put(ada, #"{"barbellKg": 30}"#, headers: [("If-Match", tag)]).status == 412)
            let now = try #require(try await ada.client.get(path)[header: "etag"])
            #expect(try await put(ada, #"{"barbellKg": 30}"#, headers: [("If-Match", now)]).status == 200)
        }
    }

    /// The targets of a first day of squats by percentage, 100 kg × 5 being the best so far (116.667 kg by Epley).
    private func targets(_ user: TestUser, _ template: Template) async throws -> [PlannedSet] {
        let body = #"{"templateId": "\#(template.id)", "day": 2, "plannedFor": "2030-01-02"}"#
        let workout: Workout = try await user.client.send("POST", "/v1/workouts", text: body).decoded()
        return try #require(workout.exercises.first).targets
    }

    @Test("targets are rounded to one's own plates and say so; without plates, or with a heavy bar, too")
    func targets() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            try await ada.log(TemplateTests.bench)
            let template: Template = try await ada.client.send(
                "POST", "/v1/templates", text: TemplateTests.body()
            ).decoded()
            // 80 % are 93.333 kg, five at RPE 8 94.595 kg.
            let usual = try await targets(ada, template)
            #expect(usual.map(\.weightKg) == [92.5, 95])
            #expect(usual.allSatisfy { $0.why.hasSuffix("rounded to the plates.") })
            _ = try await put(ada, #"{"barbellKg": 15, "plates": [{"weightKg": 20, "pairs": 2}]}"#)
            let own = try await targets(ada, template)
            #expect(own.map(\.weightKg) == [95, 95])
            #expect(own.allSatisfy { $0.why.hasSuffix("rounded to your plates.") })
            _ = try await put(ada, #"{"plates": []}"#)
            let bare = try await targets(ada, template)
            #expect(bare.map(\.weightKg) == [15, 15])
            #expect(bare.allSatisfy { $0.why.hasSuffix("more than your plates make.") })
            _ = try await put(ada, #"{"barbellKg": null, "plates": null}"#)
            #expect(try await targets(ada, template).map(\.weightKg) == [92.5, 95])
            // The other bar's weight is no matter here.
            _ = try await put(ada, #"{"ezBarKg": 12}"#)
            #expect(try await targets(ada, template).map(\.weightKg) == [92.5, 95])
        }
    }
}
