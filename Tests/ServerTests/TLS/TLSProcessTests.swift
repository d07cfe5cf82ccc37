import Foundation
import Glibc
import Protocol
import TestKit
import Testing

@Suite("The process behind TLS")
struct TLSProcessTests {
    private func write(_ directory: String, _ certificate: String, _ key: String) throws -> [String: String] {
        try certificate.write(toFile: directory + "/server.pem", atomically: true, encoding: .utf8)
        try key.write(toFile: directory + "/server-key.pem", atomically: true, encoding: .utf8)
        return ["TLS_CERTIFICATE": directory + "/server.pem", "TLS_KEY": directory + "/server-key.pem"]
    }

    @Test(
        "pages, REST and live speak TLS under an https address, with HSTS and a secure cookie; SIGHUP shows a new certificate while open sockets go on"
    )
    func serves() async throws {
        try await ServerDirectory.with { directory in
            let environment = try write(directory, TestCertificate.certificate, TestCertificate.key)
            try await ServerProcess.serving(
                dataDirectory: directory + "/var", environment: environment
            ) { server, ready in
                let url = try #require(URL(string: ready.url))
                #expect(url.scheme == "https")
                let port = try #require(url.port)
                var rest = RESTClient(port: port)
                rest.tls = try TestCertificate.client()
                let page = try await rest.get("/")
                #expect(page.status == 200 && page[header: "strict-transport-security"] == "max-age=31536000")
                let registered = try await rest.send(
                    "POST", "/v1/auth/register", json: try register("ann"), headers: [("Origin", ready.url)])
                #expect(registered.status == 201)
                #expect(registered[header: "set-cookie"]?.hasSuffix("SameSite=Strict; Secure") == true)
                #expect(registered[header: "strict-transport-security"] == "max-age=31536000")
                let signedIn: SignedIn = try registered.decoded()
                let live = try await LiveTalker.connect(
                    port: port, token: signedIn.tokens.accessToken, tls: try TestCertificate.client())
                _ = try write(directory, TestCertificate.certificate, TestCertificate.renewedKey)
                server.send(SIGHUP)
                _ = try await server.line { $0.contains("the certificate is kept") && $0.contains("TLS_KEY is") }
                #expect(try await rest.get("/v1/health").status == 200)
                _ = try write(directory, TestCertificate.renewedCertificate, TestCertificate.renewedKey)
                server.send(SIGHUP)
                _ = try await server.line { $0.contains("a new certificate is shown") }
                await #expect(throws: (any Error).self) { try await rest.get("/v1/health") }
                rest.tls = try TestCertificate.client(trusting: TestCertificate.renewedCertificate)
                #expect(try await rest.get("/v1/health").status == 200)
                guard case .time = try await live.ask(.time(t0: 1)) else {
                    Issue.record("the open socket did not answer")
                    return
                }
                server.send(SIGTERM)
                #expect(try await live.closeCode() == CloseCode.draining.rawValue)
                #expect(await server.exit() == .status(0))
            }
        }
    }

    private func register(_ name: String) throws -> Data {
        try JSONEncoder().encode(
            RegisterRequest(
                email: "\(name)@example.com", username: name, password: "weights-9-barbells", displayName: name,
                cookie: true))
    }

    @Test("a key of another certificate keeps it from starting, and the message names the variable")
    func wrongKey() async throws {
        try await ServerDirectory.with { directory in
            var environment = try write(directory, TestCertificate.certificate, TestCertificate.renewedKey)
            environment.merge(["PORT": "0", "OPS_PORT": "0", "DATA_DIR": directory + "/var"]) { $1 }
            let server = try ServerProcess(environment: environment)
            #expect(await server.exit() == .status(1))
            #expect(
                server.lines.contains { $0.contains("TLS_KEY is") && $0.contains("not the key of the certificate") })
        }
    }
}
