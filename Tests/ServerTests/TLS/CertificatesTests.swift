import Foundation
import Logging
import NIOSSL
import TestKit
import Testing

@testable import Server

@Suite("The certificate")
struct CertificatesTests {
    /// Writes both files and tells where they are.
    private func files(_ directory: String, _ certificate: String, _ key: String) throws -> TLSFiles {
        let files = TLSFiles(certificate: directory + "/server.pem", key: directory + "/server-key.pem")
        try write(files, certificate, key)
        return files
    }

    private func write(_ files: TLSFiles, _ certificate: String, _ key: String) throws {
        try certificate.write(toFile: files.certificate, atomically: true, encoding: .utf8)
        try key.write(toFile: files.key, atomically: true, encoding: .utf8)
    }

    private var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    @Test(
        "what cannot be used is refused by a message that names the variable",
        arguments: [
            (TestCertificate.certificate, TestCertificate.renewedKey, "TLS_KEY", "not the key of the certificate"),
            (TestCertificate.certificate, "no key", "TLS_KEY", "no private key"),
            ("no certificate", TestCertificate.key, "TLS_CERTIFICATE", "no certificate in PEM"),
            ("", TestCertificate.key, "TLS_CERTIFICATE", "no certificate in PEM"),
            (TestCertificate.key, TestCertificate.certificate, "TLS_CERTIFICATE", "no certificate in PEM"),
        ])
    func refused(certificate: String, key: String, variable: String, words: String) async throws {
        try await ServerDirectory.with { directory in
            let files = try files(directory, certificate, key)
            let fault = try #require(throws: BootFault.self) { try Certificates(files, logger: logger) }
            #expect(fault.description.hasPrefix(variable + " is '"))
            #expect(fault.description.contains(words))
        }
    }

    @Test("a file that is not there is refused by its variable's name")
    func missing() throws {
        let files = TLSFiles(certificate: "/nowhere/server.pem", key: "/nowhere/server-key.pem")
        let fault = try #require(throws: BootFault.self) { try Certificates(files, logger: logger) }
        #expect(fault.description.hasPrefix("TLS_CERTIFICATE is '/nowhere/server.pem', which cannot be read"))
    }

    @Test("a changed pair is shown; a broken or missing one leaves the old one in place until a good one comes")
    func reload() async throws {
        try await ServerDirectory.with { directory in
            let files = try files(directory, TestCertificate.certificate, TestCertificate.key)
            let certificates = try Certificates(files, logger: logger)
            let first = certificates.current
            certificates.reload()
            #expect(certificates.current === first)
            try write(files, TestCertificate.renewedCertificate, TestCertificate.key)
            certificates.reload()
            #expect(certificates.current === first)
            try FileManager.default.removeItem(atPath: files.key)
            certificates.reload()
            #expect(certificates.current === first)
            try write(files, TestCertificate.renewedCertificate, TestCertificate.renewedKey)
            certificates.reload()
            #expect(certificates.current !== first)
        }
    }

    @Test("a pair that changes is noticed without a signal", .timeLimit(.minutes(10)))
    func noticed() async throws {
        try await ServerDirectory.with { directory in
            let files = try files(directory, TestCertificate.certificate, TestCertificate.key)
            let certificates = try Certificates(files, interval: .milliseconds(10), logger: logger)
            let first = certificates.current
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await certificates.run() }
                try write(files, TestCertificate.renewedCertificate, TestCertificate.renewedKey)
                while certificates.current === first { await Task.yield() }
                group.cancelAll()
            }
        }
    }

    @Test(
        "one of the two variables alone is a fault of the other",
        arguments: [("TLS_CERTIFICATE", "TLS_KEY"), ("TLS_KEY", "TLS_CERTIFICATE")])
    func together(given: String, missing: String) throws {
        let error = try #require(throws: ConfigurationFaults.self) { try Configuration(environment: [given: "a.pem"]) }
        #expect(error.faults.map(\.description) == ["\(missing) must be set together with \(given)"])
    }

    @Test("with TLS the public address is https, and an http one is a fault")
    func publicAddress() throws {
        let tls = ["TLS_CERTIFICATE": "a.pem", "TLS_KEY": "b.pem"]
        let address = PublicAddress(try Configuration(environment: tls).listener, port: 8443)
        #expect(address.url == "https://127.0.0.1:8443")
        #expect(
            address.origins.contains("https://localhost:8443") && !address.origins.contains("http://localhost:8443"))
        let wrong = tls.merging(["PUBLIC_URL": "http://fitai.example"]) { $1 }
        let error = try #require(throws: ConfigurationFaults.self) { try Configuration(environment: wrong) }
        #expect(error.faults.map(\.variable) == ["PUBLIC_URL"])
    }
}
