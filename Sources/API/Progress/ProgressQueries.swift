import Protocol

/// The list of trained exercises, the last trained first.
struct TrainedOrder: ListOrder {
    static let name = "progress:trained"
    static let keys: [Cursor.Key] = [.time, .id]
}

/// Which records are shown.
struct RecordQuery: RouteQuery {
    static let exerciseField = Field.optional("exercise", .id, "Only of this exercise.")
    static var parameters: [MemberSchema] { PageRequest.parameters + [exerciseField.schema] }

    let page: PageRequest
    let exercise: ExerciseID?

    init?(reading query: inout QueryReader) {
        exercise = query.optional(Self.exerciseField)
        page = PageRequest(reading: &query, list: "progress:records", keys: TrainedOrder.keys)
    }
}

/// Dates from one to another, both included.
struct DateWindow: RouteQuery {
    static let fromField = Field.optional("from", .date, "From this day on, in the athlete's own zone.")
    static let toField = Field.optional("to", .date, "Up to this day.")
    static var parameters: [MemberSchema] { [fromField.schema, toField.schema] }

    let from: CalendarDate?
    let to: CalendarDate?

    init?(reading query: inout QueryReader) {
        from = query.optional(Self.fromField)
        to = query.optional(Self.toField)
        if let from, let to, to < from { query.fault("to", .inconsistent, "Must not lie before from.") }
    }

    func contains(_ date: CalendarDate) -> Bool {
        (from.map { date >= $0 } ?? true) && (to.map { date <= $0 } ?? true)
    }
}

/// How many weeks a report of volume shows.
struct VolumeQuery: RouteQuery {
    static let weeksField = Field.optional("weeks", .integer(1...104), "This one included; 12 unless told.")
    static var parameters: [MemberSchema] { [weeksField.schema] }
    let weeks: Int

    init?(reading query: inout QueryReader) { weeks = query.optional(Self.weeksField) ?? 12 }
}

/// Which measurements of the body are listed.
struct BodyQuery: RouteQuery {
    static let fromField = Field.optional("from", .time, "Measured at this time or later.")
    static let toField = Field.optional("to", .time, "Measured before this time.")
    static var parameters: [MemberSchema] { PageRequest.parameters + [fromField.schema, toField.schema] }

    let page: PageRequest
    let from: Timestamp?
    let to: Timestamp?

    init?(reading query: inout QueryReader) {
        from = query.optional(Self.fromField)
        to = query.optional(Self.toField)
        page = PageRequest(reading: &query, list: "progress:body", keys: [.time, .id])
        if let from, let to, to <= from { query.fault("to", .inconsistent, "Must lie after from.") }
    }
}

/// One metric of the body over so many days.
struct MetricQuery: RouteQuery {
    static let metricField = Field.optional("metric", ValueRule<BodyMetric>.choice, "weightKg unless told.")
    static let daysField = Field.optional("days", .integer(7...730), "How far back; 90 unless told.")
    static var parameters: [MemberSchema] { [metricField.schema, daysField.schema] }

    let metric: BodyMetric
    let days: Int

    init?(reading query: inout QueryReader) {
        metric = query.optional(Self.metricField) ?? .weightKg
        days = query.optional(Self.daysField) ?? 90
    }
}
