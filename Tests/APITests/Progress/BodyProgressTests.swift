import API
import Protocol
import Synchronization
import TestKit
import Testing

@Suite("Progress of the body")
struct BodyProgressTests {
    private let path = "/v1/progress/body"

    private func measure(_ user: TestUser, _ weight: Double, at time: Timestamp) async throws -> BodyMeasurement {
        let body = #"{"weightKg": \#(weight), "measuredAt": "\#(time.rfc3339)"}"#
        return try await user.client.send("POST", path, text: body).decoded()
    }

    @Test("a measurement is added, changed under its tag, listed and deleted")
    func whole() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let added = try await ada.client.send(
                "POST", path, text: #"{"weightKg": 82.35, "waistCm": 84.5, "note": "after breakfast"}"#)
            #expect(added.status == 201)
            let tag = try #require(added[header: "etag"])
            let measurement: BodyMeasurement = try added.decoded()
            let item = "\(path)/\(measurement.id)"
            let changed = try await ada.client.send(
                "PUT", item, text: #"{"weightKg": 81.9, "waistCm": null}"#, headers: [("If-Match", tag)])
            #expect(changed.status == 200)
            let after: BodyMeasurement = try changed.decoded()
            #expect(after.weightKg == 81.9)
            #expect(after.waistCm == nil)
            #expect(after.note == "after breakfast")
            #expect(after.measuredAt == measurement.measuredAt)
            let late = try await ada.client.send("PUT", item, text: "{}", headers: [("If-Match", tag)])
            #expect(late.code == "preconditionFailed")
            #expect(try await ada.client.send("PUT", item, text: #"{"weightKg": null}"#).status == 422)
            let list: Page<BodyMeasurement> = try await ada.client.get(path).decoded()
            #expect(list.items == [after])
            #expect(try await ada.client.delete(item).status == 204)
            #expect(try await ada.client.delete(item).status == 404)
        }
    }

    @Test(
        "bodies that say nothing or too much are refused",
        arguments: [
            "{}", #"{"note": "none"}"#, #"{"weightKg": 19.9}"#, #"{"weightKg": 501}"#, #"{"weightKg": "80"}"#,
            #"{"bodyFatPercent": 76}"#, #"{"waistCm": 4}"#, #"{"weightKg": 80, "measuredAt": "2999-01-01T00:00:00Z"}"#,
            #"{"weightKg": 80, "measuredAt": "1999-12-31T23:59:59Z"}"#, #"{"weightKg": 80, "id": "7"}"#,
        ])
    func refused(body: String) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            #expect(try await ada.client.send("POST", path, text: body).status == 422)
        }
    }

    @Test("every fault of a body is told")
    func faults() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let answer = try await ada.client.send("POST", path, text: #"{"weightKg": 1, "hipsCm": 1, "neckCm": 900}"#)
            #expect(Set(try answer.problem.errors.map(\.pointer)) == ["/weightKg", "/hipsCm", "/neckCm"])
        }
    }

    @Test("a measurement under a key counts from one clock, also when time passes on the way; a minute ahead means now")
    func oneClock() async throws {
        let ticks = Mutex(Timestamp.now)
        let ticking: @Sendable () -> Timestamp = {
            ticks.withLock { time in
                time = time + .milliseconds(1)
                return time
            }
        }
        try await RESTServer.run(adjust: { $0.now = ticking }) { server in
            let ada = try await server.user("ada")
            for number in 0..<3 {
                let answer = try await ada.client.send(
                    "POST", path, text: #"{"weightKg": 80}"#, headers: [("Idempotency-Key", "scale-\(number)")])
                #expect(answer.status == 201)
                #expect(try answer.decoded(as: BodyMeasurement.self).measuredAt <= ticking())
            }
            let soon = ticking() + .seconds(50)
            #expect(try await measure(ada, 81, at: soon).measuredAt < soon)
            let late = #"{"weightKg": 81, "measuredAt": "\#((soon + .seconds(60)).rfc3339)"}"#
            #expect(try await ada.client.send("POST", path, text: late).status == 422)
        }
    }

    @Test("a key repeats the first answer; another's measurement does not exist; an id is taken once")
    func keysAndOwners() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let headers = [("Idempotency-Key", "scale-1")]
            let first = try await ada.client.send("POST", path, text: #"{"weightKg": 80}"#, headers: headers)
            let again = try await ada.client.send("POST", path, text: #"{"weightKg": 80}"#, headers: headers)
            #expect(first.string("id") == again.string("id"))
            let other = try await ada.client.send("POST", path, text: #"{"weightKg": 81}"#, headers: headers)
            #expect(other.code == "idempotencyKeyReused")
            let id = try #require(first.string("id"))
            #expect(try await bob.client.send("PUT", "\(path)/\(id)", text: #"{"weightKg": 70}"#).status == 404)
            #expect(try await bob.client.delete("\(path)/\(id)").status == 404)
            let taken = try await bob.client.send("POST", path, text: #"{"id": "\#(id)", "weightKg": 70}"#)
            #expect(taken.code == "idTaken")
            let list: Page<BodyMeasurement> = try await bob.client.get(path).decoded()
            #expect(list.items.isEmpty)
        }
    }

    @Test("pages are stable while measurements are added")
    func paging() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let now = server.clock.now
            for day in 1...5 { _ = try await measure(ada, 80 + Double(day), at: now - .seconds(day * 86_400)) }
            let first: Page<BodyMeasurement> = try await ada.client.get("\(path)?limit=2").decoded()
            _ = try await measure(ada, 99, at: now)
            let cursor = try #require(first.nextCursor)
            let rest: Page<BodyMeasurement> = try await ada.client.get("\(path)?limit=100&cursor=\(cursor)").decoded()
            #expect((first.items + rest.items).map(\.weightKg) == [81, 82, 83, 84, 85])
            let from = (now - .seconds(3 * 86_400)).rfc3339
            let cut: Page<BodyMeasurement> = try await ada.client.get("\(path)?from=\(from)").decoded()
            #expect(cut.items.compactMap(\.weightKg) == [99, 81, 82, 83])
        }
    }

    @Test("a trend has its rate and a forecast its interval; fewer than five points give none and say so")
    func trend() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let now = server.clock.now
            for day in [28, 21, 14, 7] {
                _ = try await measure(ada, 90 - (28 - Double(day)) / 14, at: now - .seconds(day * 86_400))
            }
            let early: BodyPredictions = try await ada.client.get("\(path)/predictions").decoded()
            #expect(early.forecasts.isEmpty)
            #expect(early.missing == .fewerThanFivePoints)
            _ = try await measure(ada, 88, at: now)
            let analytics: BodyAnalytics = try await ada.client.get("\(path)/analytics").decoded()
            #expect(analytics.points.map(\.value) == [90, 89.5, 89, 88.5, 88])
            #expect(abs(try #require(analytics.points.last?.smoothed) - 88.46875) < 1e-6)
            #expect(abs(try #require(analytics.trend.perWeek?.value) + 0.5) < 1e-6)
            #expect(analytics.training.pearson == nil)
            let predictions: BodyPredictions = try await ada.client.get("\(path)/predictions").decoded()
            #expect(predictions.forecasts.map(\.daysAhead) == [7, 14, 28, 56, 84])
            #expect(abs(try #require(predictions.forecasts.first?.value) - 87.5) < 1e-6)
            let waist: BodyAnalytics = try await ada.client.get("\(path)/analytics?metric=waistCm").decoded()
            #expect(waist.points.isEmpty)
            for query in ["metric=mood", "days=6", "days=731"] {
                #expect(try await ada.client.get("\(path)/predictions?\(query)").status == 422)
            }
        }
    }
}
