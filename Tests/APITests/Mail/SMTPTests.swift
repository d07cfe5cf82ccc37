import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Mails over SMTP")
struct SMTPTests {
    private let mail = Mail(
        to: "ada@example.com", subject: "Grüße 🏋️ from the gym", text: "First\n.second\n..third\n\nünï",
        html: "<p>First</p>\n.second")

    private func mailer(_ url: String) throws -> Mailer {
        var server = try #require(SMTPServer(url))
        server.trustRoots = try TestCertificate.roots
        let from = try #require(MailAddress("FitÄI \"x\" <post@fit.example>"))
        return Mailer(transport: .server(server), from: from, now: { .now })
    }

    @Test("a mail arrives as it was written, dots at the beginning of lines included")
    func delivery() async throws {
        try await MailServer.run { server, port in
            let id = UUIDv7.make()
            try await mailer("smtp://127.0.0.1:\(port)").deliver(mail, id: id)
            let delivery = try #require(server.deliveries.first)
            #expect(server.deliveries.count == 1)
            #expect(delivery.sender == "post@fit.example")
            #expect(delivery.recipients == ["ada@example.com"])
            #expect(!delivery.isEncrypted)
            let message = delivery.message
            #expect(message.contains("Message-ID: <\(id)@fit.example>\r\n"))
            #expect(message.contains("\r\n.second\r\n..third\r\n\r\n=C3=BCn=C3=AF\r\n"))
            #expect(message.contains("Content-Type: text/html; charset=utf-8\r\n"))
            #expect(message.utf8.allSatisfy { $0 < 128 })
            #expect(message.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 998 })
            let subject = Data("Grüße 🏋️ from the gym".utf8).base64EncodedString()
            #expect(message.contains("Subject: =?UTF-8?B?\(subject)?="))
        }
    }

    @Test("both ways of logging in work, over STARTTLS and over TLS", arguments: ["PLAIN", "LOGIN"], [true, false])
    func encrypted(login: String, isImplicit: Bool) async throws {
        var behaviour = MailServer.Behaviour()
        behaviour.offersStartTLS = !isImplicit
        behaviour.isImplicitTLS = isImplicit
        behaviour.logins = [login]
        try await MailServer.run(behaviour) { server, port in
            let url =
                isImplicit ? "smtps://fit:secret@127.0.0.1:\(port)" : "smtp://fit:secret@localhost:\(port)?starttls"
            try await mailer(url).deliver(mail, id: .make())
            let delivery = try #require(server.deliveries.first)
            #expect(delivery.isEncrypted)
            #expect(delivery.login == "fit")
        }
    }

    @Test("nothing is said in the clear to a server that does not do the TLS that is asked for")
    func noDowngrade() async throws {
        var behaviour = MailServer.Behaviour()
        behaviour.logins = ["PLAIN"]
        try await MailServer.run(behaviour) { server, port in
            await #expect(throws: SMTPFailure.missing("STARTTLS")) {
                try await mailer("smtp://fit:secret@localhost:\(port)?starttls").deliver(mail, id: .make())
            }
            #expect(!server.dialogue.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
        }
    }

    @Test("what is slipped in behind the agreement to TLS ends the dialogue")
    func injection() async throws {
        var behaviour = MailServer.Behaviour()
        behaviour.offersStartTLS = true
        behaviour.injection = "250 owned"
        try await MailServer.run(behaviour) { server, port in
            await #expect(throws: (any Error).self) {
                try await mailer("smtp://localhost:\(port)?starttls").deliver(mail, id: .make())
            }
            #expect(server.deliveries.isEmpty)
        }
    }

    @Test("a certificate that nobody vouches for, or for another name, is refused")
    func certificates() async throws {
        var behaviour = MailServer.Behaviour()
        behaviour.isImplicitTLS = true
        try await MailServer.run(behaviour) { server, port in
            let from = try #require(MailAddress("post@fit.example"))
            let stranger = try #require(SMTPServer("smtps://localhost:\(port)"))
            await #expect(throws: (any Error).self) {
                try await Mailer(transport: .server(stranger), from: from, now: { .now }).deliver(mail, id: .make())
            }
            await #expect(throws: (any Error).self) {
                try await mailer("smtps://127.0.0.2:\(port)").deliver(mail, id: .make())
            }
            #expect(server.deliveries.isEmpty)
        }
    }

    @Test(
        "a refusal of the mail itself is final, any other may pass",
        arguments: [
            ("RCPT", "550 unknown", true), ("RCPT", "451 later", false), ("MAIL", "550 not from you", false),
            ("DATA", "554 no", true), (".", "552 too big", true), (".", "421 busy", false), ("EHLO", "500 no", false),
        ])
    func refusals(verb: String, reply: String, isFinal: Bool) async throws {
        var behaviour = MailServer.Behaviour()
        behaviour.replies = [verb: [reply]]
        try await MailServer.run(behaviour) { server, port in
            let mailer = try mailer("smtp://127.0.0.1:\(port)")
            do {
                try await mailer.deliver(mail, id: .make())
                Issue.record("the mail was taken")
            } catch {
                #expect((error is HopelessJob) == isFinal)
                #expect(!"\(error)".contains("ada@"))
            }
            try await mailer.deliver(mail, id: .make())
            #expect(server.deliveries.count == 1)
        }
    }

    @Test("a server that hangs up or is not there is tried again later", arguments: ["EHLO", "RCPT", "."])
    func hangUps(verb: String) async throws {
        var behaviour = MailServer.Behaviour()
        behaviour.hangsUpAt = verb
        try await MailServer.run(behaviour) { server, port in
            let mailer = try mailer("smtp://127.0.0.1:\(port)")
            await #expect(throws: SMTPFailure.disconnected) { try await mailer.deliver(mail, id: .make()) }
            try await mailer.deliver(mail, id: .make())
            #expect(server.deliveries.count == 1)
        }
    }

    @Test("registering sends its mail by a job that outlives the mail server's faults")
    func job() async throws {
        var behaviour = MailServer.Behaviour()
        behaviour.replies = ["RCPT": ["451 later"]]
        behaviour.hangsUpAt = "."
        try await MailServer.run(behaviour) { mails, port in
            let server = try #require(SMTPServer("smtp://127.0.0.1:\(port)"))
            try await RESTServer.run(adjust: { $0.mail = .server(server) }) { server in
                _ = try await server.user("ada", isVerified: false)
                for _ in 0..<3 {
                    try await server.runJobs()
                    server.clock.advance(by: .seconds(60))
                }
                #expect(mails.deliveries.count == 1)
                #expect(mails.deliveries.first?.recipients == ["ada@example.com"])
            }
        }
    }
}
