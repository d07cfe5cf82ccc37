import Protocol
import Realtime
import Store

extension BodyMetric: SQLBindable, ColumnDecodable {}

/// A measurement as it is stored.
struct StoredMeasurement: Sendable {
    let id: BodyMeasurementID
    var measuredAt: Timestamp
    var values: [BodyMetric: Double]
    var note: String?
    var version: Int

    var wire: BodyMeasurement {
        BodyMeasurement(id: id, measuredAt: measuredAt, values: values, note: note)
    }
}

/// Bodies as they were measured.
struct BodyMeasurements: Sendable {
    /// Measurements of a user; goals and trends look at all of them.
    static let limit = 10_000

    let pool: PostgresPool

    private static let columns: SQL = """
        m.id, m.measured_at, m.note, m.version,
        array(select v.metric from body_values v where v.measurement_id = m.id order by v.metric),
        array(select v.value from body_values v where v.measurement_id = m.id order by v.metric)
        """

    private static let read: @Sendable (inout RowReader) throws(StoreError) -> StoredMeasurement = {
        row throws(StoreError) in
        var measurement = StoredMeasurement(
            id: try row.next(), measuredAt: try row.next(), values: [:], note: try row.next(), version: try row.next())
        let metrics = try row.next([BodyMetric].self)
        for (metric, value) in zip(metrics, try row.next([Double].self)) { measurement.values[metric] = value }
        return measurement
    }

    /// The latest measurement first.
    func list(of user: UserID, _ query: BodyQuery) async throws -> [StoredMeasurement] {
        var conditions: [SQL] = ["m.user_id = \(user)"]
        if let from = query.from { conditions.append("m.measured_at >= \(from)") }
        if let to = query.to { conditions.append("m.measured_at < \(to)") }
        if let after = query.page.after {
            conditions.append("(m.measured_at, m.id) < (\(try after.time(0)), \(try after.id(1)))")
        }
        return try await pool.rows(
            """
            select \(Self.columns) from body_measurements m where \(SQL.join(conditions, separator: " and "))
            order by m.measured_at desc, m.id desc limit \(query.page.rowsToRead)
            """, Self.read)
    }

    func measurement(_ id: BodyMeasurementID, of user: UserID) async throws -> StoredMeasurement? {
        try await pool.first(
            "select \(Self.columns) from body_measurements m where m.id = \(id) and m.user_id = \(user)", Self.read)
    }

    /// Stores a measurement; `idTaken` when its id names another one, `limitReached` beyond `limit`.
    func add(_ measurement: StoredMeasurement, of user: UserID, _ seed: CallSeed) async throws {
        try await pool.transaction { connection in
            let added = try connection.execute(
                """
                insert into body_measurements (id, user_id, measured_at, note, created_at)
                values (\(measurement.id), \(user), \(measurement.measuredAt), \(measurement.note), \(seed.at))
                on conflict (id) do nothing
                """)
            guard added > 0 else { throw Problem(.idTaken) }
            // Two at once count one after the other.
            try connection.execute("select from users where id = \(user) for no key update")
            let count = try connection.first(
                "select count(*) from body_measurements where user_id = \(user)", as: Int.self)
            guard count ?? 0 <= Self.limit else {
                throw Problem(.limitReached, detail: "At most \(Self.limit) measurements.")
            }
            try connection.write(measurement, of: user)
            try seed.noteMade(connection)
            try connection.noteTrainingChange(of: [user])
        }
    }

    /// Changes a measurement; `check` sees the version before and may throw.
    func change(
        _ id: BodyMeasurementID, of user: UserID, _ change: BodyMeasurementChange,
        check: @Sendable (_ version: Int) throws -> Void
    ) async throws -> StoredMeasurement {
        try await pool.transaction { connection in
            let found = try connection.first(
                "select \(Self.columns) from body_measurements m where m.id = \(id) and m.user_id = \(user) for update",
                Self.read)
            guard let before = found else { throw Problem(.notFound) }
            try check(before.version)
            var after = change.applied(to: before)
            guard !after.values.isEmpty else {
                let fault = Problem.Fault(
                    pointer: "", code: .required, detail: "At least one value has to stay.")
                throw Problem(.invalidValues, errors: [fault])
            }
            after.version += 1
            try connection.execute(
                """
                update body_measurements set measured_at = \(after.measuredAt), note = \(after.note),
                    version = \(after.version) where id = \(id)
                """)
            try connection.execute("delete from body_values where measurement_id = \(id)")
            try connection.write(after, of: user)
            try connection.noteTrainingChange(of: [user])
            return after
        }
    }

    func delete(_ id: BodyMeasurementID, of user: UserID) async throws {
        try await pool.transaction { connection in
            let deleted = try connection.execute(
                "delete from body_measurements where id = \(id) and user_id = \(user)")
            guard deleted > 0 else { throw Problem(.notFound) }
            try connection.noteTrainingChange(of: [user])
        }
    }

    /// The latest value of a metric.
    func latest(_ metric: BodyMetric, of user: UserID) async throws -> Double? {
        try await pool.first(
            """
            select value from body_values where user_id = \(user) and metric = \(metric)
            order by measured_at desc, measurement_id desc limit 1
            """, as: Double.self)
    }

    /// A metric's latest values since a time, at most 1,000, oldest first.
    func series(
        _ metric: BodyMetric, of user: UserID, since: Timestamp
    ) async throws -> [(at: Timestamp, value: Double)] {
        let rows = try await pool.query(
            BodyStatements.series(metric, of: user, since: since), as: (Timestamp, Double).self)
        return rows.reversed().map { (at: $0, value: $1) }
    }

    /// Every value of these metrics, oldest first, each with the date in a time zone.
    func dated(
        _ metrics: [BodyMetric], of user: UserID, zone: String
    ) async throws -> [(metric: BodyMetric, at: Timestamp, date: CalendarDate, value: Double)] {
        guard !metrics.isEmpty else { return [] }
        let rows = try await pool.query(
            """
            select metric, measured_at, (measured_at at time zone \(zone)::text)::date - date '1970-01-01', value
            from body_values where user_id = \(user) and metric = any(\(metrics)::text[])
            order by measured_at, measurement_id
            """, as: (BodyMetric, Timestamp, Int, Double).self)
        return rows.map { (metric: $0, at: $1, date: CalendarDate(daysSinceEpoch: $2), value: $3) }
    }
}

extension PostgresConnection {
    fileprivate func write(_ measurement: StoredMeasurement, of user: UserID) throws(StoreError) {
        let values = measurement.values.sorted { $0.key.rawValue < $1.key.rawValue }
        try execute(
            """
            insert into body_values (measurement_id, user_id, metric, measured_at, value)
            select \(measurement.id), \(user), metric, \(measurement.measuredAt), value
            from unnest(\(values.map(\.key))::text[], \(values.map(\.value))::float8[]) v (metric, value)
            """)
    }
}
