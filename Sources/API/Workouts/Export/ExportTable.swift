import Foundation
import Protocol
import Store

/// Whose export is written.
enum ExportFormat: String, Sendable, CaseIterable { case strong, hevy }

/// The columns of one app's export, and the rows of a workout in them.
///
/// What the app has no column or word for stands behind the notes, where `SetMarks` finds it again: sides, set types
/// other than warm-ups, drop sets and sets to failure, repetitions in reserve (the app's own column shows the exertion
/// they stand for, 10 − RIR), and in Strong supersets and an exercise's second place in a workout.
///
/// What neither can hold is lost: the times of the single sets, which an import spreads over the workout; parts of a
/// second; pauses and rests; the session's exertion; who may see the workout and its notes; exercises without a set; and
/// in Hevy the seconds of the begin and the end, so that two workouts of one name and minute would become one.
struct ExportTable: Sendable {
    let format: ExportFormat
    let unit: TrainingLog.WeightUnit
    let zone: TimeZone

    var delimiter: UInt8 { format == .strong ? UInt8(ascii: ";") : UInt8(ascii: ",") }

    var header: [String] {
        switch format {
        case .strong:
            [
                "Workout #", "Date", "Workout Name", "Duration (sec)", "Exercise Name", "Set Order",
                unit == .kg ? "Weight (kg)" : "Weight (lbs)", "Reps", "RPE", "Distance (meters)", "Seconds", "Notes",
                "Workout Notes",
            ]
        case .hevy:
            [
                "title", "start_time", "end_time", "description", "exercise_title", "superset_id", "exercise_notes",
                "set_index", "set_type", unit == .kg ? "weight_kg" : "weight_lbs", "reps", "distance_km",
                "duration_seconds", "rpe",
            ]
        }
    }

    /// Whether there is anything to write of a workout.
    func holds(_ state: WorkoutState) -> Bool {
        state.startedAt != nil && state.entries.contains { !$0.isRemoved && $0.sets.contains { !$0.isDeleted } }
    }

    /// The rows of a workout, a set each.
    func rows(of state: WorkoutState, number: Int) -> [[CSVWriter.Cell]] {
        guard let startedAt = state.startedAt else { return [] }
        let workout = Workout(
            number: number, state: state, start: clock(startedAt),
            end: clock(max(state.endedAt ?? startedAt, startedAt)),
            seconds: Int(max(0, ((state.endedAt ?? startedAt) - startedAt).wholeMilliseconds) / 1000))
        var rows: [[CSVWriter.Cell]] = []
        var names: Set<String> = []
        for entry in state.entries where !entry.isRemoved {
            let sets = entry.sets.filter { !$0.isDeleted }
            let isAgain = !sets.isEmpty && !names.insert(entry.name).inserted
            var order = 0
            for (place, set) in sets.enumerated() {
                if set.values.type.strongMark == nil { order += 1 }
                var marks = SetMarks(set.values, isNamed: set.values.type.hasName(in: format))
                if format == .strong {
                    marks.superset = entry.supersetGroup.map { Int($0) }
                    marks.isAgain = isAgain && place == 0
                    let note = marks.note(behind: place == 0 ? entry.note?.text ?? "" : "")
                    rows.append(
                        strong(workout, entry, set.values, order: order, note: note, isOpening: rows.isEmpty))
                } else {
                    let note = marks.note(behind: entry.note?.text ?? "")
                    rows.append(hevy(workout, entry, set.values, place: place, note: note))
                }
            }
        }
        return rows
    }

    private struct Workout {
        let number: Int
        let state: WorkoutState
        let start, end: String
        let seconds: Int
    }

    private func strong(
        _ workout: Workout, _ entry: WorkoutState.Entry, _ values: SetValues, order: Int, note: String, isOpening: Bool
    ) -> [CSVWriter.Cell] {
        [
            .integer(workout.number), .text(workout.start), .text(workout.state.name ?? ""), .integer(workout.seconds),
            .text(entry.name), values.type.strongMark.map { .text($0) } ?? .integer(order), weight(values),
            .integer(values.reps), rpe(values), .thousandths(values.distanceMillimeters), seconds(values),
            .text(note), isOpening ? .text(workout.state.note?.text ?? "") : .empty,
        ]
    }

    private func hevy(
        _ workout: Workout, _ entry: WorkoutState.Entry, _ values: SetValues, place: Int, note: String
    ) -> [CSVWriter.Cell] {
        [
            .text(workout.state.name ?? ""), .text(workout.start), .text(workout.end),
            .text(workout.state.note?.text ?? ""), .text(entry.name), .integer(entry.supersetGroup.map { $0 - 1 }),
            .text(note), .integer(place), .text(values.type.hevyName), weight(values),
            .integer(values.reps), values.distanceMillimeters.map { .decimal(Double($0) / 1_000_000) } ?? .empty,
            seconds(values), rpe(values),
        ]
    }

    /// In pounds with four places, which is as exact as a gram.
    private func weight(_ values: SetValues) -> CSVWriter.Cell {
        guard let grams = values.weightGrams else { return .empty }
        return unit == .kg
            ? .thousandths(grams) : .decimal((Double(grams) / 453.59237 * 10_000).rounded() / 10_000)
    }

    /// Whole ones; a moment is one, since none would be no duration.
    private func seconds(_ values: SetValues) -> CSVWriter.Cell {
        .integer(values.durationMilliseconds.map { $0 > 0 ? max(1, ($0 + 500) / 1000) : 0 })
    }

    private func rpe(_ values: SetValues) -> CSVWriter.Cell {
        let tenths = values.rpeTenths ?? values.rir.flatMap { $0 <= 9 ? 100 - $0 * 10 : nil }
        return tenths.map { .decimal(Double($0) / 10) } ?? .empty
    }

    /// As the app writes local times: Strong to the second, Hevy to the minute.
    private func clock(_ time: Timestamp) -> String {
        let local = LocalClock.local(time, in: zone)
        let text = local.rfc3339
        if format == .strong { return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))" }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let month = Int(text.dropFirst(5).prefix(2)) ?? 1
        let day = Int(text.dropFirst(8).prefix(2)) ?? 1
        return "\(day) \(months[month - 1]) \(text.prefix(4)), \(text.dropFirst(11).prefix(5))"
    }
}

extension SetType {
    /// What Strong writes in place of a number.
    fileprivate var strongMark: String? {
        switch self {
        case .warmup: "W"
        case .dropset: "D"
        case .failure: "F"
        default: nil
        }
    }

    /// Whether the app has a word for it.
    fileprivate func hasName(in format: ExportFormat) -> Bool {
        self == .normal || (format == .strong ? strongMark != nil : hevyName == rawValue)
    }

    fileprivate var hevyName: String {
        switch self {
        case .warmup, .dropset, .failure: rawValue
        default: "normal"
        }
    }
}

extension SetMarks {
    /// What the app cannot say of a set by its own columns.
    fileprivate init(_ values: SetValues, isNamed: Bool) {
        self.init()
        type = isNamed ? nil : values.type
        side = values.side
        rir = values.rir
        hasRPE = values.rir != nil && values.rpeTenths != nil
    }
}

extension CSVWriter.Cell {
    fileprivate static func integer(_ value: Int64?) -> CSVWriter.Cell { value.map { .integer(Int($0)) } ?? .empty }

    /// Thousandths as a decimal.
    fileprivate static func thousandths(_ value: Int64?) -> CSVWriter.Cell {
        value.map { .decimal(Double($0) / 1000) } ?? .empty
    }
}
