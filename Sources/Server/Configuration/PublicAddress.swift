/// Under which addresses people reach the server, once its port is known.
struct PublicAddress: Sendable {
    /// What links begin with, without a slash at the end.
    let url: String
    /// The same on this machine, whatever stands before the server.
    let listening: String
    /// Origins whose pages are ours.
    let origins: Set<String>

    /// - Parameter port: the port that is bound.
    init(_ configuration: ListenerConfiguration, port: Int) {
        let scheme = configuration.tls == nil ? "http" : "https"
        listening = "\(scheme)://\(Self.urlHost(configuration.host)):\(port)"
        url = configuration.publicURL?.description ?? listening
        var origins = Set(configuration.allowedOrigins.map(\.description))
        if origins.isEmpty { origins = [url] }
        // A developer opens either name of this machine and means the same server.
        if configuration.publicURL == nil, configuration.allowedOrigins.isEmpty {
            for name in ["localhost", "127.0.0.1", "[::1]"] {
                if let origin = Origin("\(scheme)://\(name):\(port)") { origins.insert(origin.description) }
            }
        }
        self.origins = origins
    }

    /// The host as a browser on this machine opens it.
    private static func urlHost(_ host: String) -> String {
        if host == "0.0.0.0" || host == "::" { return "localhost" }
        return host.contains(":") ? "[\(host)]" : host
    }
}
