import NIOCore

/// What speaks over one connection; lives on that connection's event loop and is called only there.
package protocol SocketSession: AnyObject {
    /// One complete text message, valid UTF-8 and within the limit; messages come in order, and none while held.
    func received(_ message: ByteBuffer)
    /// One complete binary message; only where the configuration takes them.
    func receivedBinary(_ message: ByteBuffer)
    /// The connection's end has begun; called exactly once, and nothing is delivered or sent afterwards.
    func closed(_ closure: SocketClosure)
}

extension SocketSession {
    package func receivedBinary(_ message: ByteBuffer) {}
}

/// Who ended a connection, and with which close code.
package struct SocketClosure: Sendable, Equatable {
    package enum Origin: Sendable, Equatable {
        /// This side closed: a decision of the session, a limit, or a broken rule of the peer.
        case server
        /// The peer sent a close frame.
        case peer
        /// The transport ended without one.
        case network
    }

    package let origin: Origin
    /// The close code; 1005 when the peer gave none, 1006 when the transport ended without a close frame.
    package let code: UInt16
}
