import Foundation
import Protocol
import Testing

/// The pages' bounds are held to these: `web/tests/bounds-fixtures.json` is written here and read there.
struct BoundsFixtureTests {
    private static let file = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "web/tests/bounds-fixtures.json")
    private static let id = "019a8b3c-7000-7abc-8def-0123456789ab"

    @Test("the fixtures of the pages' bounds are what the checks say today")
    func fixturesAreCurrent() throws {
        let made = try Self.json()
        if ProcessInfo.processInfo.environment["FITAI_WRITE_FIXTURES"] == "1" { try Data(made).write(to: Self.file) }
        let stored = Array(try Data(contentsOf: Self.file))
        #expect(stored == made, "write them again with FITAI_WRITE_FIXTURES=1 swift test --filter BoundsFixtureTests")
    }

    @Test("the fixtures hold ops that are taken and ops that are not, of every kind that has bounds")
    func bothOccur() throws {
        for kind in [
            "workout.start", "workout.complete", "exercise.add", "exercise.update", "set.log", "rest.start", "note",
        ] {
            let codes = try Self.members.filter { $0.contains("\"kind\":\"\(kind)\"") }.map(Self.code)
            #expect(codes.contains(nil) && codes.contains { $0 != nil }, "\(kind)")
        }
    }

    private static func json() throws -> [UInt8] {
        var writer = JSONWriter()
        let ops = try members.map { ($0, try code($0)) }
        writer.object { writer in
            writer.name("ops")
            writer.array(ops) { writer, op in
                let (members, code) = op
                writer.object { writer in
                    writer.name("op")
                    writer.raw(Array("{\(members)}".utf8))
                    writer.name("code")
                    if let code { writer.string(code.rawValue) } else { writer.raw(Array("null".utf8)) }
                }
            }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    /// Why an op with these members is never taken.
    private static func code(_ members: String) throws -> Refusal.Code? {
        let json = try JSONReader.parse(Array("{\"opId\":\"\(id)\",\"at\":1700000000000,\(members)}".utf8))
        do throws(Refusal) { try WorkoutOp(json).action.checkBounds() } catch { return error.code }
        return nil
    }

    private static let members: [String] = sets + others

    private static var sets: [String] {
        let values = [
            "weightKg": [0, 0.001, 102.0583, 122.5, 1000, 1000.001, 1225, -1], "reps": [0, 1, 2.5, 1000, 1001, -1],
            "rpe": [0.5, 1, 7.5, 7.3, 7.25, 10, 10.5], "rir": [0, 10, 11, 1.5, -1],
            "durationSeconds": [0, 0.001, 0.0001, 86_400, 86_400.001],
            "distanceMeters": [0, 400.125, 1_000_000, 1_000_001],
        ]
        let alone = values.sorted { $0.key < $1.key }.flatMap { name, values in
            values.flatMap { value in
                let text = value == value.rounded() ? "\(Int(value))" : "\(value)"
                return [
                    "{\"\(name)\":\(text)}",
                    name == "reps" ? "{\"reps\":\(text),\"rir\":2}" : "{\"\(name)\":\(text),\"reps\":5}",
                ]
            }
        }
        return alone.map { "\"kind\":\"set.log\",\"setId\":\"\(id)\",\"entryId\":\"\(id)\",\"set\":\($0)" }
            + alone.prefix(8).map { "\"kind\":\"set.update\",\"setId\":\"\(id)\",\"set\":\($0)" }
    }

    private static var others: [String] {
        let names = [
            "Früh am Morgen 💪", "", String(repeating: "é", count: 100), String(repeating: "x", count: 101), "a\\nb",
        ]
        let workouts = ["workout.start", "workout.plan", "workout.update"].flatMap { kind in
            names.map { "\"kind\":\"\(kind)\",\"name\":\"\($0)\"" }
                + ["2026-02-28", "2026-02-30", "2026-2-3", "later"].map {
                    "\"kind\":\"\(kind)\",\"plannedFor\":\"\($0)\""
                }
                + [946_684_799_999, 946_684_800_000].map { "\"kind\":\"\(kind)\",\"startedAt\":\($0)" }
        }
        let details =
            names.map { "\"name\":\"\($0)\"" } + [
                "\"exerciseId\":\"\(id)\"", "\"restSeconds\":90", "\"exerciseId\":\"\(id)\",\"restSeconds\":86400.5",
                "\"name\":\"Sled\",\"supersetGroup\":0", "\"name\":\"Sled\",\"supersetGroup\":100,\"restSeconds\":0.5",
                "\"name\":\"Sled\",\"restSeconds\":0.0005", "\"name\":\"Sled\",\"supersetGroup\":1.5",
            ]
        let entries = ["exercise.add", "exercise.update"].flatMap { kind in
            details.map { "\"kind\":\"\(kind)\",\"entryId\":\"\(id)\",\($0)" }
        }
        return workouts + entries
            + ["", ",\"rpe\":8.5", ",\"rpe\":8.3", ",\"rpe\":11"].map { "\"kind\":\"workout.complete\"\($0)" }
            + ["0", "0.001", "0.0001", "86400", "86401"].map { "\"kind\":\"rest.start\",\"seconds\":\($0)" }
            + ["two\\nlines", "", String(repeating: "x", count: 2001), "bell\\u0007"].map {
                "\"kind\":\"note\",\"text\":\"\($0)\""
            }
            + ["\"kind\":\"note\"", "\"kind\":\"rest.skip\"", "\"kind\":\"set.delete\",\"setId\":\"\(id)\""]
            + ["[\"\(id)\"]", "[\"\(id)\",\"\(id)\"]"].map { "\"kind\":\"exercise.reorder\",\"entryIds\":\($0)" }
    }
}
