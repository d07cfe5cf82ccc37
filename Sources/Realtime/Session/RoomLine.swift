import DequeModule

/// What a connection has asked of one room and waits for its turn: in the order in which the frames came, and one request
/// at a time that looks something up.
///
/// Only ops go ahead of a look-up, once the connection knows the room: storage that hangs must not stop them.
struct RoomLine {
    typealias Request = (LiveSession) -> Void

    enum Item {
        case op(OpArrival)
        case request(Request)
    }

    private var ops = Deque<(turn: Int, arrival: OpArrival)>()
    private var requests = Deque<(turn: Int, run: Request)>()
    private var turn = 0
    /// The room is being opened for an op; everything waits.
    var isOpening = false
    /// A request looks something up; the requests behind it wait, and ops while the room is not known.
    var isLookingUp = false

    var hasOps: Bool { isOpening || !ops.isEmpty }
    var isIdle: Bool { !isOpening && !isLookingUp && ops.isEmpty && requests.isEmpty }

    mutating func append(_ arrival: OpArrival) {
        turn += 1
        ops.append((turn, arrival))
    }

    mutating func append(_ request: @escaping Request) {
        turn += 1
        requests.append((turn, request))
    }

    /// Takes out what may go on now.
    mutating func next(knowsRoom: Bool) -> Item? {
        if isOpening { return nil }
        if isLookingUp { return knowsRoom ? ops.popFirst().map { .op($0.arrival) } : nil }
        let isRequest = (requests.first?.turn ?? .max) < (ops.first?.turn ?? .max)
        return isRequest ? requests.popFirst().map { .request($0.run) } : ops.popFirst().map { .op($0.arrival) }
    }
}

/// How much of a connection waits or is under way; beyond the bounds it is not read on.
struct ConnectionLoad {
    /// Requests that look something up, and rooms that are opened for ops.
    static let lookUpLimit = 8
    static let opLimit = 256
    static let opBytesLimit = 256 * 1024
    static let requestLimit = 64

    var lookUps = 0
    var ops = 0
    var opBytes = 0
    /// Requests that wait for another of their room.
    var requests = 0

    var isFull: Bool {
        lookUps >= Self.lookUpLimit || ops >= Self.opLimit || opBytes >= Self.opBytesLimit
            || requests >= Self.requestLimit
    }
}
