import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// Gives one mail to a server over a connection of its own (RFC 5321, 3207, 4954).
struct SMTPClient: Sendable {
    let server: SMTPServer

    private typealias Connection = NIOAsyncChannel<SMTPReply, SMTPCommand>

    /// Sends the message. Throws `SMTPFailure`, or what connecting and TLS throw.
    func send(_ message: MailMessage) async throws {
        do {
            try await withDeadline(server.timeout) {
                let connection = try await connect()
                try await connection.executeThenClose { inbound, outbound in
                    var dialogue = SMTPDialogue(replies: inbound.makeAsyncIterator(), commands: outbound)
                    try await dialogue.send(message, to: server)
                }
            }
        } catch is DeadlineExceeded {
            throw SMTPFailure.timeout
        }
    }

    private func connect() async throws -> Connection {
        let tls = try NIOSSLContext(configuration: configuration)
        let server = server
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(20))
            .connect(host: server.host, port: server.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let codec = SMTPCodec { try SMTPClient.tlsHandler(tls, server.host) }
                    if server.security == .tls {
                        try channel.pipeline.syncOperations.addHandler(SMTPClient.tlsHandler(tls, server.host))
                    }
                    try channel.pipeline.syncOperations.addHandler(codec)
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
    }

    private var configuration: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = server.trustRoots
        return configuration
    }

    /// Addresses are no names for SNI; the certificate is then checked against the address.
    private static func tlsHandler(_ context: NIOSSLContext, _ host: String) throws -> NIOSSLClientHandler {
        let isAddress = IPAddress.bytes(of: host) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }
}

/// The dialogue with a mail server, step by step.
private struct SMTPDialogue {
    var replies: NIOAsyncChannelInboundStream<SMTPReply>.AsyncIterator
    let commands: NIOAsyncChannelOutboundWriter<SMTPCommand>

    mutating func send(_ message: MailMessage, to server: SMTPServer) async throws {
        try await expect(220, at: .greeting)
        let domain = message.from.domain
        var offers = try await hello(domain)
        if server.security == .startTLS {
            guard offers.contains("STARTTLS") else { throw SMTPFailure.missing("STARTTLS") }
            try await commands.write(.startTLS)
            try await expect(220, at: .startTLS)
            // What was offered in the clear counts no more.
            offers = try await hello(domain)
        }
        if let credentials = server.credentials { try await logIn(credentials, offers) }
        try await say("MAIL FROM:<\(message.from.address)>", expecting: 250, at: .sender)
        try await say("RCPT TO:<\(message.mail.to)>", expecting: 250, at: .recipient)
        try await say("DATA", expecting: 354, at: .data)
        try await say(SMTPDialogue.stuffed(message.text) + ".", expecting: 250, at: .message)
        do {
            try await commands.write(.text("QUIT"))
        } catch {
            // The server has the mail; how the connection ends is of no matter.
        }
    }

    /// What the server offers, in capitals: `STARTTLS`, `AUTH PLAIN LOGIN`.
    private mutating func hello(_ domain: String) async throws -> [String] {
        let reply = try await say("EHLO \(domain)", expecting: 250, at: .hello)
        return reply.lines.dropFirst().map { $0.uppercased() }
    }

    private mutating func logIn(_ credentials: SMTPServer.Credentials, _ offers: [String]) async throws {
        let ways = offers.first { $0.hasPrefix("AUTH ") }?.split(separator: " ").dropFirst() ?? []
        func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
        if ways.contains("PLAIN") {
            let secret = base64("\0\(credentials.user)\0\(credentials.password)")
            try await say("AUTH PLAIN \(secret)", expecting: 235, at: .login)
        } else if ways.contains("LOGIN") {
            try await say("AUTH LOGIN", expecting: 334, at: .login)
            try await say(base64(credentials.user), expecting: 334, at: .login)
            try await say(base64(credentials.password), expecting: 235, at: .login)
        } else {
            throw SMTPFailure.missing("AUTH PLAIN or LOGIN")
        }
    }

    @discardableResult
    private mutating func say(
        _ line: String, expecting code: Int, at step: SMTPFailure.Step
    ) async throws -> SMTPReply {
        try await commands.write(.text(line))
        return try await expect(code, at: step)
    }

    @discardableResult
    private mutating func expect(_ code: Int, at step: SMTPFailure.Step) async throws -> SMTPReply {
        guard let reply = try await replies.next() else { throw SMTPFailure.disconnected }
        // 251: the server forwards to an address that it knows.
        let isWanted = reply.code == code || step == .recipient && reply.code == 251
        guard isWanted else { throw SMTPFailure.refused(step, code: reply.code) }
        return reply
    }

    /// A message whose lines that begin with a dot got a second one.
    private static func stuffed(_ text: String) -> String {
        let stuffed = text.replacing("\r\n.", with: "\r\n..")
        return stuffed.hasPrefix(".") ? "." + stuffed : stuffed
    }
}
