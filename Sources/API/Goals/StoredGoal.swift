import Protocol
import Store

extension GoalKind: SQLBindable, ColumnDecodable {}

/// A goal as it is stored, before its progress is reckoned.
struct StoredGoal: Sendable {
    let id: GoalID
    let kind: GoalKind
    var title: String
    let exercise: ExerciseID?
    let metric: BodyMetric?
    let daysPerWeek: Int?
    let startsOn: CalendarDate
    var dueOn: CalendarDate?
    var startValue: Double?
    var target: Double
    var completedAt: Timestamp?
    var isAchieved: Bool
    /// The day of `completedAt` in the owner's zone.
    var completedOn: CalendarDate?
    var version: Int
    let createdAt: Timestamp
    var milestones: [GoalMilestone] = []

    var isActive: Bool { completedAt == nil }

    func status(today: CalendarDate) -> GoalStatus {
        if !isActive { return .completed }
        return dueOn.map { $0 < today } ?? false ? .missed : .active
    }

    /// Whether what was done on a date counts.
    func counts(_ date: CalendarDate) -> Bool {
        date >= startsOn && dueOn.map { date <= $0 } ?? true && completedOn.map { date <= $0 } ?? true
    }

    /// How much of the way from the start to the target a value is, 0…1.
    func fraction(of value: Double, from start: Double) -> Double {
        guard target != start else { return 1 }
        return min(1, max(0, (value - start) / (target - start)))
    }

    static func columns(zone: String) -> SQL {
        """
        g.id, g.kind, g.title, g.exercise_id, g.metric, g.days_per_week, g.starts_on - date '1970-01-01',
            g.due_on - date '1970-01-01', g.start_value, g.target, g.completed_at, g.is_achieved,
            (g.completed_at at time zone \(zone)::text)::date - date '1970-01-01', g.version, g.created_at
        """
    }

    static let read: @Sendable (inout RowReader) throws(StoreError) -> StoredGoal = { row throws(StoreError) in
        StoredGoal(
            id: try row.next(), kind: try row.next(), title: try row.next(), exercise: try row.next(),
            metric: try row.next(), daysPerWeek: try row.next(),
            startsOn: CalendarDate(daysSinceEpoch: try row.next()),
            dueOn: try row.next(Int?.self).map { CalendarDate(daysSinceEpoch: $0) }, startValue: try row.next(),
            target: try row.next(), completedAt: try row.next(), isAchieved: try row.next(),
            completedOn: try row.next(Int?.self).map { CalendarDate(daysSinceEpoch: $0) },
            version: try row.next(), createdAt: try row.next())
    }
}
