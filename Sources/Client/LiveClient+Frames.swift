import Logging
import NIOCore
import Protocol

extension LiveClient {
    func received(_ text: ByteBuffer, generation: Int) {
        guard connection?.generation == generation, connection?.end == nil else { return }
        connection?.lastHeard = .now
        do throws(Refusal) {
            try take(ServerFrame(text.readableBytesView))
        } catch {
            // Frames of a newer server are passed over; anything else unreadable means that one of the two is broken.
            if error.code == .unknownType { return }
            logger.warning("unreadable frame", metadata: ["live.fault": "\(error.message)"])
            close(1007, .again(.none, why: "an unreadable frame: \(error.message)"))
        }
    }

    private func take(_ frame: ServerFrame) throws(Refusal) {
        switch frame {
        case .welcome(let id, let welcome): greeted(id, welcome)
        case .time(let id, let t0, let t1, let t2):
            guard case .time = connection?.waiting.removeValue(forKey: id) else { return }
            clock.add(t0: t0, t1: t1, t2: t2, t3: Timestamp.now.milliseconds)
            connection?.timesTaken += 1
            if connection?.timesTaken ?? 0 < 5 { measureClock() }
        case .ok(let id): resolve(id, frame)
        case .applied(let id, let epoch, let seq, let isDurable):
            applied(id, epoch: epoch, seq: seq, isDurable: isDurable ?? false)
        case .subscribed(let id, let answer): try subscribed(id, answer)
        case .page(let id, _, let events): try page(id, events)
        case .error(let id, let refusal): failed(id, refusal)
        case .friend(let friend): tell(.friend(friend))
        case .notice(let notice): tell(.notice(notice))
        case .goodbye(let milliseconds): connection?.hint = .within(.milliseconds(max(0, milliseconds)))
        default: try takePush(frame)
        }
    }

    private func takePush(_ frame: ServerFrame) throws(Refusal) {
        guard let room = frame.room, case .workout(let workout) = RoomName(room) else { return }
        switch frame {
        case .event(_, let event): try folded(workout, event)
        case .durable(_, let epoch, let seq): durable(workout, epoch: epoch, seq: seq)
        case .rejected(_, let opId, let message): rejected(workout, opId, message)
        case .reset(_, let snapshot): try reset(workout, snapshot)
        case .ended: ended(workout)
        case .presence(_, let presence):
            rooms[workout]?.mirror.take(presence)
            tell(.room(workout, .presence))
        case .cheer(_, let cheer, let from): tell(.room(workout, .cheer(cheer, from: from)))
        case .heart(_, let bpm, let at): tell(.room(workout, .heart(bpm: bpm, at: at)))
        default: break
        }
    }

    private func greeted(_ id: Int64, _ welcome: Welcome) {
        connection?.waiting[id] = nil
        connection?.welcome = welcome
        connection?.bucket = TokenBucket(
            perSecond: welcome.limits.opsPerSecond, burst: welcome.limits.opsBurst, now: .now)
        tell(.connection(.live(welcome)))
        measureClock()
        for workout in rooms.keys.sorted() { subscribe(workout) }
        pump()
    }

    private func resolve(_ id: Int64, _ frame: ServerFrame) {
        guard case .reply(let continuation) = connection?.waiting.removeValue(forKey: id) else { return }
        continuation.resume(returning: frame)
    }

    private func failed(_ id: Int64?, _ refusal: Refusal) {
        guard let id else {
            logger.warning("the server names a fault", metadata: ["live.fault": "\(refusal.message)"])
            return
        }
        if let queued = queue.answered(id) { return opRefused(queued, refusal) }
        switch connection?.waiting.removeValue(forKey: id) {
        case .hello: helloRefused(refusal)
        case .subscribe(let workout): subscribeRefused(workout, refusal)
        case .reply(let continuation): continuation.resume(throwing: LiveClientError.refused(refusal))
        case .time, .nothing, nil: break
        }
    }

    private func helloRefused(_ refusal: Refusal) {
        let wait = Duration.milliseconds(max(0, refusal.retryAfterMilliseconds ?? 0))
        let end: ConnectionEnd =
            if refusal.code == .unauthorized {
                .unauthorized
            } else if refusal.code.isTemporary {
                .again(.notBefore(wait), why: refusal.message)
            } else {
                .never(why: refusal.message)
            }
        close(1000, end)
    }
}

extension ServerFrame {
    /// The room that a push is about.
    fileprivate var room: String? {
        switch self {
        case .event(let room, _), .durable(let room, _, _), .rejected(let room, _, _), .reset(let room, _),
            .ended(let room), .presence(let room, _), .cheer(let room, _, _), .heart(let room, _, _):
            room
        case .welcome, .time, .ok, .applied, .subscribed, .error, .page, .friend, .notice, .goodbye: nil
        }
    }
}
