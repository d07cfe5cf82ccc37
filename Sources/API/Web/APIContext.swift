import Hummingbird
import Logging
import NIOCore

/// What the server knows of a connection when a request arrives.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The address of the other end of the connection; a proxy's, where there is one.
    package let peer: String
    /// The connection, for answers that take too long.
    let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        peer = source.channel.remoteAddress?.ipAddress ?? "127.0.0.1"
    }
}
