import NIOHTTP1
import Protocol

/// Why a sign-in provider could not be asked.
enum ProviderFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// No connection, no answer in time, or none that can be read.
    case unreachable(String)
    /// It has not answered lately, and is left alone for a time.
    case resting(Duration)
    case answered(status: Int)

    var description: String {
        switch self {
        case .unreachable(let reason): "the sign-in provider cannot be asked: \(reason)"
        case .resting: "the sign-in provider is not asked: it has not answered lately"
        case .answered(let status): "the sign-in provider answered with status \(status)"
        }
    }
}

/// Asks one sign-in provider for JSON; leaves it alone for a time when it doesn't answer.
struct ProviderClient: Sendable {
    private let http: OutgoingHTTP

    /// - Parameter timeout: of one request, from the connection to the end of the answer.
    init(timeout: Duration, now: @escaping @Sendable () -> Timestamp) {
        http = OutgoingHTTP(largestAnswer: 1 << 20, timeout: timeout, breaker: CircuitBreaker(now: now))
    }

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
            reply = try await http.send(method, address, headers: all, body: body)
        } catch let failure as OutgoingHTTP.Failure {
            if let retryAfter = failure.retryAfter { throw ProviderFailure.resting(retryAfter) }
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
