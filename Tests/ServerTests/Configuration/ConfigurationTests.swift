import API
import Testing

@testable import Server

@Suite("Configuration")
struct ConfigurationTests {
    @Test("an empty environment gives the documented defaults")
    func defaults() throws {
        let configuration = try Configuration(environment: [:])
        #expect(configuration.listener.host == "127.0.0.1")
        #expect(configuration.listener.port == 8080)
        #expect(configuration.listener.publicURL == nil)
        #expect(configuration.storage.databaseURL == nil)
        #expect(configuration.storage.dataDirectory == "./var")
        #expect(configuration.limits.frameBytes == 65_536)
        #expect(configuration.limits.opsBurst == 200)
        #expect(configuration.operations.port == 8081)
    }

    @Test(
        "a wrong value is refused by a message that names the variable and what it takes",
        arguments: [
            ("PORT", "http"), ("PORT", "70000"), ("PORT", "-1"), ("OPS_PORT", "65536"), ("HOST", "local host"),
            ("PUBLIC_URL", "fitai.example"), ("PUBLIC_URL", "https://fitai.example/app"),
            ("ALLOWED_ORIGINS", "https://a.example,ftp://b.example"), ("TRUSTED_PROXIES", "10.0.0.0/40"),
            ("TRUSTED_PROXIES", "proxy.example"), ("EXEMPT_ROLES", "admin,owner"), ("EVENT_LOOPS", "0"),
            ("DATABASE_URL", "somewhere"),
            ("DATABASE_POOL_SIZE", "1"), ("QUEUE_BYTES", "10"), ("FRAME_BYTES", "12"), ("LOG_LEVEL", "loud"),
            ("LOG_FORMAT", "xml"), ("DRAIN_SECONDS", "0"), ("OPS_PER_SECOND", "0"), ("WATCHER_BYTES", "1"),
        ])
    func wrongValue(name: String, value: String) throws {
        let error = try #require(throws: ConfigurationFaults.self) { try Configuration(environment: [name: value]) }
        #expect(error.faults.map(\.variable) == [name])
        let variable = try #require(Variable.all.first { $0.name == name })
        #expect(error.description.hasPrefix(name))
        #expect(error.description.contains(variable.allowed))
    }

    private static let store = [
        "S3_URL": "https://store.example", "S3_BUCKET": "pictures", "S3_REGION": "eu-1", "S3_ACCESS_KEY_ID": "fitai",
        "S3_SECRET_ACCESS_KEY": "s3cr3t",
    ]

    @Test("a store for pictures is taken as it is named, in us-east-1 unless told")
    func objectStore() throws {
        let given = try #require(try Configuration(environment: Self.store).objects.s3)
        #expect(given.endpoint.description == "https://store.example")
        #expect([given.bucket, given.region, given.accessKeyId] == ["pictures", "eu-1", "fitai"])
        #expect(given.secretAccessKey == "s3cr3t")
        let usual = try Configuration(environment: Self.store.filter { $0.key != "S3_REGION" })
        #expect(usual.objects.s3?.region == "us-east-1")
        #expect(try Configuration(environment: [:]).objects.s3 == nil)
    }

    @Test(
        "a wrong value of the store is refused by a message that names the variable and what it takes",
        arguments: [
            ("S3_URL", "store.example"), ("S3_URL", "http://store.example"), ("S3_URL", "ftp://store.example"),
            ("S3_BUCKET", "ab"), ("S3_BUCKET", "Pictures"), ("S3_BUCKET", "my/pictures"), ("S3_BUCKET", "..pictures"),
            ("S3_BUCKET", String(repeating: "b", count: 64)), ("S3_REGION", "eu 1"),
        ])
    func wrongStore(name: String, value: String) throws {
        var environment = Self.store
        environment[name] = value
        let error = try #require(throws: ConfigurationFaults.self) { try Configuration(environment: environment) }
        #expect(error.faults.map(\.variable) == [name])
        let variable = try #require(Variable.all.first { $0.name == name })
        #expect(error.description.hasPrefix("\(name) cannot be '\(value)'"))
        #expect(error.description.contains(variable.allowed))
    }

    @Test(
        "a store with a part left out, or empty, is refused by the part's name and without the secret",
        arguments: ["S3_URL", "S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"], [nil, ""])
    func partOfStore(name: String, value: String?) throws {
        var environment = Self.store
        environment[name] = value
        let error = try #require(throws: ConfigurationFaults.self) { try Configuration(environment: environment) }
        #expect(error.faults.map(\.variable) == [name])
        #expect(error.description.hasPrefix("\(name) must be set together with S3_"))
        #expect(!error.description.contains("s3cr3t"))
    }

    @Test("all faults are said at once")
    func everyFault() throws {
        let environment = ["PORT": "x", "LOG_LEVEL": "loud", "EVENT_LOOPS": "many"]
        let error = try #require(throws: ConfigurationFaults.self) { try Configuration(environment: environment) }
        #expect(Set(error.faults.map(\.variable)) == ["PORT", "LOG_LEVEL", "EVENT_LOOPS"])
    }

    @Test("REDIS_URL stops with the word that many nodes come later, and does not repeat its password")
    func redis() throws {
        let environment = ["REDIS_URL": "redis://:secret@localhost"]
        let error = try #require(throws: ConfigurationFaults.self) { try Configuration(environment: environment) }
        #expect(error.description.contains("REDIS_URL"))
        #expect(error.description.contains("later version"))
        #expect(!error.description.contains("secret"))
    }

    @Test("a faulty DATABASE_URL is not repeated, since it may hold a password")
    func secretValue() throws {
        let environment = ["DATABASE_URL": "mysql://me:secret@host/name"]
        let error = try #require(throws: ConfigurationFaults.self) { try Configuration(environment: environment) }
        #expect(!error.description.contains("secret"))
    }

    @Test("an empty value counts as unset, and unknown variables are nobody's business")
    func emptyAndUnknown() throws {
        let configuration = try Configuration(environment: ["PORT": "", "FITAI_NONSENSE": "1", "REDIS_URL": ""])
        #expect(configuration.listener.port == 8080)
    }

    @Test("every variable is listed once")
    func listedOnce() {
        #expect(Set(Variable.all.map(\.name)).count == Variable.all.count)
    }
}
