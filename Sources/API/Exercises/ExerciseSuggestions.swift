import Protocol

/// Proposes exercises to a user, each with its reason.
///
/// From the user's own sets of the last 28 days: a muscle that gets less than half of what the best trained one of the
/// body gets, exercises that were trained before and not since, and what others train beside the user's own most
/// frequent exercise. Who has no sets yet is shown the best known movements. Exercises whose equipment the user has
/// never trained with are not proposed, unless they need none.
struct ExerciseSuggestions: Sendable {
    static let days = 28

    /// Muscles that a balanced plan trains, in the order in which gaps are told.
    static let mainMuscles = [
        "quadriceps", "hamstrings", "glutes", "chest", "lats", "middle back", "shoulders", "biceps", "triceps",
        "abdominals", "calves",
    ]

    let library: ExerciseLibrary
    let workouts: WorkoutUse

    /// An exercise by its id, with why.
    struct Proposal: Sendable {
        let exercise: ExerciseID
        let reason: ExerciseReason
    }

    func proposals(for user: UserID, limit: Int, at now: Timestamp) async throws -> [Proposal] {
        let index = try await library.index(for: user)
        let use = try await workouts.own(of: user, recentSince: now - .seconds(86_400 * Self.days))
        let favourite = use.filter { $0.recentSets > 0 }.max { $0.recentSets < $1.recentSets }
        let companions: [WorkoutUse.Companion] =
            if let favourite { try await workouts.companions(of: favourite.exercise, limit: 30) } else { [] }
        return Self.proposals(index: index, use: use, favourite: favourite, companions: companions, limit: limit)
    }

    static func proposals(
        index: ExerciseIndex, use: [WorkoutUse.Own], favourite: WorkoutUse.Own?,
        companions: [WorkoutUse.Companion], limit: Int
    ) -> [Proposal] {
        let known = use.compactMap { use in index[use.exercise].map { (use, $0) } }
        let recent = Set(use.filter { $0.recentSets > 0 }.map(\.exercise))
        guard !recent.isEmpty || !use.isEmpty else { return wellKnown(index, limit) }
        let equipment = Set(known.compactMap { $0.1.equipment } + ["body only"])
        let candidates = index.documents
            .filter { !recent.contains($0.id) && $0.category != "stretching" }
            .filter { $0.equipment.map(equipment.contains) ?? true }
            .sorted { ($1.standing, $0.name) < ($0.standing, $1.name) }
        let lists = [
            neglected(known, candidates), together(favourite, companions, index, excluding: recent),
            forgotten(known),
        ]
        var proposals: [Proposal] = []
        var named: Set<ExerciseID> = []
        // In turn, so that each kind of reason comes early.
        for place in 0..<(lists.map(\.count).max() ?? 0) {
            for list in lists where place < list.count && named.insert(list[place].exercise).inserted {
                proposals.append(list[place])
            }
        }
        return Array(proposals.prefix(limit))
    }

    private static func wellKnown(_ index: ExerciseIndex, _ limit: Int) -> [Proposal] {
        index.documents.filter { $0.familiarity != nil && $0.level == "beginner" }
            .sorted { ($1.standing, $0.name) < ($0.standing, $1.name) }.prefix(limit)
            .map { document in
                let muscles = document.primaryMuscles.joined(separator: " and ")
                let text = "One of the best known movements for \(muscles), and quick to learn."
                return Proposal(exercise: document.id, reason: ExerciseReason(kind: .wellKnown, text: text))
            }
    }

    /// Hard sets a muscle: 1 for each primary, 0.5 for each secondary one.
    private static func hardSets(_ known: [(WorkoutUse.Own, ExerciseDocument)]) -> [String: Double] {
        var sets: [String: Double] = [:]
        for (use, document) in known {
            for muscle in document.primaryMuscles { sets[muscle, default: 0] += Double(use.recentSets) }
            for muscle in document.secondaryMuscles { sets[muscle, default: 0] += Double(use.recentSets) / 2 }
        }
        return sets
    }

    private static func neglected(
        _ known: [(WorkoutUse.Own, ExerciseDocument)], _ candidates: [ExerciseDocument]
    ) -> [Proposal] {
        let sets = hardSets(known)
        guard let best = mainMuscles.map({ ($0, sets[$0] ?? 0) }).max(by: { $0.1 < $1.1 }), best.1 > 0 else {
            return []
        }
        let gaps = mainMuscles.map { ($0, sets[$0] ?? 0) }.filter { $0.1 * 2 < best.1 }.sorted { $0.1 < $1.1 }
        return gaps.compactMap { muscle, count in
            guard let fitting = candidates.first(where: { $0.primaryMuscles.contains(muscle) }) else { return nil }
            let text =
                "\(count.sets) for \(muscle) in the last \(days) days, against \(best.1.sets) for \(best.0)."
            return Proposal(exercise: fitting.id, reason: ExerciseReason(kind: .neglectedMuscle, text: text))
        }
    }

    private static func together(
        _ favourite: WorkoutUse.Own?, _ companions: [WorkoutUse.Companion], _ index: ExerciseIndex,
        excluding recent: Set<ExerciseID>
    ) -> [Proposal] {
        guard let favourite, let name = index[favourite.exercise]?.name else { return [] }
        // What stands in a single workout is somebody's habit, not a pattern.
        return companions.filter { $0.workouts >= 2 && !recent.contains($0.exercise) }
            .filter { index[$0.exercise] != nil }
            .map { companion in
                let text = "In \(companion.percent) % of the workouts with \(name), which you train most."
                return Proposal(
                    exercise: companion.exercise, reason: ExerciseReason(kind: .trainedTogether, text: text))
            }
    }

    private static func forgotten(_ known: [(WorkoutUse.Own, ExerciseDocument)]) -> [Proposal] {
        known.filter { $0.0.recentSets == 0 && $0.0.sets >= 3 }.sorted { $0.0.sets > $1.0.sets }.map { use, _ in
            let day = use.lastAt.rfc3339.prefix(10)
            let text = "You logged \(use.sets) sets of it, the last on \(day)."
            return Proposal(exercise: use.exercise, reason: ExerciseReason(kind: .goBack, text: text))
        }
    }
}

extension WorkoutUse.Companion {
    /// In how many of a hundred workouts.
    var percent: Int { of > 0 ? Int((Double(workouts) * 100 / Double(of)).rounded()) : 0 }
}

extension Double {
    /// "1 hard set", "2.5 hard sets".
    fileprivate var sets: String {
        let number = self == rounded() ? String(Int(self)) : String(self)
        return self == 1 ? "1 hard set" : "\(number) hard sets"
    }
}
