import Logging
import NIOCore
import Protocol

/// One connection's side of the protocol: hello, then requests; each is answered once, in order per room.
///
/// `@unchecked Sendable`: lives on its connection's event loop, and every member is touched only there; rooms and background
/// jobs carry the reference back to that loop.
final class LiveSession: SocketSession, @unchecked Sendable {
    /// Who speaks, once hello was accepted.
    struct Speaker {
        var identity: LiveIdentity
        let member: Member
    }

    let connection: SocketConnection
    let live: Live
    let logger: Logger
    let upgradeIdentity: LiveIdentity?
    let lastHeard = LastHeard()
    var speaker: Speaker?
    /// Set when hello came; a second one is refused.
    var saidHello = false
    /// Counts hellos, so that a late look-up tells which one it was for.
    var greetings = 0
    var greetingDeadline: Scheduled<Void>?
    /// Set when a hello may have been refused: it could not be read, or storage was away.
    var wasRefused = false
    var isClosed = false
    /// Rooms this connection has to do with, by name.
    var rooms: [String: WorkoutRoom] = [:]
    var subscriptions: Set<String> = []
    /// The gate of every workout that this connection has sent ops to, by the room's name.
    var gates = OpGates()
    /// What waits of each room, by its name, while something does or is under way.
    var lines: [String: RoomLine] = [:]
    var load = ConnectionLoad()
    /// Hello is being answered: what comes behind it waits.
    var isGreeting = false
    /// No messages are read just now.
    var isHolding = false
    var ops: TokenBucket
    var beats: TokenBucket
    var moderations: TokenBucket

    init(_ connection: SocketConnection, identity: LiveIdentity?, live: Live) {
        self.connection = connection
        self.live = live
        upgradeIdentity = identity
        var logger = live.context.logger
        logger[metadataKey: "connection.id"] = "\(connection.id)"
        self.logger = logger
        ops = TokenBucket(perSecond: live.configuration.opsPerSecond, burst: live.configuration.opsBurst)
        beats = TokenBucket(perSecond: live.configuration.heartPerSecond, burst: live.configuration.heartPerSecond)
        moderations = TokenBucket(
            perSecond: live.configuration.moderationsPerSecond, burst: live.configuration.moderationsBurst)
        connection.closeAfter(live.configuration.helloWithin, .helloTimeout, reason: "no hello came")
    }

    func received(_ message: ByteBuffer) {
        lastHeard.now()
        let frame: ClientFrame
        do throws(ClientFrame.Fault) { frame = try ClientFrame(message.readableBytesView) } catch {
            wasRefused = true
            return refuse(unreadable: error)
        }
        if case .hello(let token, let client) = frame.body {
            return hello(frame.id ?? 0, token: token, client: client)
        }
        guard speaker != nil else {
            guard saidHello || wasRefused else {
                return connection.close(.badFrame, reason: "the first frame must be hello")
            }
            // Behind a hello that could not be read or was refused; its deadline ends those who never say another.
            return refuse(frame.id, Refusal(.unauthorized, "say hello first"))
        }
        handle(frame, bytes: message.readableBytes)
    }

    func closed(_ closure: SocketClosure) {
        isClosed = true
        lines = [:]
        for room in rooms.values { room.perform { [connection] in $0.leave(connection, isClosing: true) } }
        rooms = [:]
        guard let speaker else { return }
        live.registry.remove(connection, of: speaker.member.userId)
        live.context.presences.left(speaker.member.userId, on: connection)
        logger.debug("connection closed", metadata: ["close.code": "\(closure.code)"])
    }

    func send(_ frame: ServerFrame) { connection.send(EncodedFrame.text(frame.json), as: .answer) }

    func refuse(_ id: Int64?, _ refusal: Refusal) { send(.error(id: id, refusal)) }

    /// The connection has to do with a room from now on.
    ///
    /// One that was closed while the room took it in leaves again, behind its joining: whoever joins in the background calls
    /// this on the loop, also when nobody waits for the answer any more.
    ///
    /// - Returns: whether the connection is still there.
    @discardableResult
    func entered(_ room: WorkoutRoom, as name: String) -> Bool {
        guard !isClosed else {
            room.perform { [connection] in $0.leave(connection, isClosing: true) }
            return false
        }
        rooms[name] = room
        return true
    }
}
