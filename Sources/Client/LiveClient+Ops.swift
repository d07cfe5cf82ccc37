import Logging
import NIOCore
import Protocol

extension LiveClient {
    /// Sends what may be sent now, and plans for what may be sent later.
    func pump() {
        guard connection?.welcome != nil, connection?.end == nil, let channel = connection?.channel else { return }
        if queue.needsConnection { return close(1000, .again(.none, why: "ops have to be sent in another order")) }
        var hasWritten = false
        while true {
            let now = ContinuousClock.now
            guard let wait = connection?.bucket.wait(now: now), wait == .zero else {
                pumpLater(connection?.bucket.wait(now: now) ?? .zero)
                break
            }
            guard let id = connection?.nextRequest() else { break }
            guard let queued = queue.send(as: id, window: configuration.window, now: now) else {
                if let release = queue.nextRelease { pumpLater(now.duration(to: release)) }
                break
            }
            connection?.bucket.take()
            channel.write(MaskedFrame.text(ClientFrame(id: id, body: .op(queued)).json), promise: nil)
            hasWritten = true
        }
        if hasWritten { channel.flush() }
    }

    private func pumpLater(_ delay: Duration) {
        connection?.pumpTimer?.cancel()
        let amount = TimeAmount.milliseconds(max(1, delay.wholeMilliseconds + 1))
        connection?.pumpTimer = loop.scheduleTask(in: amount) { [weak self] in
            self?.assumeIsolated { $0.pump() }
        }
    }

    func applied(_ id: Int64, epoch: Int64, seq: Int64, isDurable: Bool) {
        guard let queued = queue.answered(id) else { return }
        let before = queue.lanes[queued.workout]?.items ?? []
        let done = queue.inLane(queued.workout) {
            $0.applied(queued.op.id, epoch: epoch, seq: seq, isDurable: isDurable)
        }
        tell(.op(queued, .applied(epoch: epoch, seq: seq)))
        settle(done ?? [], of: queued.workout, among: before)
        // A workout that began on this client can be followed from its first applied op.
        if rooms[queued.workout]?.phase == .idle { subscribe(queued.workout) }
        pump()
    }

    func durable(_ workout: WorkoutID, epoch: Int64, seq: Int64) {
        let before = queue.lanes[workout]?.items ?? []
        let done = queue.inLane(workout) { $0.durable(epoch: epoch, seq: seq) } ?? []
        let ids = Set(done)
        for item in before where ids.contains(item.op.id) {
            tell(.op(QueuedOp(workout: workout, op: item.op), .durable))
        }
        if !done.isEmpty {
            mark(.settled(done))
            opsLeft()
        }
        if rooms[workout] != nil {
            rooms[workout]?.mirror.durable(seq: seq)
            tell(.room(workout, .durable(seq: seq)))
        }
        pump()
    }

    /// Tells of ops that are durable: `durable` may come before an op's own answer, which then settles it.
    private func settle(_ done: [OpID], of workout: WorkoutID, among items: some Sequence<OpLane.Item>) {
        guard !done.isEmpty else { return }
        let ids = Set(done)
        for item in items where ids.contains(item.op.id) {
            tell(.op(QueuedOp(workout: workout, op: item.op), .durable))
        }
        mark(.settled(done))
        opsLeft()
    }

    func opRefused(_ queued: QueuedOp, _ refusal: Refusal) {
        let attempts = queue.lanes[queued.workout]?.refusals(of: queued.op.id) ?? 0
        let backoff = configuration.opBackoff * (1 << min(attempts, 6))
        let jittered = Duration.milliseconds(Int64.random(in: 0...max(1, backoff.wholeMilliseconds)))
        // What this client itself was refused comes by no other device.
        let patience = buildsOnRefused(queued) ? nil : configuration.unknownTargetPatience
        let consequence = queue.inLane(queued.workout) {
            $0.refused(queued.op, refusal, now: .now, backoff: jittered, patience: patience)
        }
        switch consequence {
        case .retry, nil:
            if refusal.code.isTemporary { tell(.op(queued, .delayed(refusal))) }
        case .reconnect: close(1000, .again(.none, why: "ops have to be sent in another order"))
        case .lost(let losses, let reconnects): lose(losses, of: queued.workout, reconnects: reconnects)
        }
        pump()
    }

    func rejected(_ workout: WorkoutID, _ id: OpID, _ message: String) {
        let consequence = queue.inLane(workout) { $0.remove(id, Refusal(.rejected, message)) }
        if case .lost(let losses, let reconnects) = consequence { lose(losses, of: workout, reconnects: reconnects) }
        pump()
    }

    /// Takes in what the server will never take: shown to the athlete, or sent as the athlete has corrected it.
    private func lose(_ losses: OpLane.Losses, of workout: WorkoutID, reconnects: Bool) {
        if let correction = losses.correction {
            mark(.replaced(correction.lost.id, by: QueuedOp(workout: workout, op: correction.op), correction.merged))
            tell(.op(QueuedOp(workout: workout, op: correction.lost), .corrected(correction.op)))
        }
        refuse(losses.refused, of: workout)
        if reconnects { close(1000, .again(.none, why: "an op that the server waits for was given up")) }
    }

    private func refuse(_ items: [OpLane.RefusedItem], of workout: WorkoutID) {
        for item in items {
            let queued = QueuedOp(workout: workout, op: item.op)
            refused.append(RefusedOp(queued, item.refusal))
            mark(.refused(item.op.id, item.refusal))
            tell(.op(queued, .refused(item.refusal)))
        }
        opsLeft()
    }

    /// Notes a change for the outbox's file; `keepMarks` writes it.
    func mark(_ mark: OutboxMark) {
        guard outbox != nil else { return }
        marks.append(mark)
        marksSignaller.yield()
    }

    /// Writes marks until `run` ends.
    func keepMarks() async {
        for await _ in marksSignal { await writeMarks() }
        await writeMarks()
    }

    private func writeMarks() async {
        guard let outbox else { return }
        let batch = marks
        marks = []
        for (place, mark) in batch.enumerated() {
            do {
                switch mark {
                case .settled(let ids): try await outbox.settle(ids)
                case .refused(let id, let refusal):
                    // Seen since, or on its way again.
                    guard isRefused(id), !returning.contains(id) else { continue }
                    try await outbox.refuse(id, refusal)
                case .replaced(let id, let queued, let merged):
                    try await outbox.replace(id, by: queued)
                    try await outbox.settle(merged)
                }
            } catch {
                // A mark that is missing costs a repeat that changes nothing; the next mark tries these again.
                logger.error("the outbox cannot be written", metadata: ["outbox.error": "\(error)"])
                marks = Array(batch[place...]) + marks
                return
            }
        }
    }
}
