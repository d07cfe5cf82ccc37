import HTTPTypes
import Protocol

extension AuthRoutes {
    func declareIdentities(on routes: inout RouteTable) {
        routes.get(
            "/v1/auth/identities", "List your sign-ins at Google and GitHub, the latest first", use: listIdentities)
        routes.add(
            .delete, "/v1/auth/identities/:id",
            "Unlink a sign-in elsewhere; ends all other sessions. One with your verified address links itself again "
                + "when it signs in",
            status: .noContent,
            RouteOptions(
                problems: [.passwordWrong, .passwordMissing, .signInTooOld, .invalidValues], limit: .account),
            use: unlinkIdentity)
    }

    private func listIdentities(
        _ call: Call<SignedInUser, ListQuery<OwnIdentities.Order>, NoBody>
    ) async throws -> Answer<Page<SignInIdentity>> {
        Answer(try await ownIdentities.list(of: call.caller.id, call.query.page))
    }

    private func unlinkIdentity(
        _ call: Call<SignedInUser, NoQuery, OptionalBody<IdentityRemoval>>
    ) async throws -> Answer<NoContent> {
        let id = try call.id("id")
        try await ownIdentities.unlink(id, call.body.value.password, of: call.caller.identity, from: call.origin)
        return .done
    }
}

extension IdentityRemoval: BodyInput, RouteBody {
    static let passwordField = Field.optional(
        "password", .text(1...128), "The account's password; left out only where there is none.")
    package static var members: [MemberSchema] { [passwordField.schema] }

    package init?(reading body: inout BodyReader) { self.init(password: body.optional(Self.passwordField)) }
}
