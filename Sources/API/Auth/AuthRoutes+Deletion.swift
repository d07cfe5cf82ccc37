import HTTPTypes
import Protocol

extension AuthRoutes {
    func declareDeletion(on routes: inout RouteTable) {
        routes.add(
            .delete, "/v1/users/account",
            "Deletes the account: signed out and hidden at once, erased after 30 days unless its owner signs in",
            status: .accepted,
            RouteOptions(
                problems: [.passwordWrong, .passwordMissing, .signInTooOld, .accountSuspended, .invalidValues],
                limit: .account), use: deleteAccount)
    }

    private func deleteAccount(
        _ call: Call<SignedInUser, NoQuery, OptionalBody<AccountDeletionRequest>>
    ) async throws -> Answer<AccountDeletionNotice> {
        let notice = try await deletion.request(call.body.value.password, of: call.caller.identity, from: call.origin)
        guard cookie.token(in: call.facts) != nil else { return Answer(notice) }
        return Answer(notice, headers: [.setCookie: cookie.removal])
    }
}

extension AccountDeletionRequest: BodyInput, RouteBody {
    static let passwordField = Field.optional(
        "password", .text(1...128), "The account's password; left out only where there is none.")
    package static var members: [MemberSchema] { [passwordField.schema] }

    package init?(reading body: inout BodyReader) { self.init(password: body.optional(Self.passwordField)) }
}
