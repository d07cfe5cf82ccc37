/// Why the server closes a socket; 4000–4499 ask the client to come back, 4500–4999 tell it not to.
public enum CloseCode: UInt16, Sendable, CaseIterable {
    case normal = 1000
    /// The server goes away without a hint; come back.
    case goingAway = 1001
    case protocolError = 1002
    /// A binary message where only text is spoken.
    case unsupportedData = 1003
    /// Bad UTF-8 or bad deflate data.
    case invalidPayload = 1007
    /// A message above the frame limit, counted after inflation.
    case tooBig = 1009

    /// This node drains; come back, spread over the hinted delay.
    case draining = 4000
    /// The client read too slowly for what it subscribed to; come back and resume by `since`.
    case slowWatcher = 4001
    case helloTimeout = 4002
    /// Nothing was heard within the heartbeat and its grace.
    case heartbeatTimeout = 4003
    case overloaded = 4004
    /// The user opened more connections than allowed and this one was silent for longest; come back after the hinted delay.
    case tooManyConnections = 4005

    /// No, a bad or an expired token.
    case unauthorized = 4500
    /// The session was ended elsewhere.
    case sessionRevoked = 4501
    /// The first frame was another request than hello.
    case badFrame = 4503
    case unsupportedVersion = 4504

    /// Whether a client should connect again by itself.
    public var comesBack: Bool {
        switch self {
        case .goingAway: true
        default: (4000...4499).contains(rawValue)
        }
    }
}
