import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A mail server on loopback that speaks SMTP with its clients, keeps what it is given, and misbehaves on request.
package final class MailServer: Sendable {
    /// What it does otherwise than a good server.
    package struct Behaviour: Sendable {
        package var offersStartTLS = false
        /// TLS from the first byte.
        package var isImplicitTLS = false
        /// Ways of `AUTH` it offers; with any, mails are taken only after a log-in as `fit` with `secret`.
        package var logins: [String] = []
        /// Replies by the verb they answer (`MAIL`, `RCPT`, `DATA`, `.` for a whole message) in place of its own, each
        /// used once.
        package var replies: [String: [String]] = [:]
        /// Closes instead of answering this verb, once.
        package var hangsUpAt: String?
        /// Says this behind its agreement to TLS, in the clear.
        package var injection: String?

        package init() {}
    }

    /// A mail as it was taken.
    package struct Delivery: Sendable {
        package let sender: String
        package let recipients: [String]
        /// Without the stuffed dots, lines ended by CRLF.
        package let message: String
        package let isEncrypted: Bool
        package let login: String?
    }

    private struct State {
        var behaviour: Behaviour
        var deliveries: [Delivery] = []
        var dialogue: [String] = []
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    private init(_ behaviour: Behaviour) { state = Mutex(State(behaviour: behaviour)) }

    package var deliveries: [Delivery] { state.withLock(\.deliveries) }
    /// What clients said, line by line, messages left out.
    package var dialogue: [String] { state.withLock(\.dialogue) }

    /// The first mail to a recipient that holds the words, waited for; the same one each time.
    package func mail(to recipient: String, saying words: String = "") async -> Delivery {
        func isWanted(_ delivery: Delivery) -> Bool {
            delivery.recipients.contains(recipient) && (words.isEmpty || delivery.message.contains(words))
        }
        while true {
            if let delivery = deliveries.first(where: isWanted) { return delivery }
            await withCheckedContinuation { waiter in
                let hasCome = state.withLock { state in
                    if state.deliveries.contains(where: isWanted) { return true }
                    state.waiters.append(waiter)
                    return false
                }
                if hasCome { waiter.resume() }
            }
        }
    }

    /// Runs a server and lends it with its port.
    package static func run<Value: Sendable>(
        _ behaviour: Behaviour = Behaviour(), _ body: (MailServer, Int) async throws -> Value
    ) async throws -> Value {
        let server = MailServer(behaviour)
        let tls = try NIOSSLContext(configuration: try TestCertificate.server)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 16)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if behaviour.isImplicitTLS {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        MailDialogue(server: server, tls: tls, isEncrypted: behaviour.isImplicitTLS))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(server, channel.localAddress?.port ?? 0))
        } catch {
            result = .failure(error)
        }
        try await channel.close()
        return try result.get()
    }

    fileprivate var behaviour: Behaviour { state.withLock(\.behaviour) }

    fileprivate func heard(_ line: String) { state.withLock { $0.dialogue.append(line) } }

    fileprivate func take(_ delivery: Delivery) {
        let waiters = state.withLock { state in
            state.deliveries.append(delivery)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The reply that was put in place of the usual one.
    fileprivate func givenReply(to verb: String) -> String? {
        state.withLock { state in
            guard let replies = state.behaviour.replies[verb], !replies.isEmpty else { return nil }
            state.behaviour.replies[verb] = Array(replies.dropFirst())
            return replies[0]
        }
    }

    fileprivate func hangsUp(at verb: String) -> Bool {
        state.withLock { state in
            guard state.behaviour.hangsUpAt == verb else { return false }
            state.behaviour.hangsUpAt = nil
            return true
        }
    }
}

/// One client's dialogue.
private final class MailDialogue: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Expected {
        case command, message, user, password(user: String)
    }

    private let server: MailServer
    private let tls: NIOSSLContext
    private var isEncrypted: Bool
    private var unread = ByteBuffer()
    private var expected = Expected.command
    private var login: String?
    private var sender = ""
    private var recipients: [String] = []
    private var message: [String] = []

    init(server: MailServer, tls: NIOSSLContext, isEncrypted: Bool) {
        self.server = server
        self.tls = tls
        self.isEncrypted = isEncrypted
    }

    func channelActive(context: ChannelHandlerContext) { reply("220 localhost ready", context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        unread.writeBuffer(&bytes)
        while let end = unread.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
            let length = end - unread.readerIndex
            let line = (unread.readString(length: length) ?? "").filter { $0 != "\r" }
            unread.moveReaderIndex(forwardBy: 1)
            hear(line, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func hear(_ line: String, _ context: ChannelHandlerContext) {
        switch expected {
        case .message:
            guard line != "." else { return finishMessage(context) }
            message.append(line.hasPrefix(".") ? String(line.dropFirst()) : line)
        case .user:
            expected = .password(user: decoded(line))
            reply("334 UGFzc3dvcmQ6", context)
        case .password(let user):
            expected = .command
            logIn(user, decoded(line), context)
        case .command:
            server.heard(line)
            let verb = String(line.prefix { $0 != " " }).uppercased()
            if server.hangsUp(at: verb) { return context.close(promise: nil) }
            if let given = server.givenReply(to: verb) { return reply(given, context) }
            obey(verb, line, context)
        }
    }

    private func obey(_ verb: String, _ line: String, _ context: ChannelHandlerContext) {
        switch verb {
        case "EHLO":
            var offers = ["250-localhost"]
            if server.behaviour.offersStartTLS, !isEncrypted { offers.append("250-STARTTLS") }
            if !server.behaviour.logins.isEmpty {
                offers.append("250-AUTH \(server.behaviour.logins.joined(separator: " "))")
            }
            reply((offers + ["250 8BITMIME"]).joined(separator: "\r\n"), context)
        case "STARTTLS": startTLS(context)
        case "AUTH": authenticate(line, context)
        case "MAIL" where login == nil && !server.behaviour.logins.isEmpty: reply("530 log in first", context)
        case "MAIL":
            (sender, recipients, message) = (address(in: line), [], [])
            reply("250 ok", context)
        case "RCPT":
            recipients.append(address(in: line))
            reply("250 ok", context)
        case "DATA":
            expected = .message
            reply("354 go on", context)
        case "QUIT":
            reply("221 bye", context)
            context.close(promise: nil)
        default: reply("500 what?", context)
        }
    }

    private func startTLS(_ context: ChannelHandlerContext) {
        reply("220 go on" + (server.behaviour.injection.map { "\r\n\($0)" } ?? ""), context)
        isEncrypted = true
        do {
            try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        } catch {
            context.close(promise: nil)
        }
    }

    private func authenticate(_ line: String, _ context: ChannelHandlerContext) {
        let words = line.split(separator: " ").map(String.init)
        if words.count == 3, words[1] == "PLAIN" {
            let parts = decoded(words[2]).split(separator: "\0").map(String.init)
            logIn(parts.first ?? "", parts.last ?? "", context)
        } else {
            expected = .user
            reply("334 VXNlcm5hbWU6", context)
        }
    }

    private func logIn(_ user: String, _ password: String, _ context: ChannelHandlerContext) {
        guard user == "fit", password == "secret" else { return reply("535 no", context) }
        login = user
        reply("235 welcome", context)
    }

    private func finishMessage(_ context: ChannelHandlerContext) {
        expected = .command
        if server.hangsUp(at: ".") { return context.close(promise: nil) }
        if let given = server.givenReply(to: ".") { return reply(given, context) }
        server.take(
            MailServer.Delivery(
                sender: sender, recipients: recipients, message: message.map { $0 + "\r\n" }.joined(),
                isEncrypted: isEncrypted, login: login))
        reply("250 taken", context)
    }

    private func reply(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text + "\r\n")), promise: nil)
    }

    private func address(in line: String) -> String {
        String(line.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
    }

    private func decoded(_ text: String) -> String {
        String(decoding: Data(base64Encoded: text) ?? Data(), as: UTF8.self)
    }
}
