// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioExtras = Target.Dependency.product(name: "NIOExtras", package: "swift-nio-extras")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

let package = Package(
    name: "FitAI",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "fitai", targets: ["fitai"]),
        .library(name: "Client", targets: ["Client"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C libraries of the system (Debian: libpq-dev, zlib1g-dev, libargon2-dev, libcrypt-dev, libgd-dev, libarchive-dev,
        // libbrotli-dev).
        .systemLibrary(name: "CLibpq"),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CBrotli"),
        .systemLibrary(name: "CArgon2"),
        .systemLibrary(name: "CCrypt"),
        .systemLibrary(name: "CArchive"),
        .systemLibrary(name: "CGd"),

        .target(name: "Protocol", swiftSettings: strict),
        .target(
            name: "Store",
            dependencies: ["Protocol", "CLibpq", "CLinux", collections, lifecycle, logging, metrics],
            resources: [.embedInCode("Migrations/SQL")],
            swiftSettings: strict),
        .target(
            name: "Realtime",
            dependencies: [
                "Protocol", "Store", "CZlib", collections, hummingbirdCore, httpTypes, lifecycle, logging, metrics,
                nioCore, nioPosix, nioHTTP, nioWebSocket, nioHTTPTypes, nioHTTPTypesHTTP1, nioExtras,
            ],
            swiftSettings: strict),
        .target(
            name: "API",
            dependencies: [
                "Protocol", "Store", "Realtime", "CArchive", "CArgon2", "CBrotli", "CCrypt", "CGd", "CZlib", crypto,
                cryptoExtras, hummingbird, httpTypes, lifecycle, logging, metrics, nioCore, nioPosix, nioHTTP, nioSSL,
            ],
            exclude: ["Exercises/Seed/SOURCES.md"],
            resources: [
                .embedInCode("Exercises/Seed/exercises.tsv"), .embedInCode("Exercises/Seed/guides.tsv"),
                .embedInCode("Exercises/Seed/body_weight.tsv"),
                .embedInCode("Templates/Seed/programs.txt"),
            ],
            swiftSettings: strict),
        .target(
            name: "Server",
            dependencies: [
                "Protocol", "Store", "Realtime", "API", hummingbird, hummingbirdCore, httpTypes, lifecycle, logging,
                metrics, nioCore, nioPosix, nioSSL, nioTLS,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "fitai",
            dependencies: ["Server", "API", "Realtime", "Store", "Client", "Protocol", arguments, logging, metrics],
            swiftSettings: strict),
        .target(
            name: "Client",
            dependencies: ["Protocol", logging, nioCore, nioPosix, nioHTTP, nioSSL, nioWebSocket],
            swiftSettings: strict),

        // Load and measurements.
        .executableTarget(
            name: "fitai-load",
            dependencies: ["Client", "Protocol", arguments, histogram, nioCore, nioPosix],
            path: "loadtest/fitai-load",
            swiftSettings: strict),
        .executableTarget(
            name: "fitai-seed",
            dependencies: ["Server", "API", "Store", "Protocol", arguments, logging],
            path: "loadtest/fitai-seed",
            swiftSettings: strict),
        .executableTarget(
            name: "fitai-bench",
            dependencies: [
                "Protocol", "Store", "Realtime", "API", "Server", "TestKit", arguments, histogram, httpTypes,
                hummingbirdCore, lifecycle, nioCore, nioPosix, logging,
            ],
            path: "loadtest/bench",
            exclude: ["reference", "fan_out.py", "server.py", "training.py", "write_sockets.py", "run.sh"],
            swiftSettings: strict),

        // Tests mirror Sources.
        .target(
            name: "TestKit",
            dependencies: [
                "Protocol", "Store", "Realtime", "API", "Server", "Client", httpTypes, hummingbirdCore, logging,
                lifecycle, crypto, cryptoExtras, hummingbird,
                nioCore, nioPosix, nioHTTP, nioSSL, nioWebSocket,
            ],
            path: "Tests/TestKit",
            swiftSettings: strict),
        .executableTarget(
            name: "EchoTarget",
            dependencies: ["Realtime", httpTypes, hummingbirdCore, lifecycle, logging, nioCore, nioPosix],
            path: "Tests/EchoTarget",
            swiftSettings: strict),
        .executableTarget(
            name: "LiveDevice", dependencies: ["Client", "Protocol", logging], path: "Tests/LiveDevice",
            swiftSettings: strict),
        .testTarget(
            name: "ProtocolTests", dependencies: ["Protocol", "TestKit"], exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "StoreTests", dependencies: ["Store", "Protocol", "TestKit", "CLibpq", lifecycle, logging],
            swiftSettings: strict),
        .testTarget(
            name: "RealtimeTests",
            dependencies: [
                "Realtime", "TestKit", "Client", hummingbirdCore, httpTypes, logging, nioCore, nioPosix, nioHTTP,
                nioEmbedded, nioHTTPTypesHTTP1,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "APITests", dependencies: ["API", "CBrotli", "CGd", "CZlib", "Realtime", "TestKit", crypto],
            swiftSettings: strict),
        .testTarget(
            name: "ClientTests",
            dependencies: ["Client", "TestKit", "Protocol", logging, nioCore, nioHTTP], swiftSettings: strict),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Server", "API", "Realtime", "Store", "Client", "Protocol", "TestKit", logging, nioCore, nioPosix,
                nioSSL,
            ],
            swiftSettings: strict),
    ]
)
