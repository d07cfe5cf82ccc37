import NIOCore
import Protocol

extension LiveSession {
    /// Gates of workouts that are not known, at most; beyond that the one that was used least lately is forgotten.
    static let roomlessGates = 128

    /// Takes an op to the gate of its workout.
    ///
    /// - Parameter bytes: of its frame.
    func submit(_ id: Int64, room name: String, _ op: WorkoutOp, bytes: Int) {
        var refusal: Refusal?
        if let wait = ops.take(at: live.context.clock.now) {
            let limit = live.configuration.opsPerSecond
            refusal = Refusal(.rateLimited, "at most \(limit) ops a second", retryAfterMilliseconds: wait)
        }
        enter(OpArrival(request: id, op, bytes: bytes, refusal: refusal), room: name)
    }

    /// Refuses an op that could not be read: in its turn, so that what builds on it is refused too.
    func submit(_ id: Int64, unreadable op: UnreadableOp, _ refusal: Refusal) {
        enter(OpArrival(request: id, op, refusal), room: op.room)
    }

    private func enter(_ arrival: OpArrival, room name: String) {
        guard case .workout(let workout)? = RoomName(name) else {
            return refuse(arrival.request, arrival.refusal ?? Refusal(.noSuchRoom, "there is no such room"))
        }
        let gate = gate(of: workout, name)
        // Nearly always: no other op waits, and the room is known.
        if lines.isEmpty || !(lines[name]?.hasOps ?? false), let room = rooms[name] {
            return pass(arrival, into: room, gate)
        }
        lines[name, default: RoomLine()].append(arrival)
        load.ops += 1
        load.opBytes += arrival.bytes
        advance(name)
    }

    private func gate(of workout: WorkoutID, _ name: String) -> OpGate {
        gateUses += 1
        if let known = gates[name] {
            gates[name]?.lastUse = gateUses
            return known.gate
        }
        let roomless = gates.filter { rooms[$0.key] == nil && lines[$0.key] == nil }
        if roomless.count >= Self.roomlessGates, let oldest = roomless.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            gates[oldest.key] = nil
        }
        let gate = OpGate(workout: workout, name: name)
        gates[name] = (gate, gateUses)
        return gate
    }

    /// Decides an op whose turn it is, or opens its room first.
    func pass(_ arrival: OpArrival, to name: String) {
        guard let gate = gates[name]?.gate else { preconditionFailure("a gate is kept while ops wait for it") }
        if let room = rooms[name] {
            pass(arrival, into: room, gate)
        } else if gate.isShut(for: arrival) {
            let cause = Refusal(.unavailable, "the room is not open")
            refuse(arrival.request, gate.refuse(arrival, since: cause))
        } else {
            open(gate, for: arrival)
        }
    }

    private func pass(_ arrival: OpArrival, into room: WorkoutRoom, _ gate: OpGate) {
        guard room.athlete.userId == speaker?.member.userId else {
            return refuse(arrival.request, gate.refuse(arrival, since: Refusal(.noSuchRoom, "there is no such room")))
        }
        room.perform { [self] room in
            if room.phase == .unloaded { connection.eventLoop.execute { self.forget(room) } }
            answer(room.answer(arrival, through: gate), from: room)
        }
    }

    /// A room that is gone is opened anew for the next op.
    func forget(_ room: WorkoutRoom) {
        if rooms[room.name] === room { rooms[room.name] = nil }
    }

    /// Finds the room for an op; others of its workout wait behind it, those of other workouts do not.
    private func open(_ gate: OpGate, for arrival: OpArrival) {
        guard let link = link(relation: .oneself) else { return }
        lines[gate.name, default: RoomLine()].isOpening = true
        load.lookUps += 1
        let creator = arrival.makesWorkout ? link.user.userId : nil
        let isStarted = live.context.background.start { [self, live] in
            let opened: Result<WorkoutRoom, Refusal>
            do throws(Refusal) {
                opened = .success(try await live.rooms.join(gate.workout, creator: creator, link))
            } catch {
                opened = .failure(error)
            }
            connection.eventLoop.execute { self.opened(gate, opened, for: arrival) }
        }
        guard !isStarted else { return }
        let refusal = Refusal(.busy, "the server is busy", retryAfterMilliseconds: 1000)
        opened(gate, .failure(refusal), for: arrival)
    }

    private func opened(_ gate: OpGate, _ result: Result<WorkoutRoom, Refusal>, for arrival: OpArrival) {
        load.lookUps -= 1
        lines[gate.name]?.isOpening = false
        switch result {
        case .success(let room):
            guard entered(room, as: gate.name) else { return }
            let refused = gate.takeRefused()
            if !refused.isEmpty { room.perform { $0.rememberRefused(refused) } }
            pass(arrival, into: room, gate)
        case .failure(let refusal):
            if isClosed { return }
            refuse(arrival.request, gate.refuse(arrival, since: refusal))
        }
        advance(gate.name)
    }
}

extension WorkoutRoom {
    /// Decides an op in its turn.
    func answer(_ arrival: OpArrival, through gate: OpGate) -> ServerFrame {
        do throws(Refusal) {
            let isKnown = arrival.op.map { history.ops[$0.id]?.fingerprint == $0.fingerprint } ?? false
            let done = try gate.pass(arrival, isKnown: isKnown) { () throws(Refusal) in
                guard arrival.refusal == nil, let op = arrival.op else {
                    throw refusing(arrival.refusal ?? Refusal(.badRequest, "the op cannot be read"), arrival.made)
                }
                return try submit(op)
            }
            return .applied(
                id: arrival.request, epoch: done.epoch, seq: done.seq, isDurable: done.isRepeat ? done.isDurable : nil)
        } catch {
            return .error(id: arrival.request, error)
        }
    }
}
