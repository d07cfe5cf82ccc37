import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypesHTTP1
import TestKit
import Testing

@testable import Realtime

@Suite("Fuzz of request heads", .serialized)
struct RequestHeadDecoderFuzzTests {
    private static let configuration = SocketConfiguration()

    private static let texts = [
        RawSocket.upgradeRequest(["Authorization: Bearer a.b.c", "Sec-WebSocket-Protocol: fitai.v1.json"]),
        RawSocket.upgradeRequest(
            path: "http://localhost:80/v1/live?x=1",
            ["Origin: https://app.example", "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10"]),
        "POST /v1/goals HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{}",
        "POST * HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: 1\r\n\r\n",
        "GET /one HTTP/1.0\r\n\r\nGET /v1/live?a=%00 HTTP/1.1\r\nHost: [::1]\r\nCookie: a=b; c=d\r\n\r\n",
    ]

    /// What the channel's decoder makes of bytes that come in two pieces; less where it meets a fault.
    private static func parts(of input: [UInt8], cut: Int) throws -> [HTTPServerRequestPart] {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = configuration.headerLimitBytes
        limits.maxHeaderListSize = configuration.headerLimitBytes
        limits.maxHeaderFieldCount = configuration.headerLimitCount
        let channel = EmbeddedChannel()
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits)
        try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(decoder))
        do {
            for part in [input[..<cut], input[cut...]] { try channel.writeInbound(ByteBuffer(bytes: part)) }
        } catch is HTTPParserError {
            // It closes the connection.
        }
        var parts: [HTTPServerRequestPart] = []
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) { parts.append(part) }
        // What was cut off is a fault too.
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return parts
    }

    @Test("every stream of bytes is requests or a fault, and becomes a socket only where all of it asks for one")
    func heads() async throws {
        try await DecoderFuzz("request heads", texts: Self.texts, mostBytes: 600).run { input, random in
            let parts = try Self.parts(of: input, cut: random.below(input.count + 1))
            for case .head(let head) in parts {
                let refusal = RequestFraming.refusal(of: head)
                #expect(refusal != nil || head.version != .http1_1 || head.headers["host"].count == 1)
                if case .accepted(let terms) = UpgradeCheck(head, Self.configuration) {
                    #expect(head.method == .GET && head.version == .http1_1)
                    #expect(head.originForm.prefix { $0 != "?" } == "/v1/live")
                    #expect(head.headers["sec-websocket-key"].count == 1)
                    #expect(head.headers["origin"].isEmpty && terms.token?.isEmpty != true)
                }
                _ = head.expectsContinue
                // As REST gets it.
                var rest = head
                rest.uri = String(head.originForm)
                // Names and values that HTTPTypes does not take are refused.
                _ = try? HTTPRequest(rest, secure: false, splitCookie: true)
            }
        }
    }
}
