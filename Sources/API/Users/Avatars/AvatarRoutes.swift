import HTTPTypes
import Protocol

/// `/v1/users/upload-avatar`, `/v1/users/avatar` and the pictures themselves.
///
/// A picture's path cannot be guessed and needs no sign-in, so that pages show it as any other image. Who was told it
/// can open it as long as the picture is in place.
struct AvatarRoutes: Sendable {
    static let mostBytes = 10 << 20

    let avatars: Avatars

    func declare(on routes: inout RouteTable) {
        routes.post(
            "/v1/users/upload-avatar", "Makes one's picture of a JPEG, PNG or WebP file", status: .created,
            RouteOptions(
                limit: .write, isKeyed: true, bodyLimit: Self.mostBytes + MultipartForm.mostOverheadBytes,
                bodyTimeout: .seconds(60), handlerTimeout: .seconds(60)), use: upload)
        routes.delete("/v1/users/avatar", "Takes one's picture away", use: remove)
        routes.get(
            "/v1/avatars/:avatarId/:size", "A picture, at most 64, 256 or 1024 pixels wide and high",
            RouteOptions(caching: .immutable), use: picture)
    }

    private func upload(
        _ call: Call<SignedInUser, NoQuery, UploadedBytes<AvatarMedia>>
    ) async throws -> Answer<Profile.Avatar> {
        let file = try MultipartForm.file(AvatarMedia.part, of: call.body.bytes, call.body.type)
        guard file.count <= Self.mostBytes else {
            throw Problem(.bodyTooLarge, detail: "At most \(Self.mostBytes) bytes.")
        }
        let avatar = try await avatars.replace(of: call.caller.id, with: file, id: call.seed.id("avatar"))
        return Answer(avatar, headers: [.location: avatar.large])
    }

    private func remove(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        try await avatars.remove(of: call.caller.id)
        return .done
    }

    private func picture(_ call: Call<Anyone, NoQuery, NoBody>) async throws -> Answer<Download<JPEGMedia>> {
        let id = try call.id("avatarId")
        guard let size = AvatarSize.allCases.first(where: { String($0.rawValue) == call.text("size") }),
            let bytes = try await avatars.picture(id, size)
        else { throw Problem(.notFound) }
        return Answer(Download(.bytes(bytes), disposition: .inline), entityTag: EntityTag("\(id).\(size.rawValue)"))
    }
}

/// A form whose part `avatar` is the file.
enum AvatarMedia: DeclaredMedia {
    static let part = "avatar"
    static let types = [MediaType("multipart/form-data")]
    static var filePart: String? { part }
}

enum JPEGMedia: DeclaredMedia {
    static let types = [MediaType("image/jpeg")]
}
