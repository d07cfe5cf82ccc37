import NIOCore
import Protocol

extension LiveSession {
    /// Takes an op to the gate of its workout.
    ///
    /// - Parameter bytes: of its frame.
    func submit(_ id: Int64, room name: String, _ op: WorkoutOp, bytes: Int) {
        enter(OpArrival(request: id, op, bytes: bytes, refusal: takeOp()), room: name)
    }

    /// Refuses a frame that could not be read, which takes as much of the connection's limit as an op does. An op is refused
    /// in its turn, so that what builds on it is refused too.
    func refuse(unreadable fault: ClientFrame.Fault) {
        let limited = takeOp()
        guard let refusal = fault.refusal else { return }
        guard let op = fault.op, let id = fault.id, speaker != nil else {
            return refuse(fault.id, limited ?? refusal)
        }
        enter(OpArrival(request: id, op, limited ?? refusal), room: op.room)
    }

    /// Takes an op from the connection's limit.
    ///
    /// - Returns: the refusal when there is none left.
    private func takeOp() -> Refusal? {
        guard let wait = ops.take(at: live.context.clock.now) else { return nil }
        let limit = live.configuration.opsPerSecond
        return Refusal(.rateLimited, "at most \(limit) ops a second", retryAfterMilliseconds: wait)
    }

    private func enter(_ arrival: OpArrival, room name: String) {
        guard case .workout(let workout)? = RoomName(name) else {
            return refuse(arrival.request, arrival.refusal ?? Refusal(.noSuchRoom, "there is no such room"))
        }
        let gate = gates.gate(of: workout, name, isSpare: isSpareGate)
        // Nearly always: no other op waits, and the room is known.
        if lines.isEmpty || !(lines[name]?.hasOps ?? false), let room = rooms[name] {
            return pass(arrival, into: room, gate)
        }
        lines[name, default: RoomLine()].append(arrival)
        load.ops += 1
        load.opBytes += arrival.bytes
        advance(name)
    }

    /// Whether nothing waits at a gate, and its workout has no room here that is the athlete's own.
    private func isSpareGate(_ name: String) -> Bool {
        lines[name] == nil && rooms[name]?.athlete.userId != speaker?.member.userId
    }

    /// Answers an op that no room decides.
    private func refuse(_ arrival: OpArrival, at gate: OpGate, since cause: Refusal) {
        refuse(arrival.request, gate.refuse(arrival, since: cause))
        gates.count(gate.name, isSpare: isSpareGate)
    }

    /// Decides an op whose turn it is, or opens its room first.
    func pass(_ arrival: OpArrival, to name: String) {
        guard let gate = gates[name] else { preconditionFailure("a gate is kept while ops wait for it") }
        if let room = rooms[name] {
            pass(arrival, into: room, gate)
        } else if gate.isShut(for: arrival) {
            refuse(arrival, at: gate, since: Refusal(.unavailable, "the room is not open"))
        } else {
            open(gate, for: arrival)
        }
    }

    private func pass(_ arrival: OpArrival, into room: WorkoutRoom, _ gate: OpGate) {
        guard room.athlete.userId == speaker?.member.userId else {
            return refuse(arrival, at: gate, since: Refusal(.noSuchRoom, "there is no such room"))
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
            gates.count(gate.name, isSpare: isSpareGate)
            if !refused.isEmpty { room.perform { $0.rememberRefused(refused) } }
            pass(arrival, into: room, gate)
        case .failure(let refusal):
            if isClosed { return }
            refuse(arrival, at: gate, since: refusal)
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
