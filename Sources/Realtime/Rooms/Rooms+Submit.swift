import Logging
import Protocol

/// A workout as it is in its room.
package struct WorkoutView: Sendable {
    package let id: WorkoutID
    package let athlete: Member
    package let state: WorkoutState
    package let epoch: Int64
    package let seq: Int64
    package let durable: Int64
    /// What its sets hold over the athlete's earlier bests, as the athlete may see it.
    let records: [PersonalRecord]

    /// What its sets hold over the athlete's earlier bests, as a viewer may see it.
    package func records(for viewer: UserID) -> [PersonalRecord] {
        athlete.userId == viewer ? records : records.map(\.forWatchers)
    }
}

extension Rooms {
    /// Applies an op from REST through the workout's room and waits until it is durable.
    ///
    /// - Parameters:
    ///   - seq: applies the op only while this is the workout's last event; a repeat of a known op is answered all the
    ///     same.
    ///   - isRetry: the op's id is of a call that was begun before: an op that is known by it is this one, though what it
    ///     was made from may be different now.
    /// - Returns: nil when the workout has gone on beyond `seq`.
    /// - Throws: the room's refusal; `noSuchRoom` for somebody else's workout; `unavailable` when it is not durable in time.
    package func submit(
        _ op: WorkoutOp, to id: WorkoutID, by user: UserID, onlyAfter seq: Int64?, isRetry: Bool = false,
        within limit: Duration = .seconds(5)
    ) async throws(Refusal) -> OpAnswer? {
        let creates = op.action.kind == .workoutStart || op.action.kind == .workoutPlan
        let applied = try await inRoom(id, creator: creates ? user : nil, for: user) {
            room throws(Refusal) -> (WorkoutRoom, OpAnswer)? in
            guard room.athlete.userId == user else { throw Refusal(.noSuchRoom, "there is no such workout") }
            if isRetry, let answer = room.firstAnswer(to: op.id) { return (room, answer) }
            if let seq, room.history.seq != seq, room.history.ops[op.id] == nil { return nil }
            return (room, try room.submit(op))
        }
        guard let (room, answer) = applied else { return nil }
        try await untilDurable(answer, in: room, limit)
        return answer
    }

    /// The same, wherever the workout has come to.
    @discardableResult
    package func submit(
        _ op: WorkoutOp, to id: WorkoutID, by user: UserID, within limit: Duration = .seconds(5)
    ) async throws(Refusal) -> OpAnswer {
        guard let answer = try await submit(op, to: id, by: user, onlyAfter: nil, within: limit) else {
            preconditionFailure("an op without a condition was passed over")
        }
        return answer
    }

    /// Whether an athlete's workout has taken one of the ops. Throws `noSuchRoom` for somebody else's.
    package func hasTaken(_ ops: [OpID], in id: WorkoutID, of user: UserID) async throws(Refusal) -> Bool {
        try await inRoom(id, creator: nil, for: user) { room throws(Refusal) in
            guard room.athlete.userId == user else { throw Refusal(.noSuchRoom, "there is no such workout") }
            return ops.contains { room.history.ops[$0] != nil }
        }
    }

    /// Offers an op again that was taken before and could not be stored, and waits until it is durable.
    ///
    /// - Parameter isRetry: takes the op although Postgres has refused it before.
    package func submitAgain(
        _ kept: KeptOp, to id: WorkoutID, by user: UserID, isRetry: Bool, within limit: Duration = .seconds(5)
    ) async throws(Refusal) {
        let creates = OpTargets(madeBy: kept.op.action).isWorkout
        let (room, answer) = try await inRoom(id, creator: creates ? user : nil) {
            room throws(Refusal) -> (WorkoutRoom, OpAnswer) in
            guard room.athlete.userId == user else { throw Refusal(.noSuchRoom, "there is no such workout") }
            return (room, try room.submit(kept.op, isAutomatic: kept.isAutomatic, isRetry: isRetry))
        }
        try await untilDurable(answer, in: room, limit)
    }

    private func untilDurable(_ answer: OpAnswer, in room: WorkoutRoom, _ limit: Duration) async throws(Refusal) {
        guard await room.waitUntilDurable(answer, limit: limit) else {
            throw Refusal(.unavailable, "the op is applied but not stored yet", retryAfterMilliseconds: 1000)
        }
    }

    /// Applies an op and does not wait; for the server's own ops.
    package func apply(
        _ op: WorkoutOp, to id: WorkoutID, by user: UserID, isAutomatic: Bool = false
    ) async throws(Refusal) -> OpAnswer {
        try await inRoom(id, creator: user) { room throws(Refusal) in
            try room.submit(op, isAutomatic: isAutomatic)
        }
    }

    /// A workout as its room has it.
    ///
    /// - Throws: `noSuchRoom`, also for who may not see it; `deleted`.
    package func view(_ id: WorkoutID, for viewer: UserID) async throws(Refusal) -> WorkoutView {
        if let view = try await finishedView(id, for: viewer) { return view }
        let room = try await room(id, for: viewer)
        let relation = try await relation(of: viewer, to: room.athlete.userId)
        await refreshBaseline(of: room)
        return try await inRoom(id, creator: nil, for: viewer) { room throws(Refusal) in
            guard room.mayWatch(viewer, relation), room.history.isKnown else {
                throw Refusal(.noSuchRoom, "there is no such workout")
            }
            if room.history.state.status == .deleted { throw Refusal(.deleted, "the workout is deleted") }
            return room.view
        }
    }

    /// A workout that is over and not in memory, read as it lies: looking back takes no room and writes nothing.
    ///
    /// - Returns: nil when only its room can answer.
    private func finishedView(_ id: WorkoutID, for viewer: UserID) async throws(Refusal) -> WorkoutView? {
        guard !isInMemory(id), let finished = try await context.loader.looking.finished(id) else { return nil }
        let relation = try await relation(of: viewer, to: finished.athlete.userId)
        return try await reading(finished, for: viewer).ifLoaded { room throws(Refusal) -> WorkoutView? in
            // Deleted between the two looks: its room tells.
            guard room.history.state.status != .deleted else { return nil }
            guard room.mayWatch(viewer, relation) else { throw Refusal(.noSuchRoom, "there is no such workout") }
            return room.view
        } ?? nil
    }

    /// Reads the athlete's other bests again if another workout has changed them since the room read them.
    private func refreshBaseline(of room: WorkoutRoom) async {
        guard context.loader.ages.isOld(room.id) else { return }
        do {
            await room.compare(with: try await context.loader.baseline(of: room.athlete.userId, except: room.id))
        } catch {
            // The room goes on with what it knows, and the next view tries again.
            context.loader.ages.overtake(of: room.athlete.userId)
            context.logger.warning("records could not be compared again", metadata: ["error": "\(error)"])
        }
    }

    /// Runs `body` in the workout's room, opening it anew when it was unloaded in between.
    func inRoom<Value: Sendable>(
        _ id: WorkoutID, creator: UserID?, for user: UserID? = nil,
        _ body: @Sendable (isolated WorkoutRoom) throws(Refusal) -> Value
    ) async throws(Refusal) -> Value {
        while true {
            let room = try await room(id, creator: creator, for: user)
            if let value = try await room.ifLoaded(body) { return value }
            forget(room)
        }
    }
}

extension WorkoutRoom {
    package var view: WorkoutView {
        let state = history.state
        let exercises = Set(state.entries.filter { !$0.isRemoved }.compactMap(\.exerciseId)).sorted()
        return WorkoutView(
            id: id, athlete: athlete, state: state, epoch: history.epoch, seq: history.seq, durable: history.durable,
            records: exercises.flatMap { baseline.records(in: state, of: $0) })
    }

    /// - Returns: nil when the room was unloaded.
    func ifLoaded<Value: Sendable>(
        _ body: @Sendable (isolated WorkoutRoom) throws(Refusal) -> Value
    ) throws(Refusal) -> Value? {
        guard phase != .unloaded else { return nil }
        return try body(self)
    }
}
