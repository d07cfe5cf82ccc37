import Hummingbird
import Logging

/// What the server knows of a connection when a request arrives.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The address of the other end of the connection; a proxy's, where there is one.
    package let peer: String

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.channel.remoteAddress?.ipAddress ?? "127.0.0.1"
    }
}
