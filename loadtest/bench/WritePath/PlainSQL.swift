import Histogram
import Protocol
import Store

/// The reference of the write path: the rows of a set, written by one connection in batches as fast as Postgres takes
/// them; and what a commit of one row takes on this disk.
struct PlainSQL: Sendable {
    static let batch = 1024

    let pool: PostgresPool

    func setsPerSecond(seconds: Int) async throws -> Int {
        try await pool.execute(
            """
            create table plain_events (workout_id uuid, seq bigint, op_id uuid, received_at timestamptz, body json,
                primary key (workout_id, seq), unique (workout_id, op_id))
            """)
        try await pool.execute(
            """
            create table plain_sets (workout_id uuid, id uuid, entry_id uuid, user_id uuid, weight_g bigint,
                reps integer, logged_at timestamptz, primary key (workout_id, id))
            """)
        let workout = UUIDv7.make()
        let body =
            #"{"kind":"set.log","entryId":"\#(workout)","weightKg":60,"reps":5,"text":"\#(String(repeating: "x", count: 300))"}"#
        var written = 0
        let begin = ContinuousClock.now
        while begin.duration(to: .now) < .seconds(seconds) {
            let first = written
            try await pool.transaction { connection in
                let numbers = (first..<first + Self.batch).map { Int64($0) }
                let ids = numbers.map { _ in UUIDv7.make() }
                try connection.execute(
                    """
                    insert into plain_events select \(workout)::uuid, seq, op, now(), \(body)::json
                    from unnest(\(numbers)::bigint[], \(ids)::uuid[]) e (seq, op)
                    """)
                try connection.execute(
                    """
                    insert into plain_sets select \(workout)::uuid, id, \(workout)::uuid, \(workout)::uuid, seq, 5, now()
                    from unnest(\(numbers)::bigint[], \(ids)::uuid[]) e (seq, id)
                    """)
            }
            written += Self.batch
        }
        let rate = Double(written) / (begin.duration(to: .now) / .seconds(1))
        try await pool.execute("drop table plain_events, plain_sets")
        return Int(rate)
    }

    /// Microseconds of commits of one row each, 200 a second.
    func commitTimes(seconds: Int) async throws -> Histogram<UInt64> {
        try await pool.execute("create table plain_commits (number bigint primary key)")
        var times = Histogram<UInt64>(highestTrackableValue: 20_000_000, numberOfSignificantValueDigits: .three)
        let begin = ContinuousClock.now
        for number in 0..<200 * seconds {
            try await Task.sleep(until: begin + .milliseconds(5) * number)
            let started = ContinuousClock.now
            try await pool.execute("insert into plain_commits values (\(number))")
            times.record(UInt64(started.duration(to: .now) / .microseconds(1)))
        }
        try await pool.execute("drop table plain_commits")
        return times
    }
}
