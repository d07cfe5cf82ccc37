import Foundation
import NIOPosix
import Protocol

/// A plain-text mail.
package struct Mail: Sendable {
    package let to: String
    package let subject: String
    package let text: String

    package init(to: String, subject: String, text: String) {
        self.to = to
        self.subject = subject
        self.text = text
    }

    /// As RFC 5322 writes it; header values cannot break out of their line.
    func message(id: UUIDv7, at time: Timestamp) -> String {
        func header(_ value: String) -> String { String(value.filter { !$0.isNewline && $0.isASCII }) }
        let lines = [
            "Date: \(Mail.date(time))", "From: FitAI <no-reply@fitai.invalid>", "To: <\(header(to))>",
            "Subject: \(header(subject))", "Message-ID: <\(id)@fitai.invalid>", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "",
        ]
        let body = text.split(separator: "\n", omittingEmptySubsequences: false)
        return (lines + body.map(String.init)).joined(separator: "\r\n") + "\r\n"
    }

    private static func date(_ time: Timestamp) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
        return formatter.string(from: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))
    }
}

/// Writes mails as `.eml` files, mode 0600, while there is no mail server to give them to.
package struct MailDrop: Sendable {
    private let directory: URL
    private let now: @Sendable () -> Timestamp

    package init(directory: URL, now: @escaping @Sendable () -> Timestamp) {
        self.directory = directory
        self.now = now
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Writes the mail; its file's name begins with its time. Throws what the file system throws.
    package func deliver(_ mail: Mail) async throws {
        let id = UUIDv7.make(at: now())
        let data = Data(mail.message(id: id, at: now()).utf8)
        let directory = directory
        try await NIOThreadPool.singleton.runIfActive {
            let files = FileManager.default
            let privately: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
            try files.createDirectory(at: directory, withIntermediateDirectories: true, attributes: privately)
            let file = directory.appendingPathComponent("\(id).eml")
            guard files.createFile(atPath: file.path, contents: data, attributes: [.posixPermissions: 0o600]) else {
                throw Failure(description: "cannot write \(file.path)")
            }
        }
    }
}
