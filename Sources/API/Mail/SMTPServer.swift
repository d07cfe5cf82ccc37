import Foundation
import NIOSSL

/// A mail server that takes our mails, with how it is spoken to.
package struct SMTPServer: Sendable {
    package enum Security: Sendable, Hashable {
        case plain
        /// Begins in the clear and must agree to TLS before anything else is said.
        case startTLS
        /// TLS from the first byte.
        case tls
    }

    package struct Credentials: Sendable, Hashable {
        package let user: String
        package let password: String
    }

    package var host: String
    package var port: Int
    package var security: Security
    package var credentials: Credentials?
    /// How long one mail may take, connecting included.
    package var timeout = Duration.seconds(60)
    /// Who vouches for the server's certificate; the machine's own roots unless told.
    package var trustRoots = NIOSSLTrustRoots.default

    /// Reads `smtp://host:port`, `smtp://user:password@host:port?starttls` or `smtps://user:password@host:port`; nil
    /// for anything else. A password without TLS is refused unless the server is on this machine.
    package init?(_ text: String) {
        guard let url = URLComponents(string: text), let host = url.host, !host.isEmpty,
            url.path.isEmpty || url.path == "/", url.fragment == nil
        else { return nil }
        switch (url.scheme?.lowercased(), url.query) {
        case ("smtps", nil): security = .tls
        case ("smtp", nil): security = .plain
        case ("smtp", "starttls"): security = .startTLS
        default: return nil
        }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        let usual = [.plain: 25, .startTLS: 587, .tls: 465][security] ?? 25
        port = url.port ?? usual
        guard (1...65535).contains(port) else { return nil }
        if let user = url.user, let password = url.password, !user.isEmpty {
            credentials = Credentials(user: user, password: password)
            let isHere = ["localhost", "127.0.0.1", "::1"].contains(self.host)
            if security == .plain, !isHere { return nil }
        } else if url.user != nil || url.password != nil {
            return nil
        }
    }
}
