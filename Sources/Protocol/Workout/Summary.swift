/// A workout's running totals.
public struct Summary: Sendable, Hashable {
    /// Σ `TrainingVolume.tonnage` of the sets, in gram-repetitions.
    public var tonnage: Int64 = 0
    /// Sets that are not warm-ups.
    public var workingSets: Int64 = 0
    /// Time from the start to the last op (or the end) without pauses and rests.
    public var workingMilliseconds: Int64 = 0
    public var restingMilliseconds: Int64 = 0

    public init() {}
}

extension WorkoutState {
    /// The totals as of the last event.
    public var summary: Summary {
        var summary = Summary()
        for entry in entries where !entry.isRemoved {
            summary.tonnage = summary.tonnage.clampingAdd(entry.tonnage)
            summary.workingSets += entry.workingSets
        }
        guard let startedAt else { return summary }
        let end = endedAt ?? pausedAt ?? lastAt
        let elapsed = max(0, (end - startedAt).wholeMilliseconds.clampingSubtract(pausedMilliseconds))
        summary.restingMilliseconds = min(elapsed, restingMilliseconds)
        summary.workingMilliseconds = elapsed.clampingSubtract(summary.restingMilliseconds)
        return summary
    }

    /// Hard sets of every muscle, in halves: each working set counts 2 for a primary and 1 for a secondary muscle.
    public var hardSets: [MuscleCount] { hardSets(of: nil) }

    /// Hard sets of the given muscles (all when nil), sorted by name; muscles that are asked for appear even at 0.
    public func hardSets(of muscles: Set<String>?) -> [MuscleCount] {
        var counts: [String: Int64] = [:]
        for muscle in muscles ?? [] { counts[muscle] = 0 }
        for entry in entries where !entry.isRemoved && entry.workingSets > 0 {
            for muscle in entry.primaryMuscles where muscles?.contains(muscle) ?? true {
                counts[muscle, default: 0] += 2 * entry.workingSets
            }
            for muscle in entry.secondaryMuscles where muscles?.contains(muscle) ?? true {
                counts[muscle, default: 0] += entry.workingSets
            }
        }
        return counts.sorted { $0.key < $1.key }.map { MuscleCount(muscle: $0.key, halves: $0.value) }
    }
}
