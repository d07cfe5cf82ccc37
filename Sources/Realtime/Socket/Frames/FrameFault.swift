import Protocol

/// A broken rule of the WebSocket protocol, with the close code that answers it.
struct FrameFault: Error {
    let code: CloseCode
    let reason: String

    static func protocolError(_ reason: String) -> FrameFault { FrameFault(code: .protocolError, reason: reason) }
    static func invalidPayload(_ reason: String) -> FrameFault { FrameFault(code: .invalidPayload, reason: reason) }
    static let tooBig = FrameFault(code: .tooBig, reason: "message too big")
    static let badText = invalidPayload("text is not UTF-8")
}
