import Protocol
import Store

/// Which workouts the history shows, and from where on.
struct WorkoutQuery: RouteQuery {
    /// The states a caller can ask for.
    enum Status: String, Sendable, CaseIterable { case planned, active, paused, completed, abandoned }

    static let statusField = Field.optional("status", ValueRule<Status>.choice, "Only workouts in this state.")
    static let fromField = Field.optional("from", .time, "Started at this time or later.")
    static let toField = Field.optional("to", .time, "Started before this time.")
    static let exerciseField = Field.optional("exercise", .id, "With this exercise of the library.")

    static let templateField = Field.optional("template", .id, "Made from this template.")

    static var parameters: [MemberSchema] {
        PageRequest.parameters + [
            statusField.schema, fromField.schema, toField.schema, exerciseField.schema, templateField.schema,
        ]
    }

    let page: PageRequest
    let status: Status?
    let from: Timestamp?
    let to: Timestamp?
    let exercise: ExerciseID?
    let template: TemplateID?

    init?(reading query: inout QueryReader) {
        status = query.optional(Self.statusField)
        from = query.optional(Self.fromField)
        to = query.optional(Self.toField)
        exercise = query.optional(Self.exerciseField)
        template = query.optional(Self.templateField)
        page = PageRequest(reading: &query, list: "workouts", keys: [.time, .id])
        if let from, let to, to <= from { query.fault("to", .inconsistent, "Must lie after from.") }
    }
}

/// The athlete's workouts as they are stored, planned ones first, then the latest start first.
struct WorkoutHistory: Sendable {
    /// Stands for "not started" in cursors; later than any time the rules allow.
    private static let unstarted = Timestamp(milliseconds: 253_402_300_799_000)  // 9999-12-31T23:59:59Z

    let pool: PostgresPool

    func list(of user: UserID, _ query: WorkoutQuery) async throws -> Page<WorkoutItem> {
        var conditions: [SQL] = []
        if let status = query.status { conditions.append("status = \(status.rawValue)") }
        if let from = query.from { conditions.append("started_at >= \(from)") }
        if let to = query.to { conditions.append("started_at < \(to)") }
        if let exercise = query.exercise { conditions.append(TrainingStatements.has(exercise)) }
        if let template = query.template {
            conditions.append(
                """
                exists (select from workout_plans p where p.workout_id = workouts.id and p.user_id = \(user)
                    and p.template_id = \(template))
                """)
        }
        if let after = query.page.after {
            let (startedAt, id) = (try after.time(0), try after.id(1))
            conditions.append(
                startedAt == Self.unstarted
                    ? "(started_at is null and id < \(id) or started_at is not null)"
                    : "(started_at, id) < (\(startedAt), \(id))")
        }
        let rows = try await pool.rows(
            TrainingStatements.workouts(of: user, and: conditions, limit: query.page.rowsToRead), Self.read)
        return query.page.page(
            of: rows, cursor: { Cursor(after: ($0.startedAt ?? Self.unstarted).rfc3339, $0.id.description) },
            item: { $0 })
    }

    private static let read: @Sendable (inout RowReader) throws(StoreError) -> WorkoutItem = {
        row throws(StoreError) in
        let id = try row.next(WorkoutID.self)
        let status = try row.next(String.self)
        return WorkoutItem(
            id: id, status: WorkoutState.Status(rawValue: status) ?? .new, name: try row.next(),
            visibility: try row.next(), plannedFor: try row.next(String?.self).flatMap { CalendarDate($0) },
            startedAt: try row.next(), endedAt: try row.next(),
            tonnageKg: Double(try row.next(Int64.self)) / 1000, workingSets: try row.next(),
            workingSeconds: Double(try row.next(Int64.self)) / 1000,
            restingSeconds: Double(try row.next(Int64.self)) / 1000)
    }
}
