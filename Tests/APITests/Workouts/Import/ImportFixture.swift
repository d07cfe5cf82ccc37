import API
import Foundation
import Protocol
import Store
import TestKit

/// Training logs and how tests send them.
enum ImportFixture {
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// A whole export that is committed with the tests.
    static func whole(_ name: String) throws -> Data {
        try Data(contentsOf: tests.appendingPathComponent("Fixtures/logs/\(name).csv"))
    }

    /// An excerpt of the protocol tests.
    static func excerpt(_ name: String) throws -> Data {
        try Data(contentsOf: tests.appendingPathComponent("ProtocolTests/Fixtures/\(name).csv"))
    }

    static let hevyHeader =
        "title,start_time,end_time,description,exercise_title,superset_id,exercise_notes,set_index,set_type,weight_kg,"
        + "reps,distance_km,duration_seconds,rpe\n"

    /// Rows of one workout with one exercise, a set of 5 for each weight.
    static func hevy(
        _ weights: [Double], title: String = "Push", start: String = "15 Sep 2025, 07:48",
        exercise: String = "Squat (Barbell)", header: Bool = true
    ) -> String {
        (header ? hevyHeader : "")
            + weights.enumerated().map { place, weight in
                "\"\(title)\",\"\(start)\",,,\"\(exercise)\",,,\(place),normal,\(weight),5,,,\n"
            }.joined()
    }
}

extension ImportFixture {
    static let strongHeader =
        "Workout #;Date;Workout Name;Duration (sec);Exercise Name;Set Order;Weight (kg);Reps;RPE;Distance (meters);"
        + "Seconds;Notes;Workout Notes\n"
}

extension TestUser {
    /// Sends a log.
    func importing(
        _ data: Data, _ query: String = "", headers: [(String, String)] = [("Content-Type", "text/csv")]
    ) async throws -> RESTAnswer {
        try await client.send("POST", "/v1/workouts/import\(query)", json: data, headers: headers)
    }

    /// Sends a log that is imported at once.
    func imported(_ data: Data, _ query: String = "") async throws -> WorkoutImport {
        try await importing(data, query).decoded()
    }

    func imported(_ text: String, _ query: String = "") async throws -> WorkoutImport {
        try await imported(Data(text.utf8), query)
    }
}

extension RESTServer {
    /// Everything that imports store, as one text: equal when nothing has changed.
    func stored() async throws -> String {
        let statements: [SQL] = [
            """
            select string_agg(w::text, E'\\n' order by w.id) from
                (select id, user_id, seq, status, name, started_at, ended_at, tonnage, working_sets from workouts) w
            """,
            "select string_agg(e::text, E'\\n' order by e.workout_id, e.id) from workout_exercises e",
            "select string_agg(s::text, E'\\n' order by s.workout_id, s.id) from workout_sets s",
            "select string_agg(b::text, E'\\n' order by b.workout_id) from workout_bases b",
            "select string_agg(s::text, E'\\n' order by s.user_id, s.source_key) from workout_sources s",
            "select string_agg(x.id || x.name, E'\\n' order by x.id) from exercises x where owner is not null",
        ]
        var texts: [String] = []
        for statement in statements {
            let text = try await pool.query(statement, as: String?.self).first
            texts.append((text ?? nil) ?? "")
        }
        return texts.joined(separator: "\n--\n")
    }

    func count(_ table: StaticString) async throws -> Int {
        try await pool.first("select count(*) from \(raw: table)", as: Int.self) ?? 0
    }
}
