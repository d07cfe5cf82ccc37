import NIOCore
import Protocol

/// One connection of a `LiveClient` and what waits on it.
struct LiveConnection {
    /// What the answer to a request is for.
    enum Waiting {
        case hello
        case time
        case subscribe(WorkoutID)
        case reply(CheckedContinuation<ServerFrame, any Error>)
        case nothing
    }

    let generation: Int
    let token: AccessToken
    let begun = ContinuousClock.now
    var channel: (any Channel)?
    /// The channel is gone; nothing can be asked any more.
    var isClosed = false
    var welcome: Welcome?
    var waiting: [Int64: Waiting] = [:]
    var lastHeard = ContinuousClock.now
    var lastTime = ContinuousClock.now
    var timesTaken = 0
    var bucket = TokenBucket(perSecond: 1, burst: 1, now: .now)
    /// What the server said about coming back.
    var hint = ReconnectDelay.Hint.none
    /// Set when this client ends the connection.
    var end: ConnectionEnd?
    var sweep: RepeatedTask?
    var pumpTimer: Scheduled<Void>?
    private var lastRequest: Int64 = 0

    init(generation: Int, token: AccessToken) {
        self.generation = generation
        self.token = token
    }

    mutating func nextRequest() -> Int64 {
        lastRequest += 1
        return lastRequest
    }
}

/// Why a connection is over, and whether there shall be another.
enum ConnectionEnd: Sendable, Hashable {
    case again(ReconnectDelay.Hint, why: String)
    /// The token was refused.
    case unauthorized
    case never(why: String)

    init(_ closure: WebSocketClosure, hint: ReconnectDelay.Hint) {
        switch closure {
        case .code(CloseCode.unauthorized.rawValue, _): self = .unauthorized
        case .code(let code, let reason):
            let name = CloseCode(rawValue: code).map { "\($0)" } ?? "code \(code)"
            let why = reason.isEmpty ? name : "\(name): \(reason)"
            self = (4500...4999).contains(code) ? .never(why: why) : .again(hint, why: why)
        case .refused(401, _): self = .unauthorized
        case .refused(let status, _) where status == 403 || status == 426:
            self = .never(why: "the server answered \(status)")
        case .refused(let status, let seconds):
            let hint = seconds.map { ReconnectDelay.Hint.notBefore(.seconds(min(max($0, 0), 3600))) } ?? .none
            self = .again(hint, why: "the server answered \(status)")
        case .lost(let why): self = .again(hint, why: why)
        }
    }
}

/// Carries what the handler hears to the client, on the loop that both live on.
final class LiveReceiver: WebSocketReceiver {
    private let client: LiveClient
    private let generation: Int
    private let closed: EventLoopPromise<ConnectionEnd>

    init(_ client: LiveClient, generation: Int, closed: EventLoopPromise<ConnectionEnd>) {
        self.client = client
        self.generation = generation
        self.closed = closed
    }

    func opened(_ channel: any Channel) {
        let generation = generation
        client.assumeIsolated { $0.opened(channel, generation: generation) }
    }

    func received(_ text: ByteBuffer) {
        let generation = generation
        client.assumeIsolated { $0.received(text, generation: generation) }
    }

    func closed(_ closure: WebSocketClosure) {
        let generation = generation
        closed.succeed(client.assumeIsolated { $0.closed(closure, generation: generation) })
    }
}
