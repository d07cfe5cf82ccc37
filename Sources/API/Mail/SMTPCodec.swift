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

    private static let longestReply = 64 * 1024

    private let makeTLS: () throws -> NIOSSLClientHandler
    private var unread = ByteBuffer()
    private var lines: [String] = []
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
        unread.writeBuffer(&bytes)
        do {
            while let reply = try nextReply() {
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
        guard unread.readableBytes == 0 else { throw SMTPFailure.malformedReply }
        try context.pipeline.syncOperations.addHandler(makeTLS(), position: .first)
    }

    private func nextReply() throws -> SMTPReply? {
        while let line = try nextLine() {
            guard let code = Int(line.prefix(3)), (200...599).contains(code), line.utf8.count >= 3 else {
                throw SMTPFailure.malformedReply
            }
            lines.append(String(line.dropFirst(4)))
            guard line.dropFirst(3).first == "-" else {
                defer { lines = [] }
                return SMTPReply(code: code, lines: lines)
            }
            guard lines.count <= 200 else { throw SMTPFailure.malformedReply }
        }
        return nil
    }

    private func nextLine() throws -> String? {
        guard let end = unread.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else {
            guard unread.readableBytes <= Self.longestReply else { throw SMTPFailure.malformedReply }
            return nil
        }
        let length = end - unread.readerIndex
        let line = unread.readString(length: length) ?? ""
        unread.moveReaderIndex(forwardBy: 1)
        unread.discardReadBytes()
        return line.hasSuffix("\r") ? String(line.dropLast()) : line
    }
}
