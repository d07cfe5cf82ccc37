import Protocol

/// Finds exercises that can stand in for one: by muscles, mechanics, equipment and real co-use.
///
/// Likeness in points: 50 × the shared part of the primary muscles, 20 × that of all muscles (Jaccard), 10 for the same
/// mechanic, 10 for the same force, 5 for the same equipment, and up to 30 for standing in the same workouts.
enum SimilarExercises {
    struct Match: Sendable {
        let exercise: ExerciseID
        let reasons: [ExerciseReason]
    }

    static func of(
        _ exercise: ExerciseDocument, in index: ExerciseIndex, companions: [WorkoutUse.Companion], limit: Int
    ) -> [Match] {
        let together = Dictionary(companions.map { ($0.exercise, $0) }, uniquingKeysWith: { first, _ in first })
        let scored = index.documents.compactMap { other -> (Double, ExerciseDocument)? in
            guard other.id != exercise.id, other.category == exercise.category || other.category == "strength" else {
                return nil
            }
            let primary = shared(Set(exercise.primaryMuscles), Set(other.primaryMuscles))
            let companion = together[other.id]
            guard primary > 0 || companion?.workouts ?? 0 >= 2 else { return nil }
            var points = 50 * primary + 20 * shared(exercise.muscles, other.muscles) + other.standing
            if exercise.mechanic != nil, exercise.mechanic == other.mechanic { points += 10 }
            if exercise.force != nil, exercise.force == other.force { points += 10 }
            if exercise.equipment != nil, exercise.equipment == other.equipment { points += 5 }
            points += 30 * Double(companion?.percent ?? 0) / 100
            return (points, other)
        }
        return scored.sorted { ($1.0, $0.1.name) < ($0.0, $1.1.name) }.prefix(limit).map { _, other in
            Match(exercise: other.id, reasons: reasons(exercise, other, together[other.id]))
        }
    }

    private static func shared(_ first: Set<String>, _ second: Set<String>) -> Double {
        let union = first.union(second).count
        return union == 0 ? 0 : Double(first.intersection(second).count) / Double(union)
    }

    private static func reasons(
        _ exercise: ExerciseDocument, _ other: ExerciseDocument, _ companion: WorkoutUse.Companion?
    ) -> [ExerciseReason] {
        var reasons: [ExerciseReason] = []
        let muscles = exercise.primaryMuscles.filter(other.primaryMuscles.contains)
        if !muscles.isEmpty {
            let text = "Trains \(muscles.joined(separator: " and ")) mainly, too."
            reasons.append(ExerciseReason(kind: .sameMuscles, text: text))
        }
        if let mechanic = exercise.mechanic, mechanic == other.mechanic {
            let force = exercise.force == other.force ? exercise.force.map { " \($0)" } ?? "" : ""
            reasons.append(ExerciseReason(kind: .sameMechanic, text: "Also a \(mechanic)\(force) movement."))
        }
        if let equipment = exercise.equipment, equipment == other.equipment {
            reasons.append(ExerciseReason(kind: .sameEquipment, text: "Uses the same equipment: \(equipment)."))
        }
        if let companion, companion.workouts >= 2 {
            let text = "Trained in \(companion.percent) % of the workouts with \(exercise.name)."
            reasons.append(ExerciseReason(kind: .trainedTogether, text: text))
        }
        return reasons
    }
}
