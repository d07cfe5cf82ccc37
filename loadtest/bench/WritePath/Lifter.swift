import Protocol
import Realtime
import Synchronization

/// One athlete: logs sets, and begins the next workout when one is full.
///
/// `log` is called from one task; the next workout's room is opened beside it.
final class Lifter: Sendable {
    /// What a task beside the schedule has waited for.
    enum Wait: Sendable {
        case nothing
        case durable(Duration)
        case lost
    }

    private static let setsPerWorkout = 990

    private struct State {
        var workout: Workout
        var next: Workout?
        var sets = 0
    }

    private let rooms: Rooms
    private let member: Member
    private let state: Mutex<State>
    private let takenSets = Atomic<Int>(0)
    private let refusedSets = Atomic<Int>(0)

    init(rooms: Rooms, member: Member) async throws {
        self.rooms = rooms
        self.member = member
        state = Mutex(State(workout: try await Workout(rooms, member)))
    }

    var taken: Int { takenSets.load(ordering: .relaxed) }
    var refused: Int { refusedSets.load(ordering: .relaxed) }

    /// True once a workout: it is time to open the next one's room.
    var wantsNext: Bool { state.withLock { $0.sets == Self.setsPerWorkout / 2 } }

    /// Opens the next workout's room.
    func prepare() async throws -> Wait {
        let workout = try await Workout(rooms, member)
        state.withLock { $0.next = workout }
        return .nothing
    }

    /// Hands a set to the room, as a connection does, and goes on.
    func log(_ number: Int) {
        let workout = place()
        workout.room.perform { room in self.submit(workout.set(number), to: room) }
    }

    /// Hands a set to the room and waits until it is durable.
    ///
    /// - Parameter due: what the time counts from.
    func logAndWait(_ number: Int, due: ContinuousClock.Instant) async -> Wait {
        let workout = place()
        guard let answer = await workout.room.submit(workout.set(number), for: self) else { return .lost }
        let isDurable = await workout.room.waitUntilDurable(answer, limit: .seconds(15))
        return isDurable ? .durable(due.duration(to: .now)) : .lost
    }

    /// The workout of the next set.
    private func place() -> Workout {
        let (workout, full) = state.withLock { state in
            var full: Workout?
            if state.sets >= Self.setsPerWorkout, let next = state.next {
                full = state.workout
                state.workout = next
                state.next = nil
                state.sets = 0
            }
            state.sets += 1
            return (state.workout, full)
        }
        if let full { full.room.perform { room in self.submit(Workout.op(.complete(rpeTenths: nil)), to: room) } }
        return workout
    }

    @discardableResult
    fileprivate func submit(_ op: WorkoutOp, to room: isolated WorkoutRoom) -> OpAnswer? {
        do throws(Refusal) {
            let answer = try room.submit(op)
            if op.action.kind == .setLog { takenSets.add(1, ordering: .relaxed) }
            return answer
        } catch {
            refusedSets.add(1, ordering: .relaxed)
            return nil
        }
    }
}

extension WorkoutRoom {
    fileprivate func submit(_ op: WorkoutOp, for lifter: Lifter) -> OpAnswer? { lifter.submit(op, to: self) }
}

/// A workout that is under way.
private struct Workout: Sendable {
    let room: WorkoutRoom
    private let entry = EntryID.make()

    init(_ rooms: Rooms, _ member: Member) async throws {
        room = try await rooms.room(.make(), creator: member.userId)
        _ = try await room.submit(Self.op(.start(WorkoutDetails(name: "Bench"))))
        _ = try await room.submit(Self.op(.addEntry(EntryDetails(id: entry, name: "Bench press"))))
    }

    func set(_ number: Int) -> WorkoutOp {
        let values = SetValues(
            weightGrams: 60_000 + Int64(number % 80) * 500, reps: Int64(3 + number % 10), rpeTenths: 80)
        return Self.op(.logSet(.make(), entry: entry, values))
    }

    static func op(_ action: WorkoutAction) -> WorkoutOp { WorkoutOp(id: .make(), at: .now, action: action) }
}
