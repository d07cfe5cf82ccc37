import API
import HTTPTypes
import Protocol
import Store
import TestKit

/// Routes that exist only here, to try the mechanisms on.
enum Probe {
    struct Body: BodyInput, RouteBody {
        static let count = Field("count", .integer(1...10), "A number.")
        static let tags = Field.optional("tags", .list(of: .text(1...5), count: 0...3, distinct: true), "Words.")
        static let weight = Field.optional("weightKg", .number(0...1000, step: 0.5), "Kilograms.")
        static var members: [MemberSchema] { [count.schema, tags.schema, weight.schema] }
        let number: Int

        init?(reading body: inout BodyReader) {
            let number = body.required(Self.count)
            _ = body.optional(Self.tags)
            _ = body.optional(Self.weight)
            guard let number else { return nil }
            self.number = number
        }
    }

    struct Echo: Codable, Sendable {
        var number: Int
        var text: String
    }

    struct Unexpected: Error { let secret = "the cause" }

    static func declare(_ routes: inout RouteTable) {
        routes.post("/v1/probe/things", "Creates", status: .created, RouteOptions(limit: .write, isKeyed: true)) {
            (call: Call<SignedInUser, NoQuery, Body>) in
            Answer(Echo(number: call.body.number, text: UUIDv7.make().description))
        }
        routes.get("/v1/probe/things/mine", "A literal") { (call: Call<Anyone, NoQuery, NoBody>) in
            Answer(Echo(number: 0, text: "literal"))
        }
        routes.get("/v1/probe/things/:id", "A parameter", RouteOptions(hasFields: true, caching: .tagged)) {
            (call: Call<Anyone, NoQuery, NoBody>) in
            Answer(Echo(number: 1, text: call.text("id")))
        }
        let checked = RouteOptions(problems: [.preconditionFailed], limit: .write)
        routes.put("/v1/probe/things/:id", "Checks If-Match", checked) { (call: Call<Anyone, NoQuery, Body>) in
            try call.checkMatch(EntityTag("v1"))
            return Answer(Echo(number: call.body.number, text: "put"))
        }
        routes.get("/v1/probe/broken", "Fails") { (call: Call<Anyone, NoQuery, NoBody>) -> Answer<Echo> in
            throw Unexpected()
        }
        routes.get("/v1/probe/away", "Store away") { (call: Call<Anyone, NoQuery, NoBody>) -> Answer<Echo> in
            throw StoreError.unavailable("gone")
        }
        routes.get("/v1/probe/large", "Large") { (call: Call<Anyone, NoQuery, NoBody>) in
            Answer(Echo(number: 1, text: String(repeating: "lift ", count: 1000)))
        }
        routes.get("/v1/probe/address", "The caller's address") { (call: Call<Anyone, NoQuery, NoBody>) in
            Answer(Echo(number: 1, text: call.facts.address))
        }
        routes.get("/v1/probe/admin", "For administrators") { (call: Call<Administrator, NoQuery, NoBody>) in
            Answer(Echo(number: 1, text: "admin"))
        }
        routes.get("/v1/probe/verified", "For verified users") { (call: Call<VerifiedUser, NoQuery, NoBody>) in
            Answer(Echo(number: 1, text: "verified"))
        }
    }

    static func run(
        adjust: (inout APIConfiguration) -> Void = { _ in }, _ body: (RESTServer) async throws -> Void
    ) async throws {
        try await RESTServer.run(adjust: adjust, extra: { declare(&$0) }, body)
    }
}
