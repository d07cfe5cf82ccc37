import Protocol
import Realtime

extension Workout {
    /// A room's view as a viewer may see it: notes of others only where they are shared.
    init(_ view: WorkoutView, for viewer: UserID) {
        let state = view.state
        let isOwn = view.athlete.userId == viewer
        self.init(
            id: view.id, userId: view.athlete.userId, status: state.status, name: state.name,
            notes: state.note?.text(isOwn: isOwn), visibility: isOwn ? state.visibility : nil,
            plannedFor: state.plannedFor.flatMap { CalendarDate($0) }, startedAt: state.startedAt,
            endedAt: state.endedAt, rpe: state.rpeTenths.map { Double($0) / 10 },
            exercises: state.entries.filter { !$0.isRemoved }.map { WorkoutExercise($0, isOwn: isOwn) },
            summary: WorkoutSummary(state),
            records: view.records(for: viewer).map { WorkoutRecord($0) })
    }
}

extension WorkoutState.Note {
    fileprivate func text(isOwn: Bool) -> String? { isOwn || isShared ? text : nil }
}

extension WorkoutExercise {
    init(_ entry: WorkoutState.Entry, isOwn: Bool) {
        self.init(
            id: entry.id, exerciseId: entry.exerciseId, name: entry.name,
            supersetGroup: entry.supersetGroup.map { Int($0) },
            restSeconds: entry.restMilliseconds.map { Double($0) / 1000 },
            bodyLoadKg: isOwn ? entry.bodyLoadGrams.map { Double($0) / 1000 } : nil,
            note: entry.note?.text(isOwn: isOwn),
            sets: entry.sets.filter { !$0.isDeleted }.map { WorkoutSet($0) })
    }
}

extension WorkoutSet {
    init(_ set: WorkoutState.LoggedSet) {
        let values = set.values
        self.init(
            id: set.id, type: values.type, weightKg: values.weightGrams.map { Double($0) / 1000 },
            reps: values.reps.map { Int($0) }, rpe: values.rpeTenths.map { Double($0) / 10 },
            rir: values.rir.map { Int($0) }, durationSeconds: values.durationMilliseconds.map { Double($0) / 1000 },
            distanceMeters: values.distanceMillimeters.map { Double($0) / 1000 }, side: values.side,
            estimatedOneRepMaxKg: values.estimatedOneRepMax.map { Double($0) / 1000 },
            isEstimateUnsure: values.isEstimateUnsure, loggedAt: set.loggedAt)
    }
}

extension WorkoutSummary {
    init(_ state: WorkoutState) {
        let summary = state.summary
        self.init(
            tonnageKg: Double(summary.tonnage) / 1000, workingSets: Int(summary.workingSets),
            workingSeconds: Double(summary.workingMilliseconds) / 1000,
            restingSeconds: Double(summary.restingMilliseconds) / 1000,
            hardSets: state.hardSets.map { MuscleSets(muscle: $0.muscle, sets: Double($0.halves) / 2) })
    }
}

extension WorkoutRecord {
    init(_ record: PersonalRecord) {
        self.init(
            kind: record.kind.rawValue, exerciseId: record.exerciseId, setId: record.setId,
            valueKg: Double(record.grams) / 1000, previousKg: record.previousGrams.map { Double($0) / 1000 })
    }
}
