import Protocol

/// A body of one of the media types, whole in memory: for what is small or has to be decoded as a whole.
///
/// The route's `bodyLimit` bounds it.
package struct UploadedBytes<Media: DeclaredMedia>: RouteBody {
    /// Of those that `Media` declares.
    package let type: MediaType
    package let bytes: [UInt8]
    private let place: UploadPlace

    package static var shape: BodyShape? { BodyShape(media: Media.types, filePart: Media.filePart) }

    package static func take(_ arrival: inout BodyArrival) async throws -> UploadedBytes? {
        let type = try arrival.mediaType(of: Media.types)
        let place = try arrival.place()
        return UploadedBytes(type: type, bytes: try await arrival.bytes(at: place), place: place)
    }
}

/// A body of one of the media types, spooled to disk as it arrives and gone from there when this is let go.
///
/// The route's `bodyLimit` bounds it; memory holds only a small part of it at a time.
package struct UploadedFile<Media: DeclaredMedia>: RouteBody {
    /// Of those that `Media` declares.
    package let type: MediaType
    package let file: SpooledFile
    /// SHA-256 of the bytes.
    package let hash: [UInt8]
    private let place: UploadPlace

    package static var shape: BodyShape? { BodyShape(media: Media.types, filePart: Media.filePart) }

    package static func take(_ arrival: inout BodyArrival) async throws -> UploadedFile? {
        let type = try arrival.mediaType(of: Media.types)
        let place = try arrival.place()
        let file = try await arrival.spooled(at: place)
        return UploadedFile(type: type, file: file, hash: arrival.hash, place: place)
    }
}
