import NIOCore
import NIOSSL

/// One answer of a mail server, its lines joined.
struct SMTPReply: Sendable {
    let code: Int
    /// Without the codes.
    let lines: [String]
}

/// What the client says.
enum SMTPCommand: Sendable {
    /// A line, or several; without CRLF at the end.
    case text(String)
    /// Asks for TLS; the next reply, if it agrees, is the last thing that is read in the clear.
    case startTLS
}

/// Turns bytes into replies and commands into bytes, and begins TLS where the server agrees to it.
///
/// TLS is put in place in the same turn of the event loop in which the agreement is read, so nothing that came in the
/// clear behind it can pass for an answer of the encrypted dialogue.
final class SMTPCodec: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = SMTPReply
    typealias OutboundIn = SMTPCommand
    typealias OutboundOut = ByteBuffer

    private let makeTLS: () throws -> NIOSSLClientHandler
    private var replies = SMTPReplyReader()
    private var awaitsTLS = false

    init(makeTLS: @escaping () throws -> NIOSSLClientHandler) { self.makeTLS = makeTLS }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let text: String
        switch unwrapOutboundIn(data) {
        case .text(let line): text = line
        case .startTLS:
            awaitsTLS = true
            text = "STARTTLS"
        }
        context.write(wrapOutboundOut(ByteBuffer(string: text + "\r\n")), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        replies.append(&bytes)
        do {
            while let reply = try replies.next() {
                let begins = awaitsTLS && reply.code == 220
                awaitsTLS = false
                if begins { try beginTLS(context) }
                context.fireChannelRead(wrapInboundOut(reply))
                // The end of this read now meets the TLS handler, which has read nothing and keeps it to itself.
                if begins { context.fireChannelReadComplete() }
            }
        } catch {
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }

    private func beginTLS(_ context: ChannelHandlerContext) throws {
        guard replies.isAtEnd else { throw SMTPFailure.malformedReply }
        try context.pipeline.syncOperations.addHandler(makeTLS(), position: .first)
    }
}
