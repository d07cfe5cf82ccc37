import Protocol
import TestKit
import Testing

@testable import API

@Suite("Mails")
struct MailTests {
    private func message(_ mail: Mail) throws -> String {
        MailMessage(
            mail: mail, from: try #require(MailAddress("FitAI <a@b.example>")), id: .make(),
            at: Timestamp(milliseconds: 1_000_000_000_000)
        ).text
    }

    @Test("no value breaks out of its header")
    func injection() throws {
        let text = try message(
            Mail(to: "a@b.c\r\nBcc: x@y.z", subject: "Hi\r\nBcc: x@y.z\r\n\r\nBody", text: "text"))
        let head = text.split(separator: "\r\n\r\n", maxSplits: 1)[0]
        #expect(!head.contains("\r\nBcc"))
        #expect(head.contains("Date: Sun, 09 Sep 2001 01:46:40 +0000"))
    }

    @Test("long and foreign lines are wrapped within 76 characters, and long subjects folded")
    func encoding() throws {
        let text = try message(
            Mail(to: "a@b.c", subject: String(repeating: "ä🏋️", count: 60), text: String(repeating: "é= ", count: 400)))
        #expect(text.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
    }

    @Test("what users chose is escaped in HTML and stands plain in text")
    func letter() {
        let mail = Letter(
            subject: "S", name: "<b>Ada & \"Bob\"</b>",
            parts: [.paragraph("1 < 2"), .link(label: "Go", url: "http://x/?a=1&b='2'")]
        ).mail(to: "a@b.c")
        #expect(mail.text.contains("Hello <b>Ada & \"Bob\"</b>,"))
        #expect(mail.html?.contains("Hello &lt;b&gt;Ada &amp; &quot;Bob&quot;&lt;/b&gt;,") == true)
        #expect(mail.html?.contains("href=\"http://x/?a=1&amp;b=&#39;2&#39;\"") == true)
        #expect(mail.html?.contains("<b>") == false)
    }

    @Test(
        "addresses of mail servers are read, and a password in the clear only on this machine",
        arguments: [
            ("smtp://mail.example", "mail.example:25 plain"), ("smtp://mail.example:2525", "mail.example:2525 plain"),
            ("smtp://u:p%40@mail.example?starttls", "mail.example:587 startTLS u p@"),
            ("smtps://u:p@mail.example", "mail.example:465 tls u p"),
            ("smtp://u:p@127.0.0.1", "127.0.0.1:25 plain u p"),
            ("smtp://u:p@mail.example", nil), ("http://mail.example", nil), ("smtp://mail.example?tls", nil),
            ("smtp://mail.example/path", nil), ("mail.example", nil), ("smtp://u@mail.example?starttls", nil),
        ] as [(String, String?)])
    func servers(url: String, read: String?) {
        let shown = SMTPServer(url).map { server in
            let login = server.credentials.map { " \($0.user) \($0.password)" } ?? ""
            return "\(server.host):\(server.port) \(server.security)\(login)"
        }
        #expect(shown == read)
    }

    @Test("senders are read with and without a name")
    func senders() {
        #expect(MailAddress("a@b.example")?.address == "a@b.example")
        #expect(MailAddress("Fit AI <a@b.example>")?.name == "Fit AI")
        for bad in ["", "a", "a@", "@b", "a b@c", "x <a@b", "a@b\r\nBcc: c@d", "x <a@b@c>"] {
            #expect(MailAddress(bad) == nil, "\(bad)")
        }
    }
}
