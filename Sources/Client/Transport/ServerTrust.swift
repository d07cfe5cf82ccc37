import NIOCore
import NIOSSL

/// Whom a client believes to be the server when the address is https.
public struct ServerTrust: Sendable {
    private let context: Result<NIOSSLContext, any Error>

    /// Servers whose certificate one of the system's authorities vouches for.
    public static let system = ServerTrust(.clientDefault)

    /// Anybody: only for a server in this very process.
    package static let anyone = {
        var configuration = TLSConfiguration.clientDefault
        configuration.certificateVerification = .none
        return ServerTrust(configuration)
    }()

    /// Servers for whose certificate one in the PEM file vouches, and nobody else. Throws when it holds none.
    public init(pemFile path: String) throws {
        var configuration = TLSConfiguration.clientDefault
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(path))
        self.init(configuration)
    }

    private init(_ configuration: TLSConfiguration) {
        var configuration = configuration
        configuration.applicationProtocols = ["http/1.1"]
        context = Result { try NIOSSLContext(configuration: configuration) }
    }

    /// Whether a connection failed since the server is none of those.
    static func isMistrust(_ error: any Error) -> Bool {
        if let extra = error as? NIOSSLExtraError { return extra == .failedToValidateHostname }
        guard case .handshakeFailed(let reason)? = error as? NIOSSLError else { return false }
        return "\(reason)".contains("CERTIFICATE_VERIFY_FAILED")
    }

    /// Encrypts what later handlers of the channel say, when the address asks for it. Certificates must name the host.
    func secure(_ channel: any Channel, to server: ServerAddress) throws {
        guard server.isEncrypted else { return }
        // An address cannot be asked for by name; NIOSSL then compares it with the addresses in the certificate. What
        // makes no address here is a name, so nothing is lost with the error.
        let isAddress = (try? SocketAddress(ipAddress: server.host, port: server.port)) != nil
        try channel.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: context.get(), serverHostname: isAddress ? nil : server.host))
    }
}
