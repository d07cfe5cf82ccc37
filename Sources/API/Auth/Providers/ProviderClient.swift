import NIOHTTP1
import Protocol

/// Why a sign-in provider could not be asked.
enum ProviderFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// No connection, no answer in time, or none that can be read.
    case unreachable(String)
    case answered(status: Int)

    var description: String {
        switch self {
        case .unreachable(let reason): "the sign-in provider cannot be asked: \(reason)"
        case .answered(let status): "the sign-in provider answered with status \(status)"
        }
    }
}

/// Asks sign-in providers for JSON.
struct ProviderClient: Sendable {
    private static let http = OutgoingHTTP(largestAnswer: 1 << 20, timeout: .seconds(8))

    /// Fetches JSON. Throws `ProviderFailure`.
    func get(_ address: OutgoingAddress, bearer: String? = nil) async throws -> JSONValue {
        try await json(.GET, address, headers: bearer.map { [("Authorization", "Bearer \($0)")] } ?? [])
    }

    /// Posts a form and reads the JSON that answers it. Throws `ProviderFailure`.
    func post(_ address: OutgoingAddress, form: [(String, String)]) async throws -> JSONValue {
        try await json(
            .POST, address, headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(FormBody.text(form).utf8))
    }

    private func json(
        _ method: HTTPMethod, _ address: OutgoingAddress, headers: [(String, String)], body: [UInt8]? = nil
    ) async throws -> JSONValue {
        let reply: OutgoingHTTP.Reply
        do {
            let all = [("Accept", "application/json")] + headers
            reply = try await Self.http.send(method, address, headers: all, body: body)
        } catch let failure as OutgoingHTTP.Failure {
            throw ProviderFailure.unreachable(failure.description)
        }
        guard (200...299).contains(reply.status) else { throw ProviderFailure.answered(status: reply.status) }
        do {
            return try JSONReader.parse(reply.body)
        } catch {
            throw ProviderFailure.unreachable("its answer is no JSON")
        }
    }
}
