import HTTPTypes
import Protocol

/// `/v1/users/upload-avatar`, `/v1/users/avatar` and the pictures themselves.
///
/// A picture opens for whoever sees it in the profile, and for nobody else: knowing its path is not enough, and no longer
/// enough after a block or another choice of audience. Caches that others share do not keep it, and the client's own has
/// to ask each time.
struct AvatarRoutes: Sendable {
    static let mostBytes = 10 << 20

    let avatars: Avatars
    let users: Users
    let relations: Relations

    func declare(on routes: inout RouteTable) {
        routes.post(
            "/v1/users/upload-avatar", "Makes one's picture of a JPEG, PNG or WebP file", status: .created,
            RouteOptions(
                limit: .write, isKeyed: true, bodyLimit: Self.mostBytes + MultipartForm.mostOverheadBytes,
                bodyTimeout: .seconds(60), handlerTimeout: .seconds(60)), use: upload)
        routes.delete("/v1/users/avatar", "Takes one's picture away", use: remove)
        routes.get(
            "/v1/avatars/:avatarId/:size",
            "A picture, at most 64, 256 or 1024 pixels wide and high, for those who see it in its owner's profile",
            RouteOptions(caching: .revalidated), use: picture)
    }

    private func upload(
        _ call: Call<SignedInUser, NoQuery, UploadedBytes<AvatarMedia>>
    ) async throws -> Answer<Profile.Avatar> {
        let body = call.body
        let file: @Sendable () throws -> [UInt8] = {
            let file = try MultipartForm.file(AvatarMedia.part, of: body.bytes, body.type)
            guard file.count <= Self.mostBytes else {
                throw Problem(.bodyTooLarge, detail: "At most \(Self.mostBytes) bytes.")
            }
            return file
        }
        let avatar = try await avatars.replace(of: call.caller.identity, with: file, id: call.seed.id("avatar"))
        return Answer(avatar, headers: [.location: avatar.large])
    }

    private func remove(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        try await avatars.remove(of: call.caller.id)
        return .done
    }

    private func picture(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<Download<JPEGMedia>> {
        let id = try call.id("avatarId")
        guard let size = AvatarSize.allCases.first(where: { String($0.rawValue) == call.text("size") }),
            let owner = try await avatars.owner(of: id),
            let relation = try await relations.shownRelation(of: call.caller.id, to: owner),
            try await users.publicProfile(of: owner, relation: relation)?.avatar == Profile.Avatar(id),
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
