import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Protocol
import Realtime

/// A request's body on its way in, within the limits of its route.
package struct BodyArrival {
    let request: Request
    let facts: RequestFacts
    let route: Route
    let user: UserID?
    let mechanisms: RouteMechanisms
    /// What is wrong with the body's values.
    package internal(set) var faults: [Problem.Fault] = []
    /// SHA-256 of the bytes that arrived, for idempotency keys.
    private(set) var hash = Array(SHA256.hash(data: Data()))

    init(_ request: Request, _ facts: RequestFacts, _ route: Route, user: UserID?, _ mechanisms: RouteMechanisms) {
        self.request = request
        self.facts = facts
        self.route = route
        self.user = user
        self.mechanisms = mechanisms
    }

    /// The declared one of the media types that the request names. Throws `unsupportedMediaType`, also for a body
    /// that is compressed: what it grows to is not bounded by what is sent.
    func mediaType(of declared: [MediaType]) throws(Problem) -> MediaType {
        let coding = facts.headers[.contentEncoding]?.lowercased().trimmingSpaces() ?? "identity"
        guard coding == "identity" else {
            throw Problem(.unsupportedMediaType, detail: "Send the body without a Content-Encoding.")
        }
        guard let type = facts.headers[.contentType].flatMap({ MediaType(header: $0) }),
            declared.contains(where: { $0.name == type.name })
        else {
            throw Problem(.unsupportedMediaType, detail: "Send \(declared.map(\.name).joined(separator: " or ")).")
        }
        return type
    }

    /// Of cursors, which a form may hold as a query does.
    var cursorSeal: Seal { mechanisms.cursorSeal }

    /// A place among the uploads.
    func place() throws(Problem) -> UploadPlace { try mechanisms.uploads.take(user) }

    /// The whole body in memory.
    mutating func bytes() async throws -> [UInt8] {
        let (request, limit) = (request, route.options.bodyLimit)
        return try await taken { Array(try await request.body.collect(upTo: limit).readableBytesView) }
    }

    /// The whole body of an upload in memory.
    mutating func bytes(at place: UploadPlace) async throws -> [UInt8] {
        let (body, limit) = (PlacedBody(base: request.body, place: place), route.options.bodyLimit)
        return try await taken { Array(try await body.collect(upTo: limit).readableBytesView) }
    }

    private mutating func taken(_ take: @escaping @Sendable () async throws -> [UInt8]) async throws -> [UInt8] {
        let bytes = try await bounded(take)
        hash = Array(SHA256.hash(data: Data(bytes)))
        try checkLength(bytes.count)
        return bytes
    }

    /// The whole body of an upload on disk.
    mutating func spooled(at place: UploadPlace) async throws -> SpooledFile {
        let (body, directory) = (PlacedBody(base: request.body, place: place), mechanisms.spoolDirectory)
        let limit = route.options.bodyLimit
        let (file, hash) = try await bounded { try await SpoolWriter.take(body, upTo: limit, in: directory) }
        self.hash = Array(hash)
        try checkLength(file.sizeBytes)
        return file
    }

    private func bounded<Value: Sendable>(_ take: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let tooLarge = Problem(.bodyTooLarge, detail: "At most \(route.options.bodyLimit) bytes.")
        if let length = announcedLength, length > route.options.bodyLimit { throw tooLarge }
        do {
            return try await withDeadline(route.options.bodyTimeout ?? mechanisms.bodyTimeout, take)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch is DeadlineExceeded, RequestFault.tooSlow {
            throw Problem(.requestTimeout)
        } catch RequestFault.malformed {
            throw Problem(.malformedBody, detail: "The body is not framed as HTTP/1.1 asks, or ended too early.")
        }
    }

    private var announcedLength: Int? { facts.headers[.contentLength].flatMap { Int($0) } }

    /// A connection that was cut ends a body early; such a body is not what was meant.
    private func checkLength(_ count: Int) throws(Problem) {
        guard let length = announcedLength, length != count else { return }
        throw Problem(.malformedBody, detail: "The body ended after \(count) of \(length) bytes.")
    }
}
