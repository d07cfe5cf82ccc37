/// Why a mail server did not take a mail. Its words stay out, they may quote the address.
package enum SMTPFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The part of the dialogue that was answered otherwise than wanted.
    package enum Step: String, Sendable {
        case greeting, hello, startTLS, login, sender, recipient, data, message
    }

    case refused(Step, code: Int)
    /// What is configured needs something that the server does not offer.
    case missing(String)
    case malformedReply
    case disconnected
    case timeout

    /// Whether this mail will never be taken: it was refused itself, and not the dialogue before it.
    package var isFinal: Bool {
        switch self {
        case .refused(.recipient, let code), .refused(.data, let code), .refused(.message, let code): code >= 500
        default: false
        }
    }

    package var description: String {
        switch self {
        case .refused(let step, let code): "the mail server answered \(code) to \(step.rawValue)"
        case .missing(let what): "the mail server does not offer \(what)"
        case .malformedReply: "the mail server's reply cannot be read"
        case .disconnected: "the mail server closed the connection"
        case .timeout: "the mail server took too long"
        }
    }
}
