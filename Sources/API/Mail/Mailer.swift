import Foundation
import Protocol
import Store

/// Where mails go.
package enum MailTransport: Sendable {
    /// Files, for development.
    case drop(directory: URL)
    case server(SMTPServer)
}

/// Sends mails; called by jobs only, since a mail server may be slow or away.
package struct Mailer: Sendable {
    private let transport: MailTransport
    private let from: MailAddress
    private let now: @Sendable () -> Timestamp

    package init(transport: MailTransport, from: MailAddress, now: @escaping @Sendable () -> Timestamp) {
        self.transport = transport
        self.from = from
        self.now = now
    }

    /// Gives a mail to its transport; under the same id it is the same mail to whoever receives it twice.
    ///
    /// Throws `HopelessJob` when the server will never take the mail, otherwise what a later attempt may mend.
    package func deliver(_ mail: Mail, id: UUIDv7) async throws {
        let message = MailMessage(mail: mail, from: from, id: id, at: now())
        switch transport {
        case .drop(let directory): try await MailDrop(directory: directory).deliver(message)
        case .server(let server):
            do {
                try await SMTPClient(server: server).send(message)
            } catch let failure as SMTPFailure where failure.isFinal {
                throw HopelessJob("\(failure)")
            }
        }
    }
}
