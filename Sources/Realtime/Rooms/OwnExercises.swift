import Protocol
import Synchronization

/// A user's own exercises, one copy for all the rooms of the user in memory.
///
/// Counted into the memory of rooms once. What changes is learned from `learn` at once and by all rooms; `read` brings
/// the rest, and keeps what was learned while it read.
final class OwnExercises: Sendable {
    private struct Known {
        let entry: ExerciseCatalog.Entry
        /// Its place in the order of what was learned.
        let turn: Int
    }

    private struct State {
        var exercises: [ExerciseID: Known] = [:]
        var turn = 0
        var bytes = 0
        var readAt: ContinuousClock.Instant?
    }

    /// Beyond so many they are read again, which leaves out all but the latest of the deleted ones.
    static let limit = 2000
    /// A reading is good for so long: what changes through this node comes by `learn`.
    private static let readEvery = Duration.seconds(60)

    private let state = Mutex(State())
    private let share: RoomShare

    init(share: RoomShare) { self.share = share }

    deinit { share.change(by: -state.withLock { $0.bytes }) }

    subscript(id: ExerciseID) -> ExerciseFacts? { state.withLock { $0.exercises[id]?.entry.facts } }

    /// Whether they have to be read before they are relied on.
    var isDue: Bool {
        isOverfull || state.withLock { $0.readAt.map { $0.duration(to: .now) > Self.readEvery } ?? true }
    }

    /// Whether they have to be read so that deleted ones go.
    var isOverfull: Bool { state.withLock { $0.exercises.count > Self.limit } }

    /// Takes over a new or changed exercise, unless a later version is known.
    func learn(_ entry: ExerciseCatalog.Entry) {
        change { state in
            state.turn += 1
            Self.learn(entry, state.turn, in: &state.exercises)
        }
    }

    /// Reads them all.
    func read(_ source: @Sendable () async throws -> [ExerciseCatalog.Entry]) async throws {
        let turn = state.withLock { $0.turn }
        let entries = try await source()
        change { state in
            let learned = state.exercises.values.filter { $0.turn > turn }
            state.exercises = Dictionary(minimumCapacity: entries.count + learned.count)
            for entry in entries { Self.learn(entry, turn, in: &state.exercises) }
            for known in learned { Self.learn(known.entry, known.turn, in: &state.exercises) }
            state.readAt = .now
        }
    }

    private static func learn(_ entry: ExerciseCatalog.Entry, _ turn: Int, in known: inout [ExerciseID: Known]) {
        if let before = known[entry.facts.id], before.entry.version > entry.version { return }
        known[entry.facts.id] = Known(entry: entry, turn: turn)
    }

    /// Changes what is known and counts it anew.
    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            let bytes = state.exercises.values.reduce(0) { $0 + $1.entry.bytes }
            share.change(by: bytes - state.bytes)
            state.bytes = bytes
        }
    }
}

extension ExerciseCatalog.Entry {
    /// About what it occupies in memory.
    fileprivate var bytes: Int {
        256 + facts.name.utf8.count + 48 * (facts.primaryMuscles.count + facts.secondaryMuscles.count)
    }
}
