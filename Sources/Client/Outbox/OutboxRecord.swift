import Protocol

/// An op that waits to become durable, and the workout it belongs to.
public struct QueuedOp: Sendable, Hashable {
    public let workout: WorkoutID
    public let op: WorkoutOp

    public init(workout: WorkoutID, op: WorkoutOp) {
        self.workout = workout
        self.op = op
    }
}

/// An op that the server will never take, kept until the athlete has been told.
public struct RefusedOp: Sendable, Hashable {
    public let queued: QueuedOp
    public let refusal: Refusal

    public init(_ queued: QueuedOp, _ refusal: Refusal) {
        self.queued = queued
        self.refusal = refusal
    }
}

/// One line of the outbox's history.
enum OutboxRecord {
    case queued(QueuedOp)
    /// The op is durable, or the athlete has been told that it was refused: nothing is left to do.
    case done(OpID)
    case refused(OpID, Refusal)
    /// An op stands where another one was, or where it was itself with another body.
    case replaced(OpID, by: QueuedOp)
    /// An op is queued instead of refused ones; others, refused or queued, go behind it, in this order.
    case corrected([OpID], by: QueuedOp, following: [OpID])

    var payload: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            switch self {
            case .queued(let queued):
                writer.member("workout", queued.workout)
                queued.op.write(to: &writer)
            case .done(let id): writer.member("done", id)
            case .refused(let id, let refusal):
                writer.member("refused", id)
                writer.member("code", refusal.code.rawValue)
                writer.member("message", refusal.message)
            case .replaced(let id, let queued):
                writer.member("replaces", id)
                writer.member("workout", queued.workout)
                queued.op.write(to: &writer)
            case .corrected(let ids, let queued, let following):
                writer.ids("corrects", ids)
                writer.ids("following", following)
                writer.member("workout", queued.workout)
                queued.op.write(to: &writer)
            }
        }
        return writer.bytes
    }

    init(_ payload: [UInt8]) throws {
        let json = try JSONReader.parse(payload)
        let fields = Fields(json)
        if let id = try fields.id("done") {
            self = .done(id)
        } else if let id = try fields.id("refused") {
            let code: Refusal.Code? = try? fields.choice("code")  // A newer version's code: the refusal still stands.
            self = .refused(id, Refusal(code ?? .invalid, try fields.string("message") ?? ""))
        } else {
            let workout = try fields.required("workout", fields.id("workout"))
            let queued = QueuedOp(workout: workout, op: try WorkoutOp(json))
            if json["corrects"] != nil {
                self = .corrected(try fields.ids("corrects"), by: queued, following: try fields.ids("following"))
            } else {
                self = try fields.id("replaces").map { .replaced($0, by: queued) } ?? .queued(queued)
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func ids(_ name: StaticString, _ ids: [OpID]) {
        self.name(name)
        array(ids) { $0.string($1.description) }
    }
}
