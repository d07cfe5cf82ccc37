import CLibpq

/// Where Postgres is and how it is used.
package struct PostgresConfiguration: Sendable {
    /// A `postgres://` URL or `key=value` text, as libpq takes it. May hold a password: not for logs.
    package private(set) var connection: String
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
    /// How long a statement that was told to stop may take to do so before its connection is given up.
    package var stopGrace: Duration = .seconds(5)
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

extension PostgresConfiguration {
    /// The same server, user and options, with another database.
    package func database(_ name: String) -> PostgresConfiguration {
        replacing("dbname", by: name)
    }

    /// The same user, database and options, with another host or directory of a socket.
    package func host(_ name: String) -> PostgresConfiguration {
        replacing("host", by: name)
    }

    /// The host, or the directory of the socket, when the text names one.
    package var host: String? {
        options.first { $0.name == "host" }?.value
    }

    private func replacing(_ name: String, by replacement: String) -> PostgresConfiguration {
        let others = options.filter { $0.name != name }
        let parts = (others + [(name, replacement)]).map { "\($0.name)=\(Self.quote($0.value))" }
        var other = self
        other.connection = parts.joined(separator: " ")
        return other
    }

    /// What the text sets; it was parsed before and parses again.
    private var options: [(name: String, value: String)] {
        guard let first = PQconninfoParse(connection, nil) else { return [] }
        defer { PQconninfoFree(first) }
        var options: [(name: String, value: String)] = []
        var option = first
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { options.append((String(cString: keyword), String(cString: value))) }
            option += 1
        }
        return options
    }

    /// A value of `key=value` text, in quotes.
    static func quote(_ value: String) -> String {
        "'" + value.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "'"
    }
}
