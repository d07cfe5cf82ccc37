import NIOCore

/// Who hears what a socket receives; called on the channel's event loop, `closed` exactly once and last.
package protocol WebSocketReceiver: AnyObject {
    func opened(_ channel: any Channel)
    func received(_ text: ByteBuffer)
    func closed(_ closure: WebSocketClosure)
}

/// How a connection ended.
package enum WebSocketClosure: Sendable, Hashable {
    /// The server sent a close frame.
    case code(UInt16, reason: String)
    /// The server answered the upgrade with another status than 101.
    case refused(status: Int, retryAfterSeconds: Int?)
    /// No close frame: the network, a timeout, or a server that does not speak the protocol.
    case lost(String)
}

/// Opens a WebSocket on a fresh TCP connection and delivers its messages.
///
/// Frames to send are written to the channel as bytes (`MaskedFrame`).
package final class WebSocketHandler: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum Phase {
        case opening(WebSocketHandshake, ByteBuffer)
        case open
        case done
    }

    private let receiver: any WebSocketReceiver
    private var phase: Phase
    private var frames: WebSocketFrames
    private var ending: WebSocketClosure?

    /// `messageLimit`: the largest message taken from the server, in bytes.
    package init(_ handshake: WebSocketHandshake, messageLimit: Int, receiver: any WebSocketReceiver) {
        self.receiver = receiver
        phase = .opening(handshake, ByteBuffer())
        frames = WebSocketFrames(messageLimit: messageLimit)
    }

    package func channelActive(context: ChannelHandlerContext) {
        if case .opening(let handshake, _) = phase {
            context.writeAndFlush(wrapOutboundOut(handshake.opening), promise: nil)
        }
        context.fireChannelActive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .opening(let handshake, var head):
            head.writeBuffer(&bytes)
            open(handshake, head, context: context)
        case .open:
            frames.append(&bytes)
            deliver(context: context)
        case .done: break
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        end(.lost("the connection was cut"))
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ending = ending ?? .lost("\(error)")
        context.close(promise: nil)
    }

    private func open(_ handshake: WebSocketHandshake, _ head: ByteBuffer, context: ChannelHandlerContext) {
        var head = head
        do throws(WebSocketHandshake.Fault) {
            guard try handshake.readAnswer(from: &head) else {
                phase = .opening(handshake, head)
                return
            }
        } catch {
            switch error {
            case .status(let status, let seconds): ending = .refused(status: status, retryAfterSeconds: seconds)
            case .malformed(let reason): ending = .lost(reason)
            }
            context.close(promise: nil)
            return
        }
        phase = .open
        receiver.opened(context.channel)
        frames.append(&head)
        deliver(context: context)
    }

    private func deliver(context: ChannelHandlerContext) {
        do throws(WebSocketFrames.Fault) {
            while case .open = phase, let message = try frames.next() {
                switch message {
                case .text(let text): receiver.received(text)
                case .binary: throw WebSocketFrames.Fault(code: 1003, reason: "text only")
                case .ping(let payload):
                    context.writeAndFlush(wrapOutboundOut(MaskedFrame.pong(payload)), promise: nil)
                case .pong: break
                case .close(let code, let reason):
                    ending = .code(code, reason: reason)
                    close(code == 1005 ? 1000 : code, context: context)
                }
            }
        } catch {
            ending = .lost(error.reason)
            close(error.code, context: context)
        }
    }

    private func close(_ code: UInt16, context: ChannelHandlerContext) {
        phase = .done
        context.writeAndFlush(wrapOutboundOut(MaskedFrame.close(code)), promise: nil)
        context.close(promise: nil)
    }

    private func end(_ closure: WebSocketClosure) {
        phase = .done
        receiver.closed(ending ?? closure)
    }
}
