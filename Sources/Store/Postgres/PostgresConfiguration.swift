import CLibpq

/// Where Postgres is and how it is used.
package struct PostgresConfiguration: Sendable {
    /// A `postgres://` URL or `key=value` text, as libpq takes it. May hold a password: not for logs.
    package let connection: String
    /// Connections open at most; each has a thread.
    package var maxConnections = 8
    /// How long opening one may take.
    package var connectTimeout: Duration = .seconds(5)
    /// How long to wait for a free connection.
    package var leaseTimeout: Duration = .seconds(5)
    /// How many may wait for a free connection.
    package var maxWaiters = 4096
    /// How long one statement may take.
    package var statementDeadline: Duration = .seconds(10)
    /// Shown in `pg_stat_activity`, unless the connection text names one.
    package var applicationName = "fitai"

    /// Takes text that libpq can read. Throws with a message that names `variable`, without quoting any password.
    package init(connection: String, variable: String = "DATABASE_URL") throws(InvalidConfiguration) {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(connection, &message) else {
            let reason = message.map { String(cString: $0) } ?? "out of memory"
            PQfreemem(message)
            throw InvalidConfiguration(variable: variable, reason: Self.redact(reason))
        }
        PQconninfoFree(options)
        self.connection = connection
    }

    /// Keeps of libpq's message only quotations that name an option; others may quote a password.
    private static func redact(_ reason: String) -> String {
        let line = reason.split(whereSeparator: \.isNewline).joined(separator: "; ")
        let namesOption = line.hasPrefix("invalid connection option") || line.hasPrefix("invalid URI query parameter")
        guard !namesOption, let quote = line.firstIndex(of: "\"") else { return line }
        return "\(line[..<quote])… (not a postgres:// URL or key=value text)"
    }
}

/// A variable of the environment that cannot be used.
package struct InvalidConfiguration: Error, Sendable, CustomStringConvertible {
    package let variable: String
    package let reason: String

    package var description: String { "\(variable): \(reason)" }
}

extension PostgresConfiguration {
    /// Reads `DATABASE_URL`, `DATABASE_POOL_SIZE` (1…200), `DATABASE_CONNECT_TIMEOUT` and
    /// `DATABASE_STATEMENT_TIMEOUT` (seconds, 1…3600); nil when `DATABASE_URL` is unset or empty.
    package init?(environment: [String: String]) throws(InvalidConfiguration) {
        guard let url = environment["DATABASE_URL"], !url.isEmpty else { return nil }
        try self.init(connection: url)
        try read(environment)
    }

    /// Takes everything but the address from the environment.
    package mutating func read(_ environment: [String: String]) throws(InvalidConfiguration) {
        if let size = try number("DATABASE_POOL_SIZE", 1...200, environment) { maxConnections = size }
        if let seconds = try number("DATABASE_CONNECT_TIMEOUT", 1...3600, environment) {
            connectTimeout = .seconds(seconds)
        }
        if let seconds = try number("DATABASE_STATEMENT_TIMEOUT", 1...3600, environment) {
            statementDeadline = .seconds(seconds)
        }
    }

    private func number(
        _ variable: String, _ range: ClosedRange<Int>, _ environment: [String: String]
    ) throws(InvalidConfiguration) -> Int? {
        guard let text = environment[variable], !text.isEmpty else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw InvalidConfiguration(
                variable: variable,
                reason: "a whole number from \(range.lowerBound) to \(range.upperBound) expected, not \"\(text)\"")
        }
        return value
    }
}
