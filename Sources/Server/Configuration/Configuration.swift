import API
import Glibc
import Logging

/// All that the server takes from its environment, one struct a component, checked.
package struct Configuration: Sendable {
    package var listener: ListenerConfiguration
    package var storage: StorageConfiguration
    package var limits: LimitsConfiguration
    package var accounts: AccountsConfiguration
    package var objects: ObjectsConfiguration
    package var operations: OperationsConfiguration

    /// Parses and checks the environment; variables it does not know are none of its business.
    ///
    /// - Throws: `ConfigurationFaults` with every faulty variable by name and what it may hold.
    package init(environment: [String: String]) throws(ConfigurationFaults) {
        var reader = EnvironmentReader(environment)
        listener = ListenerConfiguration(&reader)
        storage = StorageConfiguration(&reader)
        limits = LimitsConfiguration(&reader)
        accounts = AccountsConfiguration(&reader)
        objects = ObjectsConfiguration(&reader)
        operations = OperationsConfiguration(&reader)
        if reader.text(.redisURL) != nil {
            reader.note(
                .redisURL,
                message: "REDIS_URL is set, but many nodes come with a later version: unset it and start one process")
        }
        if !reader.faults.isEmpty { throw ConfigurationFaults(faults: reader.faults) }
    }
}

/// Where the server is reached, by whom, and the pages it serves.
package struct ListenerConfiguration: Sendable {
    package var host: String
    package var port: Int
    /// Nil: made from the host and the port that was bound.
    package var publicURL: Origin?
    /// Nil: plain HTTP.
    package var tls: TLSFiles?
    /// Empty: the public URL alone.
    package var allowedOrigins: [Origin]
    package var trustedProxies: [AddressRange]
    package var webDirectory: String
    /// Whether somebody chose the directory; a default one may be missing.
    package var webDirectoryIsGiven: Bool
    package var explorerDirectory: String
    /// What `welcome` calls this process.
    package var nodeName: String
    /// Nil: one a core.
    package var eventLoops: Int?
    package var requestTimeout: Duration
    package var drainTimeout: Duration

    init(_ reader: inout EnvironmentReader) {
        host = reader.value(.host) { $0.contains(where: \.isWhitespace) ? nil : $0 } ?? ""
        port = reader.number(.port, in: 0...65535)
        publicURL = reader.value(.publicURL, Origin.init)
        tls = TLSFiles(&reader)
        if tls != nil, let publicURL, !publicURL.isSecure {
            reader.note(.publicURL, message: "PUBLIC_URL must be https where TLS_CERTIFICATE and TLS_KEY are set")
        }
        allowedOrigins = reader.list(.allowedOrigins, Origin.init)
        trustedProxies = reader.list(.trustedProxies, AddressRange.init)
        webDirectory = reader.text(.webDirectory) ?? ""
        webDirectoryIsGiven = reader.environment[Variable.webDirectory.name]?.isEmpty == false
        explorerDirectory = reader.text(.explorerDirectory) ?? ""
        nodeName = reader.value(.nodeName, Self.nodeName) ?? Self.hostName
        eventLoops = reader.optionalNumber(.eventLoops, in: 1...256)
        requestTimeout = .seconds(reader.number(.requestSeconds, in: 1...600))
        drainTimeout = .seconds(reader.number(.drainSeconds, in: 1...3600))
    }
}

extension ListenerConfiguration {
    private static func nodeName(_ text: String) -> String? {
        let isName = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
        return isName && (1...64).contains(text.utf8.count) ? text : nil
    }

    /// What the machine calls itself.
    private static var hostName: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "node" }
        let text = withUnsafeBytes(of: &name.nodename) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return nodeName(text) ?? "node"
    }
}

/// The files of a certificate and its key, in PEM.
package struct TLSFiles: Hashable, Sendable {
    package let certificate: String
    package let key: String

    /// - Parameters: paths, which need not exist yet.
    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Nil without TLS; one of the two alone is a fault.
    init?(_ reader: inout EnvironmentReader) {
        guard let (certificate, key) = reader.both(.tlsCertificate, .tlsKey) else { return nil }
        self.init(certificate: certificate, key: key)
    }
}

/// Where things are kept, and how much may wait to be kept.
package struct StorageConfiguration: Sendable {
    package var dataDirectory: String
    /// Nil: a private Postgres in the data directory.
    package var databaseURL: String?
    package var databasePoolSize: Int
    package var queueBytes: Int
    /// Nil: what the control group of the process may use, if that is bounded.
    package var memoryBytes: Int?
    /// How long another process that holds the database's lock is waited for.
    package var lockPatience: Duration
    package var roomBytes: Int

    init(_ reader: inout EnvironmentReader) {
        dataDirectory = reader.text(.dataDirectory) ?? ""
        databaseURL = reader.value(.databaseURL) { text in
            text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") || text.contains("=") ? text : nil
        }
        databasePoolSize = reader.number(.databasePoolSize, in: 2...64)
        queueBytes = reader.number(.queueBytes, in: 1_048_576...17_179_869_184)
        memoryBytes = reader.value(.memoryBytes) { text in Int(text).flatMap { $0 >= 64 << 20 ? $0 : nil } }
        lockPatience = .seconds(reader.number(.lockSeconds, in: 0...3600))
        roomBytes = reader.number(.roomBytes, in: 16_777_216...1_099_511_627_776)
    }
}

/// The limits of one connection and one user; each refusal names its limit.
package struct LimitsConfiguration: Sendable {
    package var frameBytes: Int
    package var subscriptions: Int
    package var opsPerSecond: Int
    package var opsBurst: Int
    package var connectionsPerUser: Int
    package var connectionsPerAddress: Int
    package var silentPerAddress: Int
    package var watcherBytes: Int
    /// REST requests of one user that read; the other classes of route have their share of it.
    package var requestsPerMinute: Int
    package var exemptRoles: [Role]

    init(_ reader: inout EnvironmentReader) {
        frameBytes = reader.number(.frameBytes, in: 1024...16_777_216)
        subscriptions = reader.number(.subscriptions, in: 1...10_000)
        opsPerSecond = reader.number(.opsPerSecond, in: 1...100_000)
        opsBurst = reader.number(.opsBurst, in: 1...1_000_000)
        connectionsPerUser = reader.number(.connectionsPerUser, in: 1...100_000)
        connectionsPerAddress = reader.number(.connectionsPerAddress, in: 1...1_000_000)
        silentPerAddress = reader.number(.silentPerAddress, in: 1...1_000_000)
        watcherBytes = reader.number(.watcherBytes, in: 4096...16_777_216)
        requestsPerMinute = reader.number(.requestRate, in: 1...1_000_000)
        exemptRoles = reader.list(.exemptRoles) { Role(rawValue: $0) }
    }
}

/// What operators see: the port of metrics and detailed health, and the log.
package struct OperationsConfiguration: Sendable {
    package var port: Int
    package var logLevel: Logger.Level
    /// Nil: text at a terminal, else JSON.
    package var logFormat: LogFormat?

    init(_ reader: inout EnvironmentReader) {
        port = reader.number(.opsPort, in: 0...65535)
        logLevel = reader.value(.logLevel) { Logger.Level(rawValue: $0.lowercased()) } ?? .info
        logFormat = reader.value(.logFormat) { LogFormat(rawValue: $0.lowercased()) }
    }
}
