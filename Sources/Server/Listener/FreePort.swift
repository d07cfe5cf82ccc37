import NIOCore
import NIOPosix

/// Port 0 made a number before the server is put together, since pages, origins and links need it.
enum FreePort {
    /// The port itself, or one that was free a moment ago when it is 0.
    ///
    /// - Throws: what the system says when the host cannot be bound at all.
    static func resolve(_ port: Int, host: String, group: any EventLoopGroup) async throws -> Int {
        guard port == 0 else { return port }
        let channel = try await ServerBootstrap(group: group).bind(host: host, port: 0).get()
        let free = channel.localAddress?.port ?? 0
        try await channel.close()
        return free
    }
}
