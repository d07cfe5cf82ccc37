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

    enum Files: DeclaredMedia {
        static let types = [MediaType("text/csv"), MediaType("multipart/form-data")]
        static var filePart: String? { "file" }
    }

    struct Sum: Codable, Sendable {
        var sizeBytes: Int
        var sum: Int
        var type: String
        var hash: String
        var id: String
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
        routes.get(
            "/v1/probe/endless", "Never answers", RouteOptions(handlerTimeout: .milliseconds(20))
        ) { (call: Call<Anyone, NoQuery, NoBody>) -> Answer<Echo> in
            let (never, keep) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            for await _ in never {}
            withExtendedLifetime(keep) {}
            throw CancellationError()
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

    static func declareMedia(_ routes: inout RouteTable) {
        func upload(within timeout: Duration?) -> RouteOptions {
            RouteOptions(limit: .write, isKeyed: true, bodyLimit: 3 << 20, bodyTimeout: timeout)
        }
        routes.post("/v1/probe/hurry", "Spools what comes at once", upload(within: .milliseconds(400))) {
            (call: Call<SignedInUser, NoQuery, UploadedFile<Files>>) in
            Answer(Echo(number: call.body.file.sizeBytes, text: ""))
        }
        routes.post("/v1/probe/spool", "Spools", upload(within: nil)) {
            (call: Call<SignedInUser, NoQuery, UploadedFile<Files>>) in
            let file = call.body.file
            var (offset, sum) = (0, 0)
            while case let bytes = try await file.read(at: offset, count: 100_000), !bytes.isEmpty {
                offset += bytes.count
                sum = bytes.reduce(sum) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF }
            }
            return Answer(
                Sum(
                    sizeBytes: offset, sum: sum, type: call.body.type.parameters["boundary"] ?? call.body.type.name,
                    hash: call.body.hash.map { String($0, radix: 16) }.joined(), id: call.seed.id("sum").description))
        }
        routes.post("/v1/probe/bytes", "Takes bytes", RouteOptions(limit: .write, bodyLimit: 1000)) {
            (call: Call<Anyone, NoQuery, UploadedBytes<Files>>) in
            Answer(Echo(number: call.body.bytes.count, text: call.body.type.name))
        }
        routes.get("/v1/probe/csv", "Bytes", RouteOptions(caching: .tagged)) {
            (call: Call<Anyone, NoQuery, NoBody>) in
            Answer(
                Download<CSVMedia>(
                    .bytes(Array(String(repeating: "a,b\r\n", count: 1000).utf8)),
                    disposition: .attachment(filename: "Übung \"1\".csv")))
        }
        routes.get("/v1/probe/stream/:end", "A stream") { (call: Call<Anyone, NoQuery, NoBody>) in
            let fails = call.text("end") == "broken"
            return Answer(
                Download<CSVMedia>(
                    .stream(sizeBytes: nil) { writer in
                        for line in 0..<1000 { try await writer.write(Array("\(line)\r\n".utf8)) }
                        if fails { throw Unexpected() }
                    }, disposition: .attachment(filename: "lines.csv")))
        }
    }

    static func run(
        adjust: (inout APIConfiguration) -> Void = { _ in }, _ body: (RESTServer) async throws -> Void
    ) async throws {
        try await RESTServer.run(
            adjust: adjust,
            extra: {
                declare(&$0); declareMedia(&$0)
            }, body)
    }
}
