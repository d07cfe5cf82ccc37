import Logging
import NIOCore
import Protocol
import Store

/// Everything live, put together: what a session needs to serve its connection.
package struct Live: Sendable {
    /// Verifies an access token; nil for one that is bad or expired. Its session may have ended: `IsEnded` tells.
    package typealias Authenticate = @Sendable (_ token: String) async -> LiveIdentity?
    /// Whether a session, or the account it is of, was ended; from memory, so that it can be asked when a look-up is over.
    package typealias IsEnded = @Sendable (LiveIdentity) -> Bool

    package let rooms: Rooms
    package let registry: SessionRegistry
    let authenticate: Authenticate
    let isEnded: IsEnded

    package init(
        rooms: Rooms, registry: SessionRegistry, authenticate: @escaping Authenticate, isEnded: @escaping IsEnded
    ) {
        self.rooms = rooms
        self.registry = registry
        self.authenticate = authenticate
        self.isEnded = isEnded
    }

    var context: RoomContext { rooms.context }
    var configuration: LiveConfiguration { rooms.context.configuration }

    /// Decides on the token of an upgrade request.
    package func authorise(_ token: String) async -> UpgradeVerdict {
        guard let identity = await authenticate(token), !isEnded(identity) else { return .refused }
        return .accepted(identity: identity)
    }

    /// Makes the session of a new connection, on its event loop.
    package func makeSession(_ connection: SocketConnection, _ request: UpgradeRequest) -> any SocketSession {
        LiveSession(connection, identity: request.identity as? LiveIdentity, live: self)
    }

    /// Tells every client that this node goes away and when to come back.
    package func sayGoodbye(retryAfter: Duration) {
        registry.broadcast(
            EncodedFrame.text(ServerFrame.goodbye(retryAfterMilliseconds: retryAfter.wholeMilliseconds).json))
    }
}
