import HTTPTypes

/// An answer's content as bytes of a media type instead of JSON.
package protocol MediaOutput: Encodable, Sendable {
    static var declaredTypes: [MediaType] { get }
    var type: MediaType { get }
    var content: DownloadContent { get }
    var disposition: ContentDisposition? { get }
}

/// Bytes that are at hand, or are made while they are sent.
package enum DownloadContent: Sendable {
    case bytes([UInt8])
    /// Runs after the status has been sent: what it throws cuts the answer off, which the client sees as incomplete.
    case stream(sizeBytes: Int?, @Sendable (inout DownloadWriter) async throws -> Void)
}

/// Takes the bytes of a streamed answer, and waits for the client to take them.
package struct DownloadWriter {
    let send: ([UInt8]) async throws -> Void

    package mutating func write(_ bytes: [UInt8]) async throws {
        if !bytes.isEmpty { try await send(bytes) }
    }
}

/// An answer of one of the media types.
package struct Download<Media: DeclaredMedia>: MediaOutput {
    package static var declaredTypes: [MediaType] { Media.types }
    package let type: MediaType
    package let content: DownloadContent
    package let disposition: ContentDisposition?

    /// - Parameter type: one of the declared ones; the first when it is not given.
    package init(_ content: DownloadContent, type: MediaType? = nil, disposition: ContentDisposition? = nil) {
        let type = type ?? Media.types[0]
        precondition(Media.types.contains(type), "\(type) is not declared")
        self.type = type
        self.content = content
        self.disposition = disposition
    }

    /// Not JSON: an answer is rendered from its content.
    package func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(
            self, EncodingError.Context(codingPath: [], debugDescription: "\(type) is not encoded"))
    }
}

/// Bytes when they are at hand; while they are made, `Later` as JSON under another status.
package enum DownloadOrLater<Media: DeclaredMedia, Later: Codable & Sendable>: LaterOutput {
    case download(Download<Media>)
    case later(Later)

    package static var downloadType: any MediaOutput.Type { Download<Media>.self }
    package static var laterType: any (Decodable & Sendable).Type { Later.self }

    package var download: (any MediaOutput)? {
        if case .download(let download) = self { download } else { nil }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .download(let download): try download.encode(to: encoder)
        case .later(let value): try value.encode(to: encoder)
        }
    }
}

/// An answer that is either bytes, under the route's own status, or JSON, under the other it declares.
package protocol LaterOutput: Encodable, Sendable {
    static var downloadType: any MediaOutput.Type { get }
    static var laterType: any (Decodable & Sendable).Type { get }
    /// Nil when the answer is JSON.
    var download: (any MediaOutput)? { get }
}

/// Whether a browser shows an answer or keeps it as a file (RFC 6266).
package enum ContentDisposition: Sendable, CustomStringConvertible {
    case inline
    case attachment(filename: String)

    package var description: String {
        switch self {
        case .inline: return "inline"
        case .attachment(let name):
            // Old clients read the plain name; the other parameter holds every character.
            let plain = String(
                name.unicodeScalars.map {
                    (0x20...0x7E).contains($0.value) && $0 != "\"" && $0 != "\\" ? Character($0) : "_"
                })
            guard plain != name else { return "attachment; filename=\"\(plain)\"" }
            return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(Self.encoded(name))"
        }
    }

    private static func encoded(_ name: String) -> String {
        name.utf8.map { byte in
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(byte)
            if isPlain { return String(UnicodeScalar(byte)) }
            let hex = String(byte, radix: 16, uppercase: true)
            return "%" + (hex.count == 1 ? "0" + hex : hex)
        }.joined()
    }
}
